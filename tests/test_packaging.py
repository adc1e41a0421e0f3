"""What is built is the whole course, and works where no repository is in sight."""

import os
import re
import secrets
import shutil
import subprocess
import sys
import tarfile
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from test_readme import script

import course_utils
from course_utils import place
from course_utils.prefetch.course import COURSE
from course_utils.texts import CourseError

ROOT = Path(__file__).resolve().parent.parent
PACKAGE, PACKED = "course_utils", "course_utils/_course"
FOR_TESTS = ("tests", "conftest.py", ".ci", ".github", ".gitignore", ".gitattributes")
IN_WHEEL = [name for name in COURSE if name not in (PACKAGE, *FOR_TESTS)]
MADE = shutil.ignore_patterns("__pycache__", "*.pyc", ".ipynb_checkpoints", ".DS_Store", "*.egg-info")
LEFT_BEHIND = re.compile(r"__pycache__|\.pyc$|\.ipynb_checkpoints|\.DS_Store")
FIRST = "notebooks/00_start_here.ipynb"
NEXT_VERSION = "999.0"

open_course = script("open_course")


def files(folder: Path) -> dict[str, bytes]:
    """The files of a folder and what they hold, by their path in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}


def build(what: str, tree: Path, to: Path) -> Path:
    """Build as pip does, without its network: setuptools is asked in a process of its own."""
    code = f"import sys, setuptools.build_meta as backend; backend.build_{what}(sys.argv[1])"
    to.mkdir()
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, str(to)], cwd=tree, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = to.iterdir()
    return built


def install(wheel: Path, to: Path, *further: str) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    place_there = ["--no-deps", "--no-index", "--no-compile", "--target", str(to), *further]
    subprocess.run([*pip, *place_there, str(wheel)], check=True, timeout=120)


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Path:
    """The repository as it is cloned, with what JupyterLab leaves behind."""
    to = tmp_path_factory.mktemp("clone") / "repository"
    to.mkdir()
    for name in dict.fromkeys((*COURSE, *FOR_TESTS)):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, to / name, ignore=MADE)
        else:
            shutil.copy2(ROOT / name, to / name)
    (to / "notebooks" / ".ipynb_checkpoints").mkdir()
    shutil.copy2(to / FIRST, to / "notebooks" / ".ipynb_checkpoints")
    return to


@pytest.fixture(scope="module")
def sdist(tree, tmp_path_factory) -> Path:
    """The unpacked sdist."""
    work = tmp_path_factory.mktemp("sdist")
    with tarfile.open(build("sdist", tree, work / "built")) as archive:
        archive.extractall(work, filter="data")
    (folder,) = work.glob("gpt2_course-*")
    return folder


@pytest.fixture(scope="module")
def wheel(tree, tmp_path_factory) -> Path:
    return build("wheel", tree, tmp_path_factory.mktemp("wheel") / "built")


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    to = tmp_path_factory.mktemp("installed") / "packages"
    install(wheel, to)
    return to


@pytest.fixture(scope="module")
def learner(tmp_path_factory) -> Path:
    """The folder in which the learner gives the commands."""
    to = tmp_path_factory.mktemp("學 習") / "here"
    to.mkdir()
    return to


def environment(packages: Path, learner: Path) -> dict[str, str]:
    """The learner's: the course comes from `packages` alone."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("COURSE_")}
    return own | {
        "PYTHONPATH": str(packages),
        "COURSE_DATA": str(learner.parent / "data"),
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "HF_HUB_OFFLINE": "1",
    }


def console(packages: Path) -> str:
    return shutil.which("gpt2-course", path=str(packages / "bin"))


def give(packages: Path, learner: Path, *words: str, cwd: Path | None = None) -> tuple[int, str]:
    """Give the command `gpt2-course`; return its status and all that it said."""
    done = subprocess.run(
        [console(packages), *words],
        cwd=cwd or learner,
        env=environment(packages, learner),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=300,
    )
    return done.returncode, done.stdout.decode("utf-8")


def python(packages: Path, learner: Path, code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=learner,
        env=environment(packages, learner),
        capture_output=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr.decode("utf-8")
    return done.stdout.decode("utf-8").strip()


def stop(server: subprocess.Popen) -> None:
    everyone = [*psutil.Process(server.pid).children(recursive=True), server]
    for one in everyone:
        one.terminate()
    server.wait(60)


@pytest.fixture(scope="module")
def served(installed, learner, tmp_path_factory) -> Iterator[tuple[str, str]]:
    """The address and the token of the lab that `gpt2-course lab` opens."""
    written, token = tmp_path_factory.mktemp("runtime"), secrets.token_hex(16)
    server = subprocess.Popen(
        [console(installed), "lab", "--no-browser", "--", "--ServerApp.port=0"],
        cwd=learner,
        env=environment(installed, learner) | {"JUPYTER_TOKEN": token, "JUPYTER_RUNTIME_DIR": str(written)},
        stdin=subprocess.DEVNULL,
    )
    try:
        assert open_course.wait_for(written, token, server, 120)
        yield open_course.address(written), token
    finally:
        if server.poll() is None:
            stop(server)


@pytest.fixture(scope="module")
def mine(served, learner) -> Path:
    return learner / "my-course"


def test_the_sdist_holds_what_the_repository_holds(sdist):
    there = files(sdist)
    for name in dict.fromkeys((*COURSE, *FOR_TESTS)):
        own = files(ROOT / name) if (ROOT / name).is_dir() else {"": (ROOT / name).read_bytes()}
        own = {
            f"{name}/{path}".rstrip("/"): data for path, data in own.items() if not LEFT_BEHIND.search(path)
        }
        assert own.items() <= there.items(), name
    assert not any(PACKED in name or LEFT_BEHIND.search(name) for name in there), (
        "one source of the notebooks"
    )


def test_the_wheel_holds_the_package_and_the_course(wheel):
    there = contents(wheel)
    package = {f"{PACKAGE}/{name}": data for name, data in files(ROOT / PACKAGE).items()}
    package = {name: data for name, data in package.items() if not LEFT_BEHIND.search(name)}
    assert {n: d for n, d in there.items() if n.startswith(f"{PACKAGE}/") and PACKED not in n} == package
    course = {n.removeprefix(f"{PACKED}/"): d for n, d in there.items() if n.startswith(f"{PACKED}/")}
    assert {name.split("/")[0] for name in course} == set(IN_WHEEL)
    assert all((ROOT / name).read_bytes() == data for name, data in course.items())
    for folder in ("notebooks", "images"):
        wanted = {f"{folder}/{path.name}" for path in (ROOT / folder).glob("[!.]*")}
        assert {name for name in course if name.startswith(f"{folder}/")} == wanted


def test_the_wheel_brings_its_part_to_every_jupyterlab_of_the_environment(wheel, tmp_path):
    """As on a hub, where nobody runs `lab`: JupyterLab looks for extensions and settings under the environment."""
    install(wheel, tmp_path / "there")
    share = tmp_path / "there" / "share/jupyter/labextensions/gpt2-course"
    packed = ROOT / "course_utils/assets/jupyter"
    assert files(share) == files(packed / "share/labextensions/gpt2-course")
    assert files(tmp_path / "there" / "etc/jupyter/jupyter_server_config.d") == files(
        packed / "jupyter_server_config.d"
    )


def test_the_page_finds_the_courses_part(served):
    """The extension's script and the server's answer, as the page asks for them."""
    address, token = served
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    asked = {"Authorization": f"token {token}"}
    for path, wanted in (
        ("lab/extensions/gpt2-course/static/course.js", b"_JUPYTERLAB"),
        ("gpt2-course/learner", b'"exercises"'),
    ):
        with opener.open(urllib.request.Request(f"{address}/{path}", headers=asked), timeout=60) as answer:
            assert wanted in answer.read()


def test_the_wheel_of_the_sdist_is_the_same(wheel, sdist, tmp_path):
    assert contents(build("wheel", sdist, tmp_path / "built")) == contents(wheel)


def test_git_holds_no_copy():
    assert not (ROOT / PACKED).exists() and f"/{PACKED}/" in (ROOT / ".gitignore").read_text().splitlines()


def test_the_version_says_where_the_course_is(installed, learner):
    status, said = give(installed, learner, "--version")
    assert status == 0 and said.startswith(f"gpt2-course {course_utils.__version__} (")
    assert str(installed / PACKED) in said
    version = "from importlib.metadata import version; print(version('gpt2-course'))"
    assert python(installed, learner, version) == course_utils.__version__


def test_the_help_names_the_command_as_it_was_given(installed, learner):
    status, said = give(installed, learner, "--help")
    assert status == 0 and "Usage: gpt2-course " in said and "用法：gpt2-course " in said
    assert give(installed, learner, "handout", "--help")[1].startswith("usage: gpt2-course handout")
    assert give(installed, learner, "no-such-command")[0] == 2


def test_notebook_00_is_served_with_its_pictures(served, mine):
    address, token = served
    found = open_course.ask(f"{address}/api/contents/{FIRST}", token)
    assert found["type"] == "notebook" and found["content"]["cells"]
    pictures = {
        (path.parent / link).resolve()
        for path in (mine / "notebooks").glob("*.ipynb")
        for link in re.findall(r"\]\((\.\.?/[^)]+)\)", path.read_text(encoding="utf-8"))
    }
    assert pictures and all(picture.is_file() for picture in pictures)
    for picture in pictures:
        name = picture.relative_to(mine.resolve()).as_posix()
        request = urllib.request.Request(
            f"{address}/files/{name}", headers={"Authorization": f"token {token}"}
        )
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as reply:
            assert reply.read() == (ROOT / name).read_bytes()


def test_the_working_copy_is_found_from_inside_it(installed, learner, mine):
    for folder in (learner, mine, mine / "notebooks"):
        status, said = give(installed, learner, "lab", "--status", cwd=folder)
        assert status == 0 and "new: `lab` will add it" not in said and said.count("as handed out") > 9
    assert not (mine / "my-course").exists()


RUN = """
from pathlib import Path
from course_utils.notebooks.find import read
from course_utils.notebooks.run import run
path = Path("my-course/notebooks/00_start_here.ipynb")
notebook = read(path)
notebook.cells.append(type(notebook.cells[-1])(
    cell_type="code", id="where", metadata={}, outputs=[], execution_count=None,
    source="import course_utils, os; print(course_utils.__file__); print(os.getcwd())"))
print(run(path, notebook).cells[-1].outputs[0].text)
"""


def test_notebook_00_runs_in_the_working_copy(installed, learner, mine):
    package, folder = python(installed, learner, RUN).splitlines()
    assert Path(package).is_relative_to(installed)
    assert Path(folder).samefile(mine / "notebooks")


def test_measure_knows_the_lessons(installed, learner):
    status, said = give(installed, learner, "measure", "nothing")
    assert status == 1 and "00_start_here" in said and "對不到任何一課" in said


def test_prefetch_makes_a_course_that_can_be_built(installed, learner, tmp_path):
    for _ in range(2):
        status, said = give(installed, learner, "prefetch", "--no-wheels", "--to", "class-folder")
        assert status == 0, said
    course = learner / "class-folder" / "course"
    assert {path.name for path in course.iterdir()} == {PACKAGE, *IN_WHEEL}
    assert not (course / PACKED).exists()
    assert contents(build("wheel", course, tmp_path / "built")).keys() > {f"{PACKED}/{FIRST}"}


def test_what_is_for_authors_says_that_it_needs_the_repository(installed, learner):
    status, said = give(installed, learner, "refresh", "00")
    assert status == 1 and "needs the repository" in said and "需要儲存庫" in said


@pytest.fixture(scope="module")
def later(sdist, tmp_path_factory) -> Path:
    """The next version, installed: 01 has changed and a short 09 is new; a picture that an earlier build saw is gone."""
    work = tmp_path_factory.mktemp("later")
    tree = Path(shutil.copytree(sdist, work / "tree"))
    build("wheel", tree, work / "earlier")
    for name, old, new in (
        (f"{PACKAGE}/__init__.py", course_utils.__version__, NEXT_VERSION),
        ("notebooks/01_base_model.ipynb", "GPT2Model", "TheNewOne"),
        ("notebooks/02_lm_head.ipynb", "lm_head", "the_new_one"),
    ):
        text = (tree / name).read_text(encoding="utf-8")
        assert old in text
        (tree / name).write_text(text.replace(old, new), encoding="utf-8")
    cell = new_code_cell("import course_utils\nprint(course_utils.__version__)", id="which")
    nbformat.write(new_notebook(cells=[cell]), tree / "notebooks" / "09_short.ipynb")
    (tree / "images" / "training-loss.png").unlink()
    wheel = build("wheel", tree, work / "built")
    assert f"{PACKED}/images/training-loss.png" not in contents(wheel)
    install(wheel, work / "packages")
    return work / "packages"


UPDATE = """
from pathlib import Path
from course_utils import place
from course_utils.working_copy import WorkingCopy
WorkingCopy(place.course_folder(), Path("my-course").resolve()).update()
"""


def test_a_new_version_updates_what_is_untouched(installed, later, tmp_path):
    python(installed, tmp_path, UPDATE)
    first, second = (
        tmp_path / "my-course" / "notebooks" / f"{n}.ipynb" for n in ("01_base_model", "02_lm_head")
    )
    second.write_text(second.read_text(encoding="utf-8").replace("lm_head", "my_own"), encoding="utf-8")

    status, said = give(later, tmp_path, "lab", "--status")
    state = {line.split()[0]: line for line in said.splitlines()}
    assert status == 0 and "untouched" in state["notebooks/01_base_model.ipynb"]
    assert "changed by you; the course has a newer version" in state["notebooks/02_lm_head.ipynb"]
    assert "`lab` will add it" in state["notebooks/09_short.ipynb"]
    assert "no longer in the course" in state["images/training-loss.png"]

    python(later, tmp_path, UPDATE)
    assert "TheNewOne" in first.read_text(encoding="utf-8") and "my_own" in second.read_text(encoding="utf-8")
    status, said = give(later, tmp_path, "lab", "--restore", "02")
    assert status == 0 and "02_lm_head.backup-1.ipynb" in said
    assert "the_new_one" in second.read_text(encoding="utf-8")


def test_handout(later, learner):
    status, said = give(later, learner, "handout", "class", "09")
    assert status == 0, said
    for copy in ("student", "instructor"):
        (cell,) = nbformat.read(learner / "class" / copy / "09_short.ipynb", 4).cells
        assert cell.outputs[0].text == f"{NEXT_VERSION}\n"
    assert files(learner / "class" / "images") == files(later / PACKED / "images")


def test_without_a_command_the_lab_opens(monkeypatch):
    from course_utils import __main__ as program
    from course_utils.commands import lab

    given = []
    monkeypatch.setattr(lab, "main", lambda words: given.append(words) or 0)
    assert program.main([]) == 0 and given == [[]]


def test_a_checkout_uses_its_top_folders():
    assert place.course_folder() == place.repository() == ROOT
    assert place.source(ROOT, "course_utils/commands/lab.py") == ROOT / "course_utils/commands/lab.py"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(place, "_PACKAGE", ROOT / "tests" / "nothing")
        with pytest.raises(CourseError, match="neither in the package nor beside it"):
            place.course_folder()


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("/x/bin/gpt2-course", "gpt2-course"),
        ("gpt2-course.exe", "gpt2-course"),
        ("/x/course_utils/__main__.py", "python -m course_utils"),
        ("", "python -m course_utils"),
    ],
)
def test_the_program_is_called_as_it_was_started(monkeypatch, argument, expected):
    monkeypatch.setattr(sys, "argv", [argument])
    assert place.program() == expected
