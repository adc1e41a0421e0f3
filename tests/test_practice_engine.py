"""What the exercises stand on: calls that may never come back, comparisons, the record of progress, the buttons."""

import json
import math
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from decimal import Decimal
from fractions import Fraction
from html import escape

import numpy as np
import pytest
import torch

from course_utils import practice, record
from course_utils.practice import ____, base_model
from course_utils.practice.engine._question_widget import QuestionButtons
from course_utils.practice.engine.calls import call
from course_utils.practice.engine.checks import Function, Mistake, Open, Value
from course_utils.practice.engine.compare import Tolerance, difference
from course_utils.practice.engine.exercise import Exercise, Outcome
from course_utils.practice.engine.placeholder import is_untouched
from course_utils.texts import Bilingual, CourseError

pytestmark = pytest.mark.usefixtures("own_data")


def a_text(en="x"):
    return Bilingual(en, en)


def an_exercise(checker, mistakes=()):
    text = a_text()
    one = Exercise("01.1", text, text, (text,), text, text, checker)
    one.mistakes.extend(mistakes)
    return one


# --- code and cells


def doubled(x):
    half = x
    return half + x


def rooted(x):
    return math.sqrt(Decimal(x))


def pair():
    first = 1
    return (first, 2)


def shape():
    return ((2, 3), 4)  # blank: ((2, ____), ____)


def words():
    return """One line
and another."""


@pytest.mark.parametrize(
    ("checker", "solution", "blank", "filled"),
    [
        (
            Function(list),
            doubled,
            "def doubled(x):\n    return ____\n\n",
            "def doubled(x):\n    half = x\n    return half + x\n\n",
        ),
        (
            Function(list),
            rooted,
            "def rooted(x):\n    return ____\n\n",
            "from decimal import Decimal\nimport math\n\ndef rooted(x):\n    return math.sqrt(Decimal(x))\n\n",
        ),
        (Value(), pair, "pair = (____, ____)\n", "first = 1\npair = (first, 2)\n"),
        (Value(), shape, "shape = ((2, ____), ____)\n", "shape = ((2, 3), 4)\n"),
        (Open(), words, "words = ____\n", 'words = """One line\nand another."""\n'),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_the_cells_come_from_the_solution(checker, solution, blank, filled):
    one = an_exercise(checker)
    assert one.solved_by(solution) is solution
    check = f"practice.q1.check({solution.__name__})"
    assert one.blank == blank + check
    assert one.solution_code == filled + check


def test_the_blank_cell_may_have_the_imports_too():
    text = a_text()
    one = Exercise("01.1", text, text, (text,), text, text, Function(list), blank_imports=True)
    one.solved_by(rooted)
    assert one.blank.startswith(
        "from decimal import Decimal\nimport math\n\ndef rooted(x):\n    return ____\n"
    )


def test_the_solution_is_the_standard_where_there_is_no_other():
    one = an_exercise(Function(lambda: [(1,), (3,)]))
    one.solved_by(doubled)
    assert one.check(lambda x: 2 * x).outcome is Outcome.CORRECT
    assert one.check(lambda x: 2).outcome is Outcome.INCORRECT
    other = an_exercise(Function(lambda: [(1,)], right=lambda x: x))
    other.solved_by(doubled)
    assert other.check(lambda x: x).outcome is Outcome.CORRECT


def test_the_code_to_be_mended_is_shown_and_known():
    one = Exercise(
        "01.1", a_text(), a_text("Mend it:\n\n{bug}"), (), a_text(), a_text(), Function(lambda: [(3,)])
    )
    one.solved_by(doubled)

    @one.bug("still there", "還在")
    def _squared(x):
        return x * x

    assert one.statement.en == "Mend it:\n\n```python\ndef doubled(x):\n    return x * x\n```"
    assert one.statement.zh == one.statement.en
    assert one.check(_squared).message.zh == "還在"


def test_a_text_is_taken_as_it_is_unless_it_is_too_short():
    one = an_exercise(Open())
    assert one.check("no").message.en == "That is very short: write one whole sentence."
    assert one.check(3).outcome is Outcome.INCORRECT
    assert one.check("One whole sentence.").outcome is Outcome.CANNOT_CHECK


# --- the placeholder


@pytest.mark.parametrize(
    "use", [lambda p: p + 1, lambda p: 2 * p, lambda p: p(1), lambda p: p[0], bool, len, list, float]
)
def test_a_placeholder_in_use_says_that_it_is_to_be_replaced(use):
    with pytest.raises(CourseError, match="still a ____"):
        use(____)


def test_a_placeholder_inside_an_answer_counts():
    assert all(map(is_untouched, [____, (1, ____), [____], {"a": ____}, ((1, (____,)),), {"a": [{____}]}]))
    assert not any(map(is_untouched, [None, (1, 2), {}, torch.ones(2), "____"]))


# --- calls


def test_a_call_gives_the_result_and_keeps_the_gradient_mode():
    with torch.no_grad():
        assert call(lambda: torch.is_grad_enabled(), (), 5).result is False
    assert call(lambda a, b: a + b, (1, 2), 5).result == 3


ERRORS = [ValueError("no"), SystemExit(1), KeyboardInterrupt(), MemoryError(), RecursionError()]


@pytest.mark.parametrize("error", ERRORS)
def test_whatever_a_function_raises_is_told(error):
    def fails():
        raise error

    assert type(error).__name__ in call(fails, (), 5).problem.zh


LONG = 60  # seconds: a busy machine needs a few to give a function up


def endless():
    while True:
        pass


def swallows():
    until = time.monotonic() + LONG
    while time.monotonic() < until:
        try:
            time.sleep(0.01)
        except:  # noqa: E722
            pass


def sleeps():
    time.sleep(LONG)


@pytest.mark.parametrize("function", [endless, swallows, sleeps])
def test_a_function_that_does_not_end_is_given_up(function):
    started = time.monotonic()
    assert "0.2" in call(function, (), 0.2).problem.en
    assert time.monotonic() - started < LONG / 2


def test_an_endless_loop_is_really_stopped():
    ticks = []

    def ticking():
        while True:
            ticks.append(0)
            time.sleep(0.01)

    threads = set(threading.enumerate())
    call(ticking, (), 0.5)
    for left in set(threading.enumerate()) - threads:
        left.join(LONG)
        assert not left.is_alive()
    before = len(ticks)
    time.sleep(0.2)
    assert len(ticks) == before > 0


# --- comparisons


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        (torch.ones(2, 3), torch.ones(2, 3) + 1e-6),
        (3, 3),
        (2.0001, 2.0),
        (torch.tensor(2.0), 2.0),
        ([1, 2], (1, 2)),
        (torch.Size([2, 3]), (2, 3)),
        ("a", "a"),
        (True, True),
        ({"a": 1}, {"a": 1}),
        (np.int64(3), 3),
        (np.float32(2.0), 2.0),
        (np.array([2.0]), 2.0),
        (Fraction(1, 2), 0.5),
        (Decimal("0.5"), 0.5),
        (np.bool_(True), True),
        (torch.tensor(True), True),
        (np.str_("a"), "a"),
        (2.0, torch.tensor(2.0)),
        (np.float64(2.0), torch.tensor(2.0)),
        (torch.tensor(2.0).double(), torch.tensor(2.0)),
        (torch.tensor([3], dtype=torch.int32), torch.tensor([3])),
        (torch.tensor([3], dtype=torch.uint8), torch.tensor([3])),
    ],
)
def test_what_is_right_is_right(answer, right):
    assert difference(answer, right) is None


@pytest.mark.parametrize(
    ("answer", "right", "property_named"),
    [
        (torch.ones(3, 2), torch.ones(2, 3), "shape"),
        (torch.ones(2).double(), torch.ones(2), "dtype"),
        (torch.ones(2).half(), torch.ones(2), "dtype"),
        (torch.ones(2, device="meta"), torch.ones(2), "meta"),
        (torch.tensor([1.0, 2.0]), torch.ones(2), "[1]"),
        (torch.tensor([torch.nan, 1.0]), torch.ones(2), "nan"),
        (torch.ones(2).to_sparse(), torch.ones(2), "sparse"),
        ([1.0, 1.0], torch.ones(2), "type"),
        (None, torch.ones(2), "return"),
        (float("nan"), 1.0, "nan"),
        (True, 1, "type"),
        (1.5, 1, "not right"),
        ("1", 1, "type"),
        ((1,), (1, 2), "length"),
        ((1, 3), (1, 2), "Entry 1"),
        ({"b": 1}, {"a": 1}, "keys"),
        (1, True, "type"),
        (np.bool_(True), 1, "type"),
        (1 + 0j, 1.0, "type"),
        (np.float32(1.5), 1, "not right"),
        (2, torch.tensor([2]), "type"),
        (torch.tensor([2.0]), torch.tensor(2.0), "shape"),
        (torch.tensor([3.0]), torch.tensor([3]), "dtype"),
        (torch.tensor([True]), torch.tensor([1]), "dtype"),
        (torch.tensor([10_001]), torch.tensor([10_000]), "[0]"),
        (10_001, 10_000, "not right"),
    ],
)
def test_what_is_wrong_is_named(answer, right, property_named):
    found = difference(answer, right, Tolerance())
    assert property_named in found.en and found.zh != found.en


def test_the_right_value_is_not_told():
    found = difference(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 7.25]))
    assert "7.25" not in found.en + found.zh and "2.0" not in found.en


# --- checks


def test_a_function_that_changes_its_arguments_is_refused():
    def in_place(x):
        return x.mul_(2)

    one = an_exercise(Function(lambda: [(torch.ones(3),)], right=lambda x: 2 * x))
    assert "changes its argument 1, a `tensor`" in one.check(in_place).message.en
    assert one.check(lambda x: 2 * x).outcome is Outcome.CORRECT


def test_a_mistake_counts_only_if_it_agrees_on_every_case():
    says = a_text("doubled")
    one = an_exercise(
        Function(lambda: [(2.0,), (3.0,)], right=lambda x: x * x), (Mistake(lambda x: 2 * x, says),)
    )
    assert one.check(lambda x: 2 * x).message is says
    assert one.check(lambda x: 4.0).message is not says  # right for the first case, as doubling is


def test_an_endless_answer_of_an_exercise_is_told():
    one = an_exercise(Function(lambda: [(1,)], right=lambda x: x, seconds=0.3))
    assert "0.3" in one.check(lambda x: endless()).message.en


def test_a_fault_of_the_checker_is_not_laid_to_the_answer():
    one = an_exercise(Value(lambda: 1 / 0))
    verdict = one.check(1)
    assert verdict.outcome is Outcome.CHECK_FAILED and "ZeroDivisionError" in verdict.message.en


def test_a_verdict_shows_both_languages_where_markdown_is_rendered(monkeypatch):
    verdict = base_model.q1.check(____)
    assert (
        '<div lang="zh-Hant">' in verdict._repr_markdown_() and '<div lang="en">' in verdict._repr_markdown_()
    )
    monkeypatch.setenv("COURSE_LANGUAGE", "en")
    assert repr(verdict).startswith("◇ Not attempted") and "還沒" not in repr(verdict)
    monkeypatch.setenv("COURSE_LANGUAGE", "zh")
    assert repr(verdict).startswith("◇ 還沒作答")


# --- progress

SIZES = ((3, 7, 24), 6, (3, 3, 7, 7))


def test_progress_is_kept_and_cleared(own_data):
    assert "0 of 5 done. Next: 01.1" in practice.progress("01").text.en
    base_model.q1.check(SIZES)
    base_model.q2.check(None)
    shown = practice.progress("01").text.en
    assert "1 of 5 done. Next: 01.2" in shown and shown.count("✓") == 1 and shown.count("✗") == 1
    assert set(os.listdir(own_data)) <= {"progress.json", "progress.lock"}
    practice.reset()
    assert "0 of 5 done" in practice.progress("01").text.en and not (own_data / "progress.json").exists()


def test_a_right_answer_stays_right():
    base_model.q1.check(SIZES)
    base_model.q1.check((1, 2, 3))
    assert record.outcomes() == {"01.1": "correct"}


def test_an_untouched_cell_writes_nothing(own_data):
    base_model.q1.check((____, ____, ____))
    assert not own_data.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"version": 1, "exercises": 3}',
        b"[" * 100_000,
        b'{"version": 1, "exercises": {"01.1": "great", "01.2": ["correct"]}}',
    ],
)
def test_a_damaged_file_breaks_nothing(own_data, content):
    own_data.mkdir()
    record.path().write_bytes(content)
    assert "0 of 5 done" in practice.progress("01").text.en
    assert record.note("01.1", "correct") and record.outcomes() == {"01.1": "correct"}


def test_what_cannot_be_read_is_set_aside(own_data):
    own_data.mkdir()
    record.path().write_text("not JSON", encoding="utf-8")
    record.note("01.1", "correct")
    assert (own_data / "progress.damaged.json").read_text(encoding="utf-8") == "not JSON"


def test_the_file_of_a_newer_version_is_left_alone(own_data):
    own_data.mkdir()
    content = json.dumps({"version": record.VERSION + 1, "exercises": {"01.1": {"score": 3}}})
    record.path().write_text(content, encoding="utf-8")
    assert not record.note("01.2", "correct")
    assert record.path().read_text(encoding="utf-8") == content
    assert (
        record.outcomes() == {"01.2": "correct"} and "could not be saved" in practice.progress("01").text.en
    )


def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "file" / "data"))
    assert base_model.q1.check(SIZES).outcome is Outcome.CORRECT
    assert (
        "1 of 5 done" in practice.progress("01").text.en
        and "could not be saved" in practice.progress("01").text.en
    )


def test_a_folder_that_can_be_written_again_gets_what_was_kept(own_data):
    def full(path, content):
        raise OSError("no space left")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(record, "write_atomically", full)
        assert not record.note("01.1", "correct")
    assert record.note("01.2", "incorrect") and record.is_saved()
    assert json.loads(record.path().read_text())["exercises"] == {"01.1": "correct", "01.2": "incorrect"}


def _note_many(lesson):
    for number in range(20):
        assert record.note(f"{lesson}.{number}", "correct")


def test_two_notebooks_at_once_lose_nothing():
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    workers = [context.Process(target=_note_many, args=(lesson,)) for lesson in ("01", "02")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    assert len(record.outcomes()) == 40


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs another operating system: one with SIGKILL")
def test_a_kernel_killed_in_the_middle_leaves_a_whole_file(own_data):
    code = (
        "from course_utils import record\nrecord.note('01.1', 'correct')\nprint('on', flush=True)\n"
        "n = 0\nwhile True:\n    n += 1\n    record.note(f'02.{n % 50}', 'correct')"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "on\n"
    time.sleep(0.3)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    process.stdout.close()
    assert json.loads(record.path().read_text(encoding="utf-8"))["exercises"]["01.1"] == "correct"
    assert record.note("03.1", "correct")  # the lock went with its owner


def test_a_lesson_without_exercises_is_refused():
    with pytest.raises(CourseError, match='"01"'):
        practice.progress("99")


# --- quick questions


def test_the_widget_brings_every_text_along_so_that_it_needs_no_kernel():
    state = QuestionButtons(base_model.quick1).get_state()
    options = base_model.quick1.options
    assert [row["letter"] for row in state["rows"]] == ["a", "b", "c"] and state["tried"] == []
    assert [row["right"] for row in state["rows"]] == [option.is_right for option in options]
    for row, option in zip(state["rows"], options):
        assert escape(option.because.en.split("`")[0]) in row["why"] and 'lang="zh-Hant"' in row["why"]
        sign, zh, en = ("✓", "對了", "Correct") if option.is_right else ("✗", "不對", "Not right")
        assert all(part in row["mark"] for part in (sign, zh, en))
    json.dumps(state["rows"])


def test_showing_a_question_twice_makes_two_widgets():
    first, second = (base_model.quick1._repr_mimebundle_() for _ in range(2))
    assert (
        first["application/vnd.jupyter.widget-view+json"]
        != second["application/vnd.jupyter.widget-view+json"]
    )


def test_a_question_has_a_text_twin():
    bundle = base_model.quick1._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    for option in base_model.quick1.options:
        assert option.text.zh in bundle["text/markdown"] and option.text.en in bundle["text/plain"]
    assert 'practice.quick1.answer("a")' in bundle["text/plain"]
