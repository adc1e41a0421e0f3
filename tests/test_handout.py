"""The copies for a class: the instructor's lessons, solved and executed, say that every answer is right."""

import pytest

from course_utils import files
from course_utils.commands import handout
from course_utils.notebooks import canonical
from course_utils.notebooks.find import lessons, read
from course_utils.place import repository
from course_utils.practice.lessons import LESSONS, exercises
from course_utils.texts import CourseError

PATHS = {path.name[:2]: path for path in lessons(repository())}


def said(notebook, one):
    """What the check of an exercise said in an executed notebook."""
    cells = [cell for cell in notebook.cells if cell.source in (one.blank, one.solution_code)]
    assert len(cells) == 1
    return cells[0].outputs[-1]["data"]["text/plain"]


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_exercise_of_a_lesson_is_filled_in(lesson):
    """That the solved lessons run, and that each answer is right, tests/browser/test_lessons.py sees."""
    notebook = read(PATHS[lesson])
    handout.fill_in_solutions(notebook, lesson)
    sources = {cell.source for cell in notebook.cells}
    assert len(exercises(lesson)) >= 5
    assert {one.solution_code for one in exercises(lesson)} <= sources
    assert not {one.blank for one in exercises(lesson)} & sources


def test_the_command_writes_both_copies_executed_and_the_pictures(tmp_path, capsys):
    assert handout.main([str(tmp_path), "01"]) == 0
    for copy, opening in (("student", "◇"), ("instructor", "✓")):
        notebook = read(tmp_path / copy / PATHS["01"].name)
        assert all(said(notebook, one).startswith(opening) for one in exercises("01")[:-1])
        assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code")
    assert (tmp_path / "images" / "architecture-zh.svg").exists()
    assert "01_base_model.ipynb" in capsys.readouterr().out


def test_a_copy_that_is_there_is_not_overwritten(tmp_path):
    there = tmp_path / "student" / PATHS["02"].name
    there.parent.mkdir()
    there.write_text("my notes", encoding="utf-8")
    with pytest.raises(CourseError, match="someone's work"):
        handout.main([str(tmp_path), "01", "02"])
    assert (
        there.read_text(encoding="utf-8") == "my notes"
        and not (tmp_path / "student" / PATHS["01"].name).exists()
    )


def test_what_is_missing_can_be_named(tmp_path):
    for copy in handout.COPIES:
        (tmp_path / copy).mkdir()
        (tmp_path / copy / PATHS["02"].name).touch()
    with pytest.raises(CourseError, match="handout FOLDER 01 03`"):
        handout.main([str(tmp_path), "01", "02", "03"])


@pytest.fixture
def no_run(monkeypatch):
    def fail(*_, **__):
        raise AssertionError("a lesson was run")

    monkeypatch.setattr(handout, "run", fail)


@pytest.mark.parametrize("file", ["class", "class/student", "class/instructor", "class/images"])
def test_what_is_in_the_way_is_found_before_a_lesson_is_run(tmp_path, no_run, file):
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).touch()
    for folder in (tmp_path / "class", tmp_path / file / "below"):
        with pytest.raises(CourseError, match="Choose another folder"):
            handout.main([str(folder), "01"])


def test_a_disk_that_cannot_be_written_is_found_before_a_lesson_is_run(tmp_path, no_run, monkeypatch):
    def refused(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files.tempfile, "TemporaryFile", refused)
    with pytest.raises(CourseError, match="Permission denied.*Choose another folder"):
        handout.main([str(tmp_path), "01"])


@pytest.mark.parametrize("own", [".", "notebooks", "images"])
def test_the_course_itself_is_refused(tmp_path, monkeypatch, no_run, own):
    for name in ("notebooks", "images"):
        (tmp_path / name).mkdir()
    (tmp_path / "notebooks" / "01_a.ipynb").touch()
    monkeypatch.setattr(handout, "course_folder", lambda: tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CourseError, match="belongs to the course"):
        handout.main([own])


def test_another_picture_is_not_overwritten(tmp_path, no_run):
    picture = tmp_path / "images" / "architecture-zh.svg"
    picture.parent.mkdir()
    picture.write_text("my own", encoding="utf-8")
    with pytest.raises(CourseError, match="architecture-zh.svg is there already"):
        handout.main([str(tmp_path), "01"])
    assert picture.read_text(encoding="utf-8") == "my own"


def test_nothing_is_written_before_both_copies_are_ready(tmp_path, monkeypatch):
    runs = []

    def once(path, notebook):
        if runs:
            raise KeyboardInterrupt
        runs.append(path)
        return notebook

    monkeypatch.setattr(handout, "run", once)
    with pytest.raises(KeyboardInterrupt):
        handout.main([str(tmp_path), "01"])
    assert not list(tmp_path.rglob("*.ipynb"))


def test_a_lesson_that_lost_an_exercise_is_refused():
    notebook = read(PATHS["01"])
    notebook.cells = [cell for cell in notebook.cells if cell.source != exercises("01")[1].blank]
    with pytest.raises(CourseError, match="01.2"):
        handout.fill_in_solutions(notebook, "01")


def test_a_lesson_without_exercises_stays_as_it_is():
    notebook = read(PATHS["00"])
    before = canonical.text(notebook)
    handout.fill_in_solutions(notebook, "00")
    assert canonical.text(notebook) == before
