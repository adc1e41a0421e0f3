"""The teacher's guide: both languages say the same, its links lead to cells, its plans add up, its fragment loads."""

import json
import re
from pathlib import Path

import pytest
from guards import markdown_findings
from traitlets.config import Config

from course_utils.__main__ import COMMANDS
from course_utils.commands.measure import Measured, Usage, fitting
from course_utils.lessons import LESSONS

ROOT = Path(__file__).resolve().parent.parent
GUIDE = (ROOT / "TEACHING.md").read_text(encoding="utf-8")
CHINESE, ENGLISH = GUIDE.split("\n## 中文\n")[1].split("\n## English\n")
SIDES = pytest.mark.parametrize("side", [CHINESE, ENGLISH], ids=["zh", "en"])


@pytest.mark.parametrize(
    "pattern",
    [
        r"^### ",
        r"^- ",
        r"^\d\. ",
        r"^\|",
        r"^\| \d\d",
        r"\]\(([^)]+)\)",
        r"`([^`\n]+)`",
        r"```.*?\n```",
        r"^\| (\d+) \|",
    ],
)
def test_both_languages_have_the_same_shape(pattern):
    chinese, english = (sorted(re.findall(pattern, side, re.M | re.S)) for side in (CHINESE, ENGLISH))
    assert chinese == english and chinese


def test_its_chinese():
    assert markdown_findings(GUIDE) == []


def test_its_links_lead_to_cells():
    for target in set(re.findall(r"\]\(([^)#][^)]*)\)", GUIDE)):
        path, _, cell = target.partition("#cell-id=")
        cells = json.loads((ROOT / path).read_text(encoding="utf-8"))["cells"]
        assert cell in {one["id"] for one in cells}, target


def test_its_commands_exist():
    named = set(re.findall(r"python -m course_utils (\w+)", GUIDE))
    assert named <= set(COMMANDS) and {"doctor", "handout", "measure", "prefetch"} <= named


@SIDES
def test_its_plans_add_up(side):
    half, two = (
        section
        for title, section in re.findall(r"^### (.*?)\n(.*?)(?=^### )", side, re.M | re.S)
        if re.match("半天|Half|兩天|Two", title)
    )
    assert sum(map(int, re.findall(r"^\| (\d+) \|", half, re.M))) == 210
    for column in (1, 3):
        minutes = [int(row.split("|")[column]) for row in two.splitlines() if re.match(r"\| \d", row)]
        assert 350 <= sum(minutes) <= 390
    for lesson in LESSONS:
        assert re.search(rf"(?:lesson|第) {lesson.number}\b", two), lesson.number
        with_exercises = re.search(
            rf"\| (\d+) \| (?:lesson {lesson.number} and exercises|第 {lesson.number} 課與練習) \|", two
        )
        assert with_exercises is None or int(with_exercises[1]) == lesson.minutes_with_exercises


@SIDES
def test_it_names_the_common_mistakes_of_every_lesson_with_exercises(side):
    rows = re.findall(r"^\| (\d\d) \| [^|\d][^|]*\| [「“][^|]*\|$", side, re.M)
    assert rows == [lesson.number for lesson in LESSONS if lesson.practice]


@SIDES
def test_its_fragment_for_a_hub(side):
    code = side.split("<!-- fragment -->\n```python\n")[1].split("```")[0]
    config = Config()
    exec(compile(code, "jupyterhub_config.py", "exec"), {"c": config})
    (culler,) = config.JupyterHub.services
    assert config.JupyterHub.load_roles[0]["services"] == [culler["name"]]
    assert config.Spawner.environment["HF_HUB_OFFLINE"] == "1" and config.Spawner.mem_limit
    lesson = config.Spawner.default_url.split("gpt2-course/")[1]
    assert (ROOT / lesson).exists()


ROWS = re.compile(r"^\| (\d\d) \| ([\d.]+) \| (\d+) \| ([\d.]+) \| (\d+) \|$", re.M)
FITS = re.compile(r"^\| (\d+) GB[，,] ?(\d+) (?:核心|cores) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", re.M)
SERVER = re.compile(r"JupyterLab[^.。]*?[（(]([\d.]+) GB[)）]")


@SIDES
def test_its_measures_are_those_of_every_lesson(side):
    """The table was made by `measure`: a row for each lesson, on the bundled model and on one of gpt2's size."""
    rows = ROWS.findall(side)
    assert [row[0] for row in rows] == [lesson.number for lesson in LESSONS]
    for _, memory, seconds, real_memory, real_seconds in rows:
        assert 0.2 < float(memory) < 2 and 2 < int(seconds) < 200
        assert float(memory) < float(real_memory) < 6 and int(seconds) <= int(real_seconds) < 1500


@SIDES
def test_how_many_fit_follows_from_the_measures(side):
    rows, server = ROWS.findall(side), int(float(SERVER.search(side)[1]) * 1e9)
    said = {lesson.number: lesson.minutes for lesson in LESSONS}

    def measured(memory, seconds):
        return [
            Measured(row[0], said[row[0]], Usage(int(float(row[memory]) * 1e9), float(row[seconds])))
            for row in rows
        ]

    fits = [[int(number) for number in row] for row in FITS.findall(side)]
    assert len(fits) == 4
    for memory, cores, *students in fits:
        bundled, real = (
            fitting(memory * 1e9, cores, measured(*columns), server) for columns in ((1, 2), (3, 4))
        )
        assert students == [*bundled, *real]
