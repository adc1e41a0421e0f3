"""What differs from platform to platform, as far as one can show it: names of folders, encodings, line ends,
start methods of processes, places that cannot be written, fonts. Each in child processes with a home of their own.

About 140 seconds of processor time: interpreters that start, three servers, six small lessons and a real one.
"""

import ast
import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest

from course_utils import CourseError, console, folders, language
from course_utils.working_copy import State, WorkingCopy, content_fingerprint

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 300  # a child that hangs
CHINESE = Path("王 小明", "GPT-2 課程")
# What a learner's machine decides and these tests decide instead; XDG: where Linux keeps what belongs to a user.
OTHERS = ("COURSE_", "HF_", "JUPYTER", "IPYTHON", "MPL", "MATPLOTLIB", "XDG_", "PYTHON", "LC_", "LANG")
HOMES = ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA")
CONSOLES = {"cp950": True, "utf-8": True, "cp437": False, "cp1252": False, "ascii": False}  # has it Chinese?
posix_only = pytest.mark.skipif(
    os.name != "posix", reason="needs another operating system: folders' permissions"
)
permissions_bind = pytest.mark.skipif(
    os.name != "posix" or bool(os.geteuid() == 0 and not shutil.which("setpriv")),
    reason="needs not to be root, or another operating system: one where permissions bind",
)


def environment(own: str | Path | None, **settings: str) -> dict[str, str]:
    """The environment of a child whose home folder is `own`; None: one whose user has none."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(OTHERS) and name not in HOMES
    }
    homes = {} if own is None else dict.fromkeys(HOMES, str(own))
    fixed = {"HF_HUB_OFFLINE": "1", "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    return kept | homes | fixed | settings


def child(
    words: list[str], env: dict[str, str], text: str = "", prefix: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run Python with these words in the course's folder; a broken character in its output shows as such."""
    return subprocess.run(
        [*prefix, sys.executable, *words],
        env=env,
        input=text,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=SECONDS,
        cwd=env["PYTHONPATH"],
    )


def course(env: dict[str, str], *words: str, text: str = "") -> str:
    """Run one of the course's commands; return what it printed. It must succeed."""
    done = child(["-m", "course_utils", *words], env, text)
    assert done.returncode == 0, (words, done.stdout[-2000:], done.stderr[-3000:])
    return done.stdout


@contextmanager
def serving(env: dict[str, str], folder: Path, prefix: tuple[str, ...] = ()) -> Iterator[str]:
    """Open the course with `lab`, at a port that the server finds; give lesson 00 as the server tells it, and stop."""
    own = ["-m", "course_utils", "lab", "--no-browser", "--folder", str(folder)]
    words = [*prefix, sys.executable, *own, "--", "--ServerApp.port=0"]
    log = folder.parent / "server.log"
    with log.open("wb") as said:
        server = subprocess.Popen(
            words,
            env=env | {"JUPYTER_TOKEN": "t"},
            cwd=env["PYTHONPATH"],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
        try:
            yield _lesson(server, log)
        finally:
            server.terminate()
            server.wait(60)


def _lesson(server: subprocess.Popen[bytes], log: Path) -> str:
    end = time.monotonic() + SECONDS
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < end and server.poll() is None:
        said = re.search(rb"http://127\.0\.0\.1:\d+/", log.read_bytes())
        try:
            if said:
                with opener.open(_about_lesson_00(said[0].decode()), timeout=10) as reply:
                    return json.dumps(json.load(reply)["content"], ensure_ascii=False)
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.3)
    raise AssertionError(log.read_text(encoding="utf-8", errors="replace")[-3000:])


def _about_lesson_00(server: str) -> urllib.request.Request:
    return urllib.request.Request(
        f"{server}api/contents/notebooks/00_start_here.ipynb", headers={"Authorization": "token t"}
    )


def copy_of_the_course(folder: Path) -> Path:
    """Copy what the course needs to run into the folder; return it."""
    for name in ("course_utils", "notebooks", "images"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def with_a_small_lesson(root: Path) -> Path:
    """Add a lesson 09 that shows the switch and a picture, all that a kernel writes without a model; return the root."""
    codes = [
        "from course_utils import language_switch, show\nlanguage_switch()",
        "show.matrix([[1, 0], [0, 1]], ['王子', '公主'])",
    ]
    cells = [nbformat.v4.new_code_cell(code, id=f"cell-{at}") for at, code in enumerate(codes)]
    (root / "notebooks/09_small.ipynb").write_text(
        nbformat.writes(nbformat.v4.new_notebook(cells=cells)), encoding="utf-8"
    )
    return root


# --- names of folders


@pytest.fixture(scope="module")
def chinese(tmp_path_factory) -> tuple[Path, dict[str, str]]:
    """The course and a home in folders with Chinese names and spaces, and the environment that leads there."""
    base = tmp_path_factory.mktemp("使用者")
    own, root = base / "王 小明 的家", with_a_small_lesson(copy_of_the_course(base / CHINESE))
    own.mkdir()
    return root, environment(own, PYTHONPATH=str(root))


class TestChineseFolders:
    def test_the_working_copy_is_made_and_served(self, chinese):
        root, env = chinese
        with serving(env, root / "我的 課程") as lesson:
            assert "從這裡開始" in lesson
        assert "與原版相同" in course(env, "lab", "--status", "--folder", str(root / "我的 課程"))

    def test_a_lesson_is_refreshed(self, chinese):
        root, env = chinese
        stored = (root / "notebooks/00_start_here.ipynb").read_bytes()
        done = child(["-m", "course_utils", "refresh", "00"], env)
        assert done.returncode == 0 and "00_start_here.ipynb" in done.stdout, done.stderr[-3000:]
        assert "WARNING" not in done.stderr
        fresh = json.loads((root / "notebooks/00_start_here.ipynb").read_bytes())
        codes = [cell for cell in fresh["cells"] if cell["cell_type"] == "code"]
        assert all(cell["execution_count"] for cell in codes)
        assert len(fresh["cells"]) == len(json.loads(stored)["cells"])

    def test_a_handout_is_written(self, chinese):
        root, env = chinese
        course(env, "handout", str(root / "講義 一"), "09")
        assert {path.parent.name for path in (root / "講義 一").glob("*/09_small.ipynb")} == {
            "student",
            "instructor",
        }

    def test_progress_settings_and_pictures_are_kept(self, chinese):
        root, env = chinese
        code = """
import sys
from pathlib import Path
from course_utils import language, show
from course_utils import record
folder = Path(sys.argv[1])
assert record.note("01-1", "correct") and record.outcomes() == {"01-1": "correct"}
assert language.set_current("zh") and language.current() == "zh"
print(record.path())
picture = show.matrix([[1, 0], [0, 1]], ["王子", "公主"])
for kind in ("svg", "png", "pdf"):
    picture.savefig(folder / f"圖 一.{kind}")
"""
        done = child(["-c", code, str(root)], env)
        assert done.returncode == 0, done.stderr
        assert (
            Path(done.stdout.strip()).is_relative_to(root.parents[1]) and Path(done.stdout.strip()).is_file()
        )
        assert "<svg" in (root / "圖 一.svg").read_text(encoding="utf-8")
        assert (root / "圖 一.png").read_bytes().startswith(b"\x89PNG")
        assert (root / "圖 一.pdf").read_bytes().startswith(b"%PDF")

    def test_the_doctor_and_the_explanations(self, chinese):
        _, env = chinese
        findings = json.loads(course(env, "doctor", "--json"))
        assert not [
            one for one in findings if one["verdict"] == "problem" or "could not be checked" in one["en"]
        ]
        assert "IndexError" in course(env, "explain", text="IndexError: index out of range in self\n")

    def test_a_checkpoint_in_such_a_folder(self, chinese):
        root, env = chinese
        shutil.copytree(root / "course_utils/assets/model", root / "我的 模型")
        code = (
            "import sys; from transformers import GPT2LMHeadModel; from course_utils import checkpoint;"
            "print(GPT2LMHeadModel.from_pretrained(checkpoint(sys.argv[1])).config.model_type)"
        )
        done = child(["-c", code, str(root / "我的 模型")], env)
        assert done.stdout.strip() == "gpt2", done.stderr


# --- encodings

# Every command in one process, as __main__ runs it, on the console that PYTHONIOENCODING tells.
TALK = """
import sys
from course_utils import __main__ as program
from course_utils.commands import doctor
doctor.CHECKS = tuple(check for check in doctor.CHECKS if check.__name__ not in sys.argv[2:])
every = [["--help"], ["--version"], ["nothing of the sort"], ["lab", "--status", "--folder", sys.argv[1]], ["lab", "--restore", "99"],
         ["doctor"], ["explain"]] + [[name, "--help"] for name in program.COMMANDS]
for words in every:
    print(">", *words, flush=True)
    try:
        program.main(words)
    except SystemExit as end:
        assert end.code == 0, words
"""
PASTED = "IndexError: index out of range in self — 王小明 €\n"


def talk(env: dict[str, str], folder: Path, encoding: str) -> str:
    """What all commands print on such a console, in bytes of that encoding. Where one is like another, the doctor is quicker."""
    slow = [] if encoding in ("cp950", "ascii") else ["check_torch", "check_checkpoint"]
    done = subprocess.run(
        [sys.executable, "-c", TALK, str(folder), *slow],
        env=env,
        cwd=ROOT,
        input=PASTED.encode("utf-8"),
        capture_output=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr.decode(encoding, "replace")[-3000:]
    return (done.stdout + done.stderr).decode(encoding)


@pytest.mark.parametrize("encoding", CONSOLES)
def test_every_command_is_readable_on_every_console(tmp_path, encoding):
    said = talk(environment(tmp_path, PYTHONIOENCODING=encoding, PYTHONUTF8="0"), tmp_path / "copy", encoding)
    assert (
        "Usage: python -m course_utils [COMMAND [--help]]" in said and "Check what the course needs" in said
    )
    assert "What to do: " in said and "'99' names no lesson" in said
    assert ("用法：python -m course_utils [指令 [--help]]" in said) == CONSOLES[encoding]
    # What a console lacks is a sign here and there, never a message or a verdict.
    assert "????" not in said
    assert any(line.startswith(("✓ Python", "[ok] Python")) for line in said.splitlines())
    assert not [line for line in said.splitlines() if line.startswith("? ")]


@posix_only
def test_every_command_is_readable_in_the_c_locale(tmp_path):
    env = environment(tmp_path, LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0")
    said = talk(env, tmp_path / "copy", "ascii")
    assert "Usage: python -m course_utils [COMMAND [--help]]" in said and "????" not in said


def test_only_the_console_at_hand_decides(monkeypatch):
    monkeypatch.setattr(console, "_shows_chinese", True)
    monkeypatch.setenv("COURSE_LANGUAGE", "both")

    def stream(encoding: str) -> io.TextIOWrapper:
        return io.TextIOWrapper(io.BytesIO(), encoding=encoding)

    console.fit(stream("utf-8"), stream("ascii"))
    assert language.current() == "en"
    assert str(CourseError("a", "甲")) == "a"
    said = stream("cp950")
    console.fit(said)
    assert language.current() == "both"
    assert str(CourseError("a", "甲")) == "甲\na"
    print("✓ 王 → ✗ é", file=said, flush=True)
    assert said.buffer.getvalue().decode("cp950").splitlines() == ["[ok] 王 → [x] ?"]


def test_a_learner_who_chose_chinese_can_read_an_english_console(tmp_path):
    env = environment(tmp_path, PYTHONIOENCODING="cp437", COURSE_LANGUAGE="zh")
    assert course(env, "--help").startswith("Usage: ")
    assert course(env | {"PYTHONIOENCODING": "cp950"}, "--help") != ""


def test_files_are_utf8_whatever_the_locale(tmp_path):
    """Python itself watches: opening a text file without saying its encoding is an error in the course's modules."""
    code = """
import sys, warnings
warnings.filterwarnings("error", category=EncodingWarning, module=r"course_utils(\\.|$)")
from pathlib import Path
from course_utils import explain, language, show
from course_utils.commands import handout, lab, refresh
from course_utils.notebooks import canonical, find
from course_utils.place import repository
from course_utils.working_copy import WorkingCopy
from course_utils.insight import decoding
from course_utils import record
from course_utils.play import panel
folder = Path(sys.argv[1])
assert not __import__("locale").getpreferredencoding(False).lower().startswith("utf"), "UTF-8 after all"
copy = WorkingCopy(repository(), folder / "copy")
copy.update(); copy.restore("00"); lab.environment(folder)
language.set_current("zh"); record.note("01-1", "correct"); record.outcomes()
show.matrix([[1, 0], [0, 1]], ["王子", "公主"]).savefig(folder / "p.svg")
from course_utils.commands import doctor
assert not [one for one in doctor.examine(doctor.CHECKS) if "EncodingWarning" in one.fact.en]
notebook = find.read(find.lessons(repository())[0])
(folder / "mine.ipynb").write_bytes(canonical.text(notebook).encode("utf-8"))
refresh.refresh(folder / "mine.ipynb", runner=find.read)
def opens(module):
    exec("open(path).close()", {"__name__": module, "path": folder / "p.svg"})
opens("another")
try:
    opens("course_utils.x")
except EncodingWarning:
    print("confined to the course")
"""
    env = environment(tmp_path, LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0", PYTHONIOENCODING="utf-8")
    (tmp_path / "all.py").write_text(code, encoding="utf-8")
    done = child(["-X", "warn_default_encoding", str(tmp_path / "all.py"), str(tmp_path)], env)
    assert (done.returncode, done.stdout) == (0, "confined to the course\n"), done.stderr


def without_encoding(source: str) -> list[int]:
    """The lines that open, read or write a text file without saying its encoding."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and _is_text_call(node)
        and not any(keyword.arg in ("encoding", None) for keyword in node.keywords)
    ]


def _is_text_call(node: ast.Call) -> bool:
    name = getattr(node.func, "attr", None) or getattr(node.func, "id", None)
    if name in ("read_text", "write_text"):
        return True
    whose = getattr(getattr(node.func, "value", None), "id", None)
    if name not in ("open", "fdopen") or whose in ("tarfile", "Image", "zipfile", "webbrowser", "opener"):
        return False
    modes = [
        a.value
        for a in [*node.args, *(k.value for k in node.keywords if k.arg == "mode")]
        if isinstance(a, ast.Constant)
    ]
    return not any(isinstance(mode, str) and "b" in mode and len(mode) <= 3 for mode in modes)


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("open('x')", [1]),
        ("\np.open('w')", [2]),
        ("p.read_text()", [1]),
        ("p.write_text('b')", [1]),
        ("open('x', 'rb')", []),
        ("open('x', encoding='utf-8')", []),
        ("p.open(mode='xb')", []),
        ("os.fdopen(h, 'wb')", []),
        ("tarfile.open(p, 'r|gz')", []),
        ("p.write_text('x', encoding='utf-8')", []),
    ],
)
def test_the_search_for_files_without_encoding(source, lines):
    assert without_encoding(source) == lines


def test_no_file_of_the_course_is_opened_without_its_encoding():
    paths = [*(ROOT / "course_utils").rglob("*.py"), *(ROOT / ".ci").glob("*.py")]
    found = {
        str(path.relative_to(ROOT)): lines
        for path in paths
        if (lines := without_encoding(path.read_text(encoding="utf-8")))
    }
    assert len(paths) > 50 and found == {}


# --- line ends


def in_windows_form(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))


def test_line_ends_alone_do_not_make_a_lesson_or_a_picture_changed(tmp_path):
    root = copy_of_the_course(tmp_path / "course")
    mine = WorkingCopy(root, tmp_path / "mine")
    mine.update()
    for path in [*(tmp_path / "mine").rglob("*.ipynb"), *(tmp_path / "mine").rglob("*.svg")]:
        in_windows_form(path)
    assert {item.state for item in WorkingCopy(root, tmp_path / "mine").items()} == {State.CURRENT}
    for path in [*root.glob("notebooks/*.ipynb"), *root.glob("images/*.svg")]:
        in_windows_form(path)
    assert {item.state for item in WorkingCopy(root, tmp_path / "mine").items()} == {State.CURRENT}


def test_line_ends_within_a_cell_do_not_count_and_its_words_do(tmp_path):
    def written(source: object) -> str | None:
        path = tmp_path / "x.ipynb"
        path.write_text(json.dumps({"cells": [{"cell_type": "code", "source": source}]}), encoding="utf-8")
        return content_fingerprint(path)

    assert written("a = 1\r\nb = 2") == written("a = 1\nb = 2") == written(["a = 1\r\n", "b = 2"])
    assert written("a = 1\nb = 3") != written("a = 1\nb = 2") != written("a = 1\n\nb = 2")


def test_a_picture_of_dots_is_compared_byte_for_byte(tmp_path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n\0")
    (tmp_path / "b.png").write_bytes(b"\x89PNG\n\x1a\n\0")
    assert content_fingerprint(tmp_path / "a.png") != content_fingerprint(tmp_path / "b.png")


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_a_checkout_as_on_windows_has_the_same_bytes(tmp_path):
    """Without .gitattributes, core.autocrlf would change every text file, and the model would fail its checksums."""
    root = copy_of_the_course(tmp_path / "course")
    (root / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/run", root / ".ci/run")
    shutil.copy(ROOT / ".gitattributes", root)
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}

    def git(*words: str) -> None:
        own = [
            "-c",
            "core.autocrlf=true",
            "-c",
            "user.name=x",
            "-c",
            "user.email=x@example.org",
            "-c",
            "commit.gpgsign=false",
        ]
        subprocess.run(
            ["git", *own, *words], cwd=root, check=True, capture_output=True, env=environment(tmp_path)
        )

    git("init")
    git("add", "--all", "--force")
    git("commit", "--message", "all")
    for path in before:
        path.unlink()
    git("checkout", "--", ".")
    assert [path.name for path, content in before.items() if path.read_bytes() != content] == []
    assert not [
        path.name
        for path, content in before.items()
        if path.suffix in (".ipynb", ".py") and b"\r\n" in content
    ]


# --- processes


@pytest.mark.parametrize(
    "method",
    [
        "spawn",
        pytest.param(
            "forkserver",
            marks=pytest.mark.skipif(
                os.name != "posix", reason="needs another operating system: no forkserver"
            ),
        ),
    ],
)
def test_the_course_works_in_processes_however_they_start(tmp_path, method):
    """The course starts no Python processes of its own; a learner's DataLoader or pool does."""
    (tmp_path / "工作.py").write_text(
        """
import multiprocessing, sys
from course_utils import BUNDLED, checkpoint, language
from course_utils import record

def work(key):
    from tokenizers import Tokenizer
    ids = Tokenizer.from_file(str(BUNDLED / "tokenizer.json")).encode("王子 prince").ids
    return checkpoint() == str(BUNDLED), len(ids) > 1, language.current(), record.note(key, "correct")

if __name__ == "__main__":
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
        assert pool.map(work, [f"01-{n}" for n in range(8)]) == [(True, True, "both", True)] * 8
    assert len(record.outcomes()) == 8, "processes that write at the same time lose nothing"
    print("done")
""",
        encoding="utf-8",
    )
    done = child([str(tmp_path / "工作.py"), method], environment(tmp_path))
    assert done.stdout == "done\n", done.stderr


# --- places that cannot be written


BOUND = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--inh-caps", "-all")


def can_mount() -> bool:
    """Return whether this process may have a view of the file system of its own."""
    tried = ["unshare", "--mount", "mount", "--bind", "/tmp", "/tmp"]
    return bool(shutil.which("unshare")) and subprocess.run(tried, capture_output=True).returncode == 0


@contextmanager
def read_only(folder: Path) -> Iterator[tuple[str, ...]]:
    """Give the words to put before a command for which nothing in the folder can be written.

    For root permissions mean nothing: it gets a view of its own, in which the folder is mounted read-only; where that
    is forbidden, as in most containers, it gives up what sets it above permissions.
    """
    if os.geteuid() == 0 and can_mount():
        script = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
        yield "unshare", "--mount", "sh", "-c", script, str(folder)
        return
    places = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    for place in places:
        place.chmod(0o555)
    try:
        yield BOUND if os.geteuid() == 0 else ()
    finally:
        for place in places:
            place.chmod(0o755)


def succeeds(prefix: tuple[str, ...], env: dict[str, str], *words: str) -> str:
    done = child([*words], env, prefix=prefix)
    assert done.returncode == 0, (done.stdout[-2000:], done.stderr[-3000:])
    return done.stdout + done.stderr


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A copy of the course that is not this checkout."""
    return with_a_small_lesson(copy_of_the_course(tmp_path / "install"))


@permissions_bind
class TestReadOnlyInstall:
    def test_the_course_works_and_lab_says_where_else(self, tmp_path, installed):
        env = environment(tmp_path, PYTHONPATH=str(installed))
        del env["PYTHONDONTWRITEBYTECODE"]
        course(env | {"PYTHONDONTWRITEBYTECODE": "1"}, "refresh", "09")
        with read_only(installed) as prefix:
            done = child(["-c", f"open({str(installed / 'x')!r}, 'w')"], env, prefix=prefix)
            assert done.returncode and ("Read-only" in done.stderr or "Permission" in done.stderr), (
                "it can be written after all"
            )
            done = child(["-m", "course_utils", "lab", "--no-browser"], env, prefix=prefix)
            assert done.returncode == 1 and "--folder" in done.stderr and "Traceback" not in done.stderr
            assert "無法讀寫工作副本" in done.stderr and "cannot be read or written" in done.stderr
            with serving(env, tmp_path / "mine", prefix) as lesson:
                assert "從這裡開始" in lesson
            assert "unchanged" in succeeds(prefix, env, "-m", "course_utils", "refresh", "09", "--check")
        assert not list(installed.rglob("__pycache__"))


@permissions_bind
class TestHome:
    """The home folder cannot be written, or there is none: the course works, and says what will not be kept."""

    @pytest.fixture(params=["missing", "read-only"])
    def place(self, request, tmp_path) -> Iterator[tuple[dict[str, str], tuple[str, ...]]]:
        """The child's environment, and the words to put before its command."""
        if request.param == "missing":
            yield environment(os.devnull + "/home"), ()
            return
        own = tmp_path / "home"
        own.mkdir()
        with read_only(own) as prefix:
            yield environment(own), prefix

    def test_lab_serves_and_says_where_things_are_kept(self, place, tmp_path):
        env, prefix = place
        with serving(env, tmp_path / "mine", prefix) as lesson:
            assert "從這裡開始" in lesson
        said = (tmp_path / "server.log").read_text(encoding="utf-8")
        assert "無法寫入家目錄" in said and "Your home folder cannot be written" in said
        assert (tmp_path / "mine/.course/home/jupyter").is_dir()

    def test_a_lesson_runs_and_prints_no_warning(self, place, installed):
        env, prefix = place
        said = succeeds(prefix, env | {"PYTHONPATH": str(installed)}, "-m", "course_utils", "refresh", "09")
        assert "stored anew" in said
        outputs = [
            o
            for cell in json.loads((installed / "notebooks/09_small.ipynb").read_bytes())["cells"]
            for o in cell["outputs"]
        ]
        assert [one["output_type"] for one in outputs] == ["execute_result", "execute_result"]

    def test_the_doctor_says_it_in_both_languages(self, place):
        env, prefix = place
        findings = _findings(prefix, env)
        about = [one for one in findings if "home folder cannot be written" in one["en"]]
        assert len(about) == 1 and "家目錄無法寫入" in about[0]["zh"] and "HOME" in about[0]["remedy_zh"]
        assert any("progress cannot be saved" in one["en"] for one in findings)
        assert not [
            one for one in findings if one["verdict"] == "problem" or "could not be checked" in one["en"]
        ]

    def test_settings_and_progress_hold_until_the_process_ends(self, place):
        env, prefix = place
        code = """
from course_utils import language
from course_utils import record
from course_utils.practice.engine.progress import progress
assert language.set_current("zh") is False and language.current() == "zh"
assert record.note("01-1", "correct") is False and record.outcomes()["01-1"] == "correct"
text = progress("01").text
assert "could not be saved to disk" in text.en and "無法存到磁碟" in text.zh
"""
        succeeds(prefix, env, "-c", code)


def _findings(prefix: tuple[str, ...], env: dict[str, str]) -> list[dict[str, str]]:
    """What the doctor finds; what libraries say on stderr is left aside."""
    done = child(["-m", "course_utils", "doctor", "--json"], env, prefix=prefix)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@posix_only
def test_a_user_without_any_home_folder(tmp_path):
    """As in a container that is run under some number: no HOME, and nobody of that number in the list of users."""
    code = """
import pwd, sys
from pathlib import Path
def nobody(number): raise KeyError(number)
pwd.getpwuid = nobody
try:
    sys.exit(f"there is a home after all: {Path.home()}")
except RuntimeError:
    pass
from course_utils import folders, language
from course_utils.commands import doctor, lab
from course_utils import record
folder = Path(sys.argv[1])
assert language.current() == "both" and language.set_current("zh") is False
assert record.note("01-1", "correct") is False and record.outcomes()["01-1"] == "correct"
env = lab.environment(folder)
assert env["HOME"] == str(folder / ".course/home") and env["COURSE_DATA"].startswith(env["HOME"])
found = [one for one in doctor.check_home()]
assert [one.fact.en for one in found] == ["this user has no home folder"] and "HOME" in found[0].remedy.zh
assert not [one for one in doctor.examine(doctor.CHECKS) if "install" in getattr(one.remedy, "en", "")]
"""
    done = child(["-c", code, str(tmp_path)], environment(None))
    assert done.returncode == 0, done.stderr


def test_where_the_home_can_be_written_nothing_changes(tmp_path, monkeypatch):
    for name in HOMES:
        monkeypatch.setenv(name, str(tmp_path))
    assert (
        folders.home_folder() == tmp_path
        and folders.is_writable(tmp_path)
        and folders.stand_ins(tmp_path / "x") == {}
    )
    assert list(tmp_path.iterdir()) == []


def test_what_the_user_has_set_stays(tmp_path, monkeypatch):
    for name in HOMES:
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("MPLCONFIGDIR", "mine")
    for name in ("HF_HOME", "COURSE_DATA", "IPYTHONDIR"):
        monkeypatch.delenv(name, raising=False)
    found = folders.stand_ins(tmp_path / "x")
    assert "MPLCONFIGDIR" not in found and found["HOME"] == str(tmp_path / "x")
    assert {"HF_HOME", "COURSE_DATA", "IPYTHONDIR"} <= found.keys()
    (tmp_path / "none").mkdir()
    monkeypatch.setattr(folders, "is_writable", lambda place: False)
    assert not {"HF_HOME", "HOME"} & folders.stand_ins(tmp_path / "x").keys(), (
        "models in its cache can still be read"
    )


# --- fonts


def test_chinese_is_drawn_where_the_system_has_no_chinese_font(tmp_path):
    """matplotlib is left its own fonts alone, as on a fresh server; a sign that no font has is a warning, so an error."""
    code = """
import sys, warnings
from pathlib import Path
warnings.simplefilter("error")
import matplotlib
from matplotlib import font_manager, pyplot
own = Path(matplotlib.get_data_path())
font_manager.fontManager.ttflist = [f for f in font_manager.fontManager.ttflist if Path(f.fname).is_relative_to(own)]
pyplot.figure().text(0.1, 0.5, "王子")
try:
    pyplot.savefig(sys.argv[1] + "/without.png")
except UserWarning as warning:
    assert "missing from font" in str(warning)
else:
    sys.exit("matplotlib can draw Chinese by itself: the test shows nothing")
from course_utils import show
picture = show.matrix([[1, 0], [0, 1]], ["王子 Ġ", "公主 ␣"])
for kind in ("png", "svg", "pdf"):
    picture.savefig(f"{sys.argv[1]}/with.{kind}")
"""
    done = child(["-c", code, str(tmp_path)], environment(tmp_path, MPLBACKEND="agg"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "with.png").stat().st_size > 1000
