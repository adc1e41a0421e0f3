"""The README's two commands are what CI runs, both languages say the same, and what it names exists."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

import course_utils
from course_utils.lessons import LESSONS
from course_utils.notebooks.find import lessons, pick, read

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
CHINESE, ENGLISH = README.split("\n## 中文\n")[1].split("\n## English\n")


def script(name: str) -> ModuleType:
    """Load a file of .ci, which is no package."""
    specification = importlib.util.spec_from_file_location(name, ROOT / ".ci" / f"{name}.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_the_two_commands_open_the_readme():
    command = script("readme_command").command
    assert command("open", README) == "pip install -e . && python -m course_utils lab"
    assert command("test", README) == 'pip install -e ".[test]" && pytest'
    assert README.index("command: test") < README.index("## 中文")


def test_the_wheel_is_of_this_version():
    (named,) = re.findall(r"^pip install gpt2_course-(\S+)-py3-none-any\.whl && gpt2-course$", README, re.M)
    assert named == course_utils.__version__


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<!-- command: x -->\nno block\n",
        "<!-- command: x -->\n```sh\na\n```\n" * 2,
    ],
)
def test_a_readme_without_exactly_one_command_is_an_error(text):
    with pytest.raises(ValueError, match="'x'"):
        script("readme_command").command("x", text)


@pytest.mark.parametrize("pattern", [r"^### ", r"^- ", r"^\|", r"^```", r"\]\(([^)#]+)\)", r"^\| \d\d"])
def test_both_languages_have_the_same_shape(pattern):
    sides = (CHINESE.replace("-zh.svg", "-en.svg"), ENGLISH)  # each language has its own picture
    chinese, english = (re.findall(pattern, side, re.M) for side in sides)
    assert chinese == english and chinese


def test_both_languages_name_the_same_code():
    chinese, english = (
        sorted(re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", s, flags=re.S)))
        for s in (CHINESE, ENGLISH)
    )
    translated = {"--folder 資料夾": "--folder DIR"}
    assert sorted(translated.get(word, word) for word in chinese) == english


def test_every_notebook_is_a_lesson_of_the_record():
    assert [path.stem for path in lessons(ROOT)] == [lesson.stem for lesson in LESSONS]


def test_a_tenth_lesson_is_found_like_the_others(tmp_path):
    (tmp_path / "notebooks").mkdir()
    for stem in ("10_more", "04_conversion"):
        (tmp_path / "notebooks" / f"{stem}.ipynb").touch()
    among = lessons(tmp_path)
    assert [path.stem for path in among] == ["04_conversion", "10_more"]
    assert pick("10", among).stem == "10_more"


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.number)
def test_the_notebook_has_the_title_and_the_minutes_of_the_record(lesson):
    first = read(ROOT / "notebooks" / f"{lesson.stem}.ipynb").cells[0].source
    title = f'# <span lang="zh-Hant">{lesson.title.zh}</span> <span lang="en">{lesson.title.en}</span>'
    assert first.splitlines()[0] == title
    assert re.findall(r"about (\d+) minutes|大約(?:需要)? (\d+) 分鐘", first) == [
        ("", str(lesson.minutes)),
        (str(lesson.minutes), ""),
    ]
    more = lesson.minutes_with_exercises - lesson.minutes
    assert more > 0 if lesson.practice else more == 0


@pytest.mark.parametrize(
    ("side", "language", "ready"), [(CHINESE, "zh", "可以上課"), (ENGLISH, "en", "ready")]
)
def test_the_table_of_lessons_is_the_record(side, language, ready):
    rows = re.findall(rf"^\| \d\d \|.*\| {ready} \|$", side, re.M)
    assert rows == [
        f"| {one.number} | {getattr(one.title, language)} | {getattr(one.outcome, language)} | {ready} |"
        for one in LESSONS
    ]


def test_learning_paths_add_up():
    """A path's minutes are those that its lessons say they take."""
    said = {lesson.number: lesson.minutes for lesson in LESSONS}
    paths = re.findall(r"^\| [^|]+ \| (00(?: → \d\d)+) \| (\d+) \|$", README, re.M)
    assert len(paths) == 12
    for path, total in paths:
        numbers = path.split(" → ")
        assert numbers == sorted(numbers), path
        assert int(total) == sum(said[number] for number in numbers), path
    assert sum(path.split(" → ") == list(said) for path, _ in paths) == 2, (
        "one path, in each language, is all of it"
    )


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("https://") or (ROOT / target).exists(), target


def test_the_tree_ignores_the_working_copy():
    assert "/my-course/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


JUNIT = """<testsuites><testsuite><testcase classname="a" name="ok"/>
<testcase classname="a" name="x"><skipped type="pytest.skip" message="{reason}"/></testcase>
<testcase classname="a" name="y"><skipped type="pytest.xfail" message="known"/></testcase>
</testsuite></testsuites>"""


@pytest.mark.parametrize(
    ("reason", "bad"),
    [
        ("needs a browser", True),
        ("could not import 'playwright'", True),
        ("unconditional skip", True),
        ("needs ../shared", True),
        ("needs a GPU", False),
        ("needs the network", False),
    ],
)
def test_skips_are_judged(tmp_path, reason, bad, capsys):
    (tmp_path / "junit.xml").write_text(JUNIT.format(reason=reason), encoding="utf-8")
    assert script("check_skips").main(str(tmp_path / "junit.xml")) == int(bad)
    assert ("a::x" in capsys.readouterr().out) is bad


def test_a_run_without_tests_is_refused(tmp_path):
    (tmp_path / "junit.xml").write_text("<testsuites/>")
    assert script("check_skips").main(str(tmp_path / "junit.xml")) == 1


def test_the_time_of_a_class_counts_to_its_file(tmp_path):
    cases = [("tests.test_a.TestX", 2.5), ("tests.test_a", 1), ("notebooks.00_a.ipynb", 4)]
    text = "".join(f'<testcase classname="{name}" name="n" time="{seconds}"/>' for name, seconds in cases)
    (tmp_path / "junit.xml").write_text(
        f"<testsuites><testsuite>{text}</testsuite></testsuites>", encoding="utf-8"
    )
    times = script("times")
    seconds = times.by_file(str(tmp_path / "junit.xml"))
    assert seconds == {"tests.test_a": 3.5, "notebooks.00_a.ipynb": 4}
    said = [line.split() for line in times.table(seconds).splitlines()]
    assert said[0] == ["4", "s", "notebooks.00_a.ipynb"] and said[-1][:2] == ["8", "s"] and len(said) == 4
