"""Every exercise against its solution, the untouched cell, its likely mistakes, and answers made to break it."""

import re

import numpy as np
import pytest
import torch

from course_utils import practice
from course_utils.commands import refresh
from course_utils.notebooks.canonical import text
from course_utils.notebooks.find import lessons, read
from course_utils.place import repository
from course_utils.practice import ____
from course_utils.practice.cells import write_cells
from course_utils.practice.engine.checks import Function, Open
from course_utils.practice.engine.exercise import Outcome
from course_utils.practice.lessons import LESSONS, exercises, module, questions
from course_utils.texts import CourseError

EVERY = [one for lesson in LESSONS for one in exercises(lesson)]
ASKED = [(lesson, one) for lesson in LESSONS for one in questions(lesson)]


pytestmark = pytest.mark.usefixtures("own_data")


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
    known = [*one.mistakes, *one.wrong_examples]
    for mistake in known:
        verdict = one.check(mistake.answer)
        assert verdict.outcome is Outcome.INCORRECT
        assert verdict.message == mistake.says
    assert len({mistake.says.en for mistake in known}) == len(known)
    assert len(known) >= (0 if isinstance(one.checker, Open) else 3)


@pytest.mark.parametrize("one", EVERY, ids=ids)
def test_no_wrong_answer_stands_where_nothing_reads_it(one):
    """A text in the learner's own words has none; a judge knows what it says, and has examples only."""
    judged = isinstance(one.checker, Function) and one.checker.judge is not None
    assert not (one.mistakes and (judged or isinstance(one.checker, Open)))
    assert not one.wrong_examples or judged


def test_a_lessons_exercises_are_called_by_its_name():
    from course_utils.practice import base_model

    assert base_model is module("01")
    assert practice.base_model is base_model
    assert {"base_model", "choosing", "progress"} <= set(dir(practice))
    with pytest.raises(AttributeError, match="no attribute 'start_here'"):
        practice.start_here  # noqa: B018


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
    assert one.hints
    assert len(set(texts)) == len(one.hints) + 1
    assert ".solution()" in texts[-1]
    assert texts[-1] == texts[-2]
    assert one.solution_code in one.solution()._repr_markdown_()


@pytest.mark.parametrize("one", EVERY, ids=ids)
def test_no_message_gives_the_answer_away(one):
    """What a wrong answer is told holds no line of the solution."""
    lines = [line.strip() for line in one.solution_code.splitlines()[:-1]]
    telling = [line for line in lines if len(line) > 12 and not line.startswith("def ")]
    for mistake in [*one.mistakes, *one.wrong_examples]:
        assert not any(line in mistake.says.en or line in mistake.says.zh for line in telling)


@pytest.mark.parametrize("lesson", LESSONS)
def test_each_lesson_has_the_kinds_of_exercise(lesson):
    found = exercises(lesson)
    assert [one.key for one in found] == [f"{lesson}.{n}" for n in range(1, len(found) + 1)]
    assert {Function, Open} < {type(one.checker) for one in found}
    assert len(found) >= 4
    assert questions(lesson)
    assert any("bug" in one.title.en for one in found)


@pytest.mark.parametrize(("lesson", "one"), ASKED, ids=lambda value: getattr(value, "name", value))
def test_every_option_of_a_question_is_explained(lesson, one):
    assert getattr(module(lesson), one.name) is one
    assert any(option.is_right for option in one.options)
    assert len(one.options) >= 3
    explained = [one.answer(letter).text.en for letter, _ in zip("abcdef", one.options)]
    assert len(set(explained)) == len(explained)
    for option, told in zip(one.options, explained):
        assert option.because.en in told
        assert told.startswith("✓" if option.is_right else "✗")


@pytest.mark.parametrize("letter", ["z", "", "ab", None, 1])
def test_a_letter_that_is_none_is_refused(letter):
    with pytest.raises(Exception, match="Choose one of"):
        ASKED[0][1].answer(letter)


def _texts(value):
    if isinstance(value, str) or value is None:
        return
    if hasattr(value, "zh") and hasattr(value, "en"):
        yield value
    elif isinstance(value, (tuple, list)):
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
    for said in _texts(one):
        assert said.en.strip()
        assert said.zh.strip()
        code = [sorted(set(re.findall(r"`([^`]+)`", side))) for side in (said.en, said.zh)]
        assert code[0] == code[1], said
        assert re.search("[一-鿿]", said.zh)
        assert not re.search("[一-鿿]", re.sub(r"`[^`]*`|\"[^\"]*\"", "", said.en))


def lesson_notebook(lesson):
    return read(next(path for path in lessons(repository()) if path.name.startswith(f"{lesson}_")))


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_lesson_states_its_exercises_and_leaves_them_open(lesson):
    """`refresh` wrote them: to write them once more changes nothing, and there are no others."""
    notebook = lesson_notebook(lesson)
    before = text(notebook)
    write_cells(notebook, lesson)
    assert text(notebook) == before, f"run `python -m course_utils refresh {lesson}`"
    named = [cell.id for cell in notebook.cells if re.fullmatch(r"exercise-\d+(-answer)?", cell.id)]
    numbers = [one.number for one in exercises(lesson)]
    assert named == [name for n in numbers for name in (f"exercise-{n}", f"exercise-{n}-answer")]


def test_what_was_changed_in_an_exercises_cells_is_written_anew():
    notebook = lesson_notebook("01")
    before = text(notebook)
    for cell in notebook.cells:
        if cell.id in ("exercise-2", "exercise-2-answer"):
            cell.source = "changed"
    assert text(notebook) != before
    write_cells(notebook, "01")
    assert text(notebook) == before


def test_a_lesson_without_the_cell_is_refused():
    notebook = lesson_notebook("01")
    notebook.cells = [cell for cell in notebook.cells if cell.id != "exercise-3-answer"]
    with pytest.raises(CourseError, match="01.3 has no cell `exercise-3-answer`"):
        write_cells(notebook, "01")


def test_a_lesson_without_exercises_is_left_alone():
    notebook = lesson_notebook("00")
    before = text(notebook)
    write_cells(notebook, "00")
    assert text(notebook) == before


@pytest.mark.parametrize("check", [True, False])
def test_refresh_writes_the_cells(check, tmp_path, monkeypatch):
    path = tmp_path / "01_base_model.ipynb"
    notebook = lesson_notebook("01")
    stored = text(notebook)
    for cell in notebook.cells:
        if cell.id == "exercise-1-answer":
            cell.source = "an older blank"
    path.write_text(text(notebook), encoding="utf-8")
    monkeypatch.setattr(refresh, "run", lambda path, notebook: notebook)
    assert refresh.refresh(path, check=check) is True
    assert path.read_text(encoding="utf-8") == (text(notebook) if check else stored)


@pytest.mark.parametrize(("lesson", "one"), ASKED, ids=lambda value: getattr(value, "name", value))
def test_the_lesson_asks_the_question(lesson, one):
    assert sum(cell.source.endswith(f"practice.{one.name}") for cell in lesson_notebook(lesson).cells) == 1
