"""Right answers in other words pass, wrong ones do not; messages name what is wrong, and the kernel is left as it was."""

import collections
import io
import logging
import os
import random
import sys
import time
import warnings

import numpy as np
import practice_answers as answers
import pytest
import torch
import transformers

from course_utils import practice, record
from course_utils.practice import ____
from course_utils.practice.engine.checks import Function, Mistake, Open, Value
from course_utils.practice.engine.exercise import Exercise, Outcome
from course_utils.practice.engine.state import MOST_OUTPUT
from course_utils.practice.lessons import LESSONS, exercises
from course_utils.texts import Bilingual

CHECKED = [one for number in LESSONS for one in exercises(number) if not isinstance(one.checker, Open)]
FUNCTIONS = [one for one in CHECKED if isinstance(one.checker, Function)]
BY_KEY = {one.key: one for one in CHECKED}


def ids(one):
    return one.key


@pytest.fixture(autouse=True)
def settings(own_data, monkeypatch):
    """Progress goes to a folder of this test, and nothing is asked of the hub."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def first_case(one):
    return one.checker.cases()[0] if isinstance(one.checker, Function) else ()


def not_so(one, given, outcome):
    """The names of the answers whose outcome is another one, with what they were told."""
    verdicts = {name: one.check(answer) for name, answer in given.items()}
    return {name: repr(verdict) for name, verdict in verdicts.items() if verdict.outcome is not outcome}


@pytest.mark.parametrize("one", CHECKED, ids=ids)
def test_right_answers_in_other_words_pass(one):
    given = answers.right_from_solution(one) | answers.RIGHT[one.key]
    assert len(given) >= (4 if isinstance(one.checker, Value) else 10)
    assert not_so(one, given, Outcome.CORRECT) == {}


@pytest.mark.parametrize("one", CHECKED, ids=ids)
def test_wrong_answers_do_not_pass(one):
    given = answers.wrong_from_solution(one, first_case(one)) | answers.WRONG[one.key]
    assert len(given) >= (9 if isinstance(one.checker, Value) else 16)
    assert not_so(one, given, Outcome.INCORRECT) == {}


# --- messages


@pytest.mark.parametrize("one", FUNCTIONS, ids=ids)
def test_an_error_in_a_later_case_is_not_laid_to_a_mistake(one):
    verdict = one.check(answers.failing_later(answers.solution(one)))
    assert "ValueError" in verdict.message.en and verdict.message not in [m.says for m in one.mistakes]
    assert "`` ValueError: a `later` case ``" in verdict.message.zh


@pytest.mark.parametrize(
    ("key", "answer", "says"),
    [
        ("08.3", lambda ids, limit, keep: ids[: limit / 2] if len(ids) >= limit else ids, "TypeError"),
        (
            "06.5",
            lambda step, peak, warmup, total: (
                peak * step / warmup if step < warmup else peak * (total - step) / (step - warmup)
            ),
            "ZeroDivision",
        ),
        ("06.5", lambda step, peak, warmup, total: 1.0, "step=0, peak=0.5, warmup=4, total=20"),
        ("08.2", lambda need: "GPT2Model" if "vector" in need else "?", "need='the next words'"),
        ("04.2", lambda lm: True, "every head looks tied"),
        ("04.2", lambda lm: False, "every head looks untied"),
        ("02.2", lambda lm, ids: lm(ids).logits, "`lm(…)`"),
        ("02.2", lambda lm, ids: lm.lm_head(lm.transformer(ids)[0]), "`lm.lm_head(…)`"),
        ("03.2", lambda lm, ids, count: lm.generate(ids, max_new_tokens=count), "`generate`"),
        ("04.4", answers.to_lm_head, "`course_utils.conversion`"),
        ("04.4", answers.saved, "`from_pretrained`"),
        ("01.4", lambda base, ids: base(ids).last_hidden_state, "start from `hidden_states`"),
        ("08.3", answers.slide_in_place, "changes its argument 1, a `list`"),
        ("04.3", answers.rename_in_place, "changes its argument 1, a `dict`"),
        ("02.2", answers.changing(answers.RIGHT["02.2"]["0"], 0), "changes its argument 1, a `model`"),
        ("01.3", answers.changing(answers.pool_by_rows, 1), "changes its argument 2, a `tensor`"),
    ],
)
def test_the_message_says_what_is_wrong_and_with_which_arguments(key, answer, says):
    verdict = BY_KEY[key].check(answer)
    assert verdict.outcome is Outcome.INCORRECT and says in verdict.message.en
    assert verdict.message.zh != verdict.message.en


def test_a_forbidden_call_that_is_caught_is_still_told():
    def sly(lm, ids):
        try:
            return lm(ids).logits
        except Exception:
            return answers.RIGHT["02.2"]["0"](lm, ids)

    assert "`lm(…)`" in BY_KEY["02.2"].check(sly).message.en


@pytest.mark.parametrize("one", FUNCTIONS, ids=ids)
def test_what_is_forbidden_works_again_after_the_check(one):
    where = [
        (owner, name)
        for owner, names in {
            transformers.GPT2Model: ["forward"],
            transformers.GPT2LMHeadModel: ["forward", "generate"],
            transformers.GPT2ForSequenceClassification: ["forward"],
            transformers.PreTrainedModel: ["from_pretrained"],
            answers.conversion: ["verify", "to_lm_head"],
        }.items()
        for name in names
    ]
    before = [getattr(owner, name) for owner, name in where]
    code = [getattr(function, "__code__", None) for function in before]
    one.check(answers.solution(one))
    after = [getattr(owner, name) for owner, name in where]
    assert after == before and [getattr(function, "__code__", None) for function in after] == code


def test_a_mistake_has_its_message_in_a_list_too():
    for one in CHECKED:
        if isinstance(one.checker, Value):
            for mistake in one.mistakes:
                assert one.check(list(mistake.answer)).message is mistake.says


@pytest.mark.parametrize(
    ("key", "answer"),
    [
        ("08.1", ((2, 5, 24), ____, (2, 3), (2, 5, 3))),
        ("08.1", ((2, 5, ____), (2, 5, 97), (2, 3), (2, 5, 3))),
        ("01.1", ((3, 7, ____), 6, [3, 3, 7, ____])),
        ("02.2", lambda lm, ids: lm.transformer(____).last_hidden_state),
        ("02.2", lambda lm, ids: lm.transformer(ids).last_hidden_state @ ____),
        ("08.3", lambda ids, limit, keep: ids[:keep] + ____),
        ("08.3", lambda ids, limit, keep: [ids[:keep], [____]]),
        ("03.6", lambda ids, scores, words: torch.where(____, -torch.inf, scores)),
    ],
)
def test_a_blank_that_is_half_filled_in_is_not_attempted(key, answer):
    assert BY_KEY[key].check(answer).outcome is Outcome.NOT_ATTEMPTED
    assert key not in record.outcomes()


# --- the state of the kernel


def state():
    return {
        "dtype": torch.get_default_dtype(),
        "device": torch.get_default_device(),
        "seeds": (
            torch.random.get_rng_state().tolist(),
            random.getstate(),
            np.random.get_state()[1].tolist(),
        ),
        "folder": os.getcwd(),
        "environment": dict(os.environ),
        "warnings": list(warnings.filters),
        "streams": (sys.stdout, sys.stderr),
        "path": list(sys.path),
        "recursion": sys.getrecursionlimit(),
        "modes": (
            torch.is_grad_enabled(),
            torch.is_inference_mode_enabled(),
            torch.is_autocast_enabled("cpu"),
            torch.get_deterministic_debug_mode(),
        ),
    }


def leaves_much_behind(*arguments):
    """Change everything that a function can change in the kernel."""
    torch.set_default_dtype(torch.float64)
    torch.set_default_device("meta")
    torch.manual_seed(5)
    random.seed(5)
    np.random.seed(5)
    os.chdir("/")
    os.environ["COURSE_DATA"] = "/nowhere"
    os.environ["LEFT_BEHIND"] = "1"
    del os.environ["PATH"]
    warnings.simplefilter("error")
    sys.path.insert(0, "/nowhere")
    sys.setrecursionlimit(5000)
    torch.set_grad_enabled(False)
    torch.use_deterministic_algorithms(True)
    sys.stdout = sys.stderr = io.StringIO()


@pytest.mark.parametrize("key", ["02.3", "06.4", "04.4"])
def test_what_a_function_leaves_behind_is_gone(key):
    one = BY_KEY[key]
    solve = answers.solution(one)

    def answer(*arguments):
        leaves_much_behind()
        return solve(*arguments)

    before = state()
    one.check(answer)
    assert state() == before
    assert one.check(solve).outcome is Outcome.CORRECT


def in_float64():
    torch.set_default_dtype(torch.float64)


def in_bfloat16():
    torch.set_default_dtype(torch.bfloat16)


def on_meta():
    torch.set_default_device("meta")


def with_warnings_as_errors():
    warnings.simplefilter("error")


def with_deterministic_algorithms():
    torch.use_deterministic_algorithms(True)


@pytest.mark.parametrize(
    "change", [in_float64, in_bfloat16, on_meta, with_warnings_as_errors, with_deterministic_algorithms]
)
def test_right_answers_pass_in_any_state_of_the_notebook(change):
    dtype = torch.get_default_dtype()
    with warnings.catch_warnings():
        try:
            change()
            found = state()
            assert {
                one.key: repr(verdict)
                for one in CHECKED
                if (verdict := one.check(answers.solution(one))).outcome is not Outcome.CORRECT
            } == {}
            assert state() == found
        finally:
            torch.set_default_dtype(dtype)
            torch.set_default_device(None)
            torch.use_deterministic_algorithms(False)


@pytest.mark.parametrize(
    "mode",
    [lambda: torch.autocast("cpu", dtype=torch.bfloat16), torch.inference_mode, torch.no_grad],
    ids=["autocast", "inference mode", "no gradients"],
)
def test_right_answers_pass_in_any_mode_of_the_notebook(mode):
    with mode():
        found = state()
        outcomes = collections.Counter(one.check(answers.solution(one)).outcome for one in CHECKED)
        assert state() == found
    assert outcomes == {Outcome.CORRECT: len(CHECKED)}


def test_random_numbers_are_the_same_at_every_check_and_do_not_disturb_the_notebook():
    drawn = []

    def draws(*arguments):
        drawn.append((torch.rand(1).item(), random.random(), np.random.rand()))

    torch.manual_seed(3)
    first = torch.rand(1)
    torch.manual_seed(3)
    BY_KEY["02.4"].check(draws)
    assert torch.rand(1) == first and len(set(drawn)) == 1


def test_output_is_capped(capsys):
    def talks(losses, counts):
        until = time.monotonic() + 0.3
        while time.monotonic() < until:
            print("x" * 1000)
            print("y" * 1000, file=sys.stderr)
        return answers.solution(BY_KEY["06.4"])(losses, counts)

    assert BY_KEY["06.4"].check(talks).outcome is Outcome.CORRECT
    for stream in capsys.readouterr():
        assert MOST_OUTPUT < len(stream) < MOST_OUTPUT + 200 and "the rest is not shown" in stream


def test_a_few_lines_of_output_come_through(capsys):
    BY_KEY["06.4"].check(lambda losses, counts: print(len(losses), "批"))
    assert capsys.readouterr().out.startswith("3 批\n2 批\n")


# --- the check itself


def an_exercise(checker, mistakes=()):
    text = Bilingual("x", "x")
    one = Exercise("01.1", text, text, (text,), text, text, checker)
    one.mistakes.extend(mistakes)
    return one


def fails(*arguments):
    raise OSError("no such file")


@pytest.mark.parametrize(
    "checker",
    [
        Value(fails),
        Function(lambda: [(1,)], right=fails),
        Function(fails, right=lambda x: x),
        Function(lambda: [(1,)], right=lambda x: x, judge=fails),
        Function(lambda: [(1,)], right=lambda x: x, forbidden=fails),
    ],
    ids=["value", "solution", "cases", "judge", "forbidden"],
)
def test_a_check_that_fails_is_said_to_and_counts_for_nothing(checker):
    verdict = an_exercise(checker).check(1 if isinstance(checker, Value) else lambda x: x)
    assert verdict.outcome is Outcome.CHECK_FAILED and "check itself failed" in verdict.message.en
    assert record.outcomes() == {} and "0 of 5 done" in practice.progress("01").text.en


def test_a_wrong_result_before_an_error_is_a_mistake_only_if_that_fails_there_too():
    def right(x):
        return 2 * x

    def halves(x):
        return 6 / x

    says = Bilingual("halved", "減半")
    one = an_exercise(Function(lambda: [(1,), (0,)], right=right), (Mistake(halves, says),))
    assert one.check(halves).message is says
    assert one.check(lambda x: 6 if x else {}[0]).message is not says


def test_a_list_that_holds_itself_is_no_blank():
    loop = [1]
    loop.append(loop)
    assert an_exercise(Value(lambda: (1, 2))).check(loop).outcome is Outcome.INCORRECT


def test_a_log_handler_made_during_a_check_goes_on_working(capsys):
    log = logging.getLogger("made-during-a-check")

    def logs(losses, counts):
        log.handlers[:] = [logging.StreamHandler(sys.stderr)]
        print("x" * 2 * MOST_OUTPUT, file=sys.stderr)

    BY_KEY["06.4"].check(logs)
    capsys.readouterr()
    log.warning("y" * 2 * MOST_OUTPUT)
    log.handlers.clear()
    assert len(capsys.readouterr().err) > 2 * MOST_OUTPUT
