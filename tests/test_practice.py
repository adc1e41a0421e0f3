"""Every exercise against its solution, the untouched cell, its likely mistakes, and answers made to break it."""

import re

import numpy as np
import pytest
import torch

from course_utils import practice
from course_utils.notebooks.find import lessons, read
from course_utils.place import repository
from course_utils.practice import ____
from course_utils.practice.checks import Function, Open
from course_utils.practice.exercise import Outcome
from course_utils.practice.lessons import LESSONS, exercises, module, questions

EVERY = [one for lesson in LESSONS for one in exercises(lesson)]
ASKED = [(lesson, one) for lesson in LESSONS for one in questions(lesson)]


@pytest.fixture(autouse=True)
def own_data(tmp_path, monkeypatch):
    """Progress goes to a folder of this test."""
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))


def ids(one):
    return one.key


def run(code: str, lesson: str):
    """Run an answer's cell as the notebook does; return what its last line, the check, gives."""
    body, check = code.rstrip().rsplit("\n", 1)
    names = {"____": ____, "practice": module(lesson), "torch": torch}
    exec(body, names)
    return eval(check, names)


@pytest.mark.parametrize("one", EVERY, ids=ids)
def test_the_solution_is_right(one):
    expected = Outcome.CANNOT_CHECK if isinstance(one.checker, Open) else Outcome.CORRECT
    verdict = run(one.solution_code, one.key[:2])
    assert verdict.outcome is expected, verdict


@pytest.mark.parametrize("one", EVERY, ids=ids)
def test_the_untouched_cell_is_not_attempted(one):
    assert "____" in one.blank
    assert run(one.blank, one.key[:2]).outcome is Outcome.NOT_ATTEMPTED
    assert practice.progress(one.key[:2]).text.en.count("◇") == len(exercises(one.key[:2]))


@pytest.mark.parametrize("one", EVERY, ids=ids)
def test_each_likely_mistake_is_known_by_name(one):
    said = []
    for mistake in one.mistakes:
        verdict = one.check(mistake.answer)
        assert (verdict.outcome, verdict.message) == (Outcome.INCORRECT, mistake.says)
        said.append(mistake.says.en)
    assert len(set(said)) == len(said) >= (1 if isinstance(one.checker, Open) else 3)


class Spiteful:
    """It fails however it is looked at."""

    def __getattr__(self, name):
        raise RuntimeError(name)

    __eq__ = __len__ = __iter__ = __bool__ = __str__ = __repr__ = __float__ = __getattr__


def raises(*arguments):
    raise SystemExit("out")


def too_few_parameters():
    return 1


HOSTILE = {
    "none": None,
    "nan": float("nan"),
    "infinity": float("inf"),
    "empty": "",
    "text": "ValueError" * 1000,
    "class": int,
    "module": torch,
    "array": np.zeros(3),
    "spiteful": Spiteful(),
    "negative": -(10**400),
    "bytes": b"\xff",
    "nested": [[[]]],
    "huge": torch.empty(1, device="meta").expand(10**9),
    "nans": torch.full((2, 3), torch.nan),
    "sparse": torch.eye(3).to_sparse(),
    "complex": torch.ones(2, 2, dtype=torch.complex64),
    "exit": raises,
    "parameters": too_few_parameters,
    "returns none": lambda *a: None,
    "returns nan": lambda *a: float("nan"),
    "returns meta": lambda *a: torch.empty(2, 2, device="meta"),
    "returns itself": lambda *a: a,
    "returns spite": lambda *a: Spiteful(),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("one", EVERY, ids=ids)
def test_no_answer_breaks_a_check(one, name):
    verdict = one.check(HOSTILE[name])
    written = isinstance(one.checker, Open) and name == "text"
    assert verdict.outcome is (Outcome.CANNOT_CHECK if written else Outcome.INCORRECT), verdict
    assert len(repr(verdict)) < 1000


@pytest.mark.parametrize("one", EVERY, ids=ids)
def test_hints_come_one_by_one_and_then_the_solution(one):
    texts = [one.hint().text.zh for _ in range(len(one.hints) + 2)]
    assert len(one.hints) >= 1 and len(set(texts)) == len(one.hints) + 1
    assert ".solution()" in texts[-1] and texts[-1] == texts[-2]
    assert one.solution_code in one.solution()._repr_markdown_()


@pytest.mark.parametrize("one", EVERY, ids=ids)
def test_no_message_gives_the_answer_away(one):
    """What a wrong answer is told holds no line of the solution."""
    lines = [line.strip() for line in one.solution_code.splitlines()[:-1]]
    telling = [line for line in lines if len(line) > 12 and not line.startswith("def ")]
    for mistake in one.mistakes:
        assert not any(line in mistake.says.en or line in mistake.says.zh for line in telling)


@pytest.mark.parametrize("lesson", LESSONS)
def test_each_lesson_has_the_kinds_of_exercise(lesson):
    found = exercises(lesson)
    assert [one.key for one in found] == [f"{lesson}.{n}" for n in range(1, len(found) + 1)]
    kinds = {type(one.checker) for one in found}
    assert len(found) >= 4 and {Function, Open} < kinds and len(questions(lesson)) >= 1
    assert any("bug" in one.title.en for one in found)


@pytest.mark.parametrize(("lesson", "one"), ASKED, ids=lambda value: getattr(value, "name", value))
def test_every_option_of_a_question_is_explained(lesson, one):
    assert getattr(module(lesson), one.name) is one
    assert any(option.is_right for option in one.options) and len(one.options) >= 3
    explained = [one.answer(letter).text.en for letter, _ in zip("abcdef", one.options)]
    assert len(set(explained)) == len(explained)
    for option, text in zip(one.options, explained):
        assert option.because.en in text and text.startswith("✓" if option.is_right else "✗")


@pytest.mark.parametrize("letter", ["z", "", "ab", None, 1])
def test_a_letter_that_is_none_is_refused(letter):
    with pytest.raises(Exception, match="Choose one of"):
        ASKED[0][1].answer(letter)


def _texts(value):
    if isinstance(value, str) or value is None:
        return
    if hasattr(value, "zh") and hasattr(value, "en"):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _texts(item)
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            yield from _texts(getattr(value, name))


@pytest.mark.parametrize(
    "one", [*EVERY, *(one for _, one in ASKED)], ids=lambda one: getattr(one, "key", "quick")
)
def test_both_languages_say_the_same(one):
    """Code and numbers are the same on both sides, and neither side is empty."""
    for text in _texts(one):
        assert text.en.strip() and text.zh.strip()
        code = [sorted(set(re.findall(r"`([^`]+)`", side))) for side in (text.en, text.zh)]
        assert code[0] == code[1], text
        assert re.search("[一-鿿]", text.zh) and not re.search(
            "[一-鿿]", re.sub(r"`[^`]*`|\"[^\"]*\"", "", text.en)
        )


def lesson_cells(lesson):
    path = next(path for path in lessons(repository()) if path.name.startswith(lesson))
    return read(path).cells


@pytest.mark.parametrize("one", EVERY, ids=ids)
def test_the_lesson_states_the_exercise_and_leaves_it_open(one):
    cells = lesson_cells(one.key[:2])
    at = [
        number for number, cell in enumerate(cells) if cell.cell_type == "code" and cell.source == one.blank
    ]
    assert len(at) == 1
    stated = cells[at[0] - 1].source
    assert one.statement.markdown() in stated and one.title.zh in stated and one.title.en in stated


@pytest.mark.parametrize(("lesson", "one"), ASKED, ids=lambda value: getattr(value, "name", value))
def test_the_lesson_asks_the_question(lesson, one):
    assert sum(cell.source.endswith(f"practice.{one.name}") for cell in lesson_cells(lesson)) == 1
