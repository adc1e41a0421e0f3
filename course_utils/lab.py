"""`python -m course_utils lab`: the learner's working copy of the notebooks, and JupyterLab in it.

The copy (`my-course/`, ignored by git) holds `notebooks/` and `images/`. A manifest says what each file was
like when it was handed out. So a lesson that the learner has not touched is updated, one that was changed is
left alone, and running a lesson does not count as changing it. Nothing that the learner wrote is ever lost.
"""

import argparse
import hashlib
import itertools
import json
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from course_utils import home, running
from course_utils.files import write_atomically
from course_utils.language import CourseError, both
from course_utils.notebooks import FIRST, lessons, pick
from course_utils.place import course_folder, is_packed, program

FOLDER = "my-course"
_HIDDEN = ".course"
_MANIFEST = f"{_HIDDEN}/manifest.json"
_HOME = f"{_HIDDEN}/home"  # used where the home folder cannot be written
LAST_PORT = 65535
_ASSETS = Path(__file__).resolve().parent / "assets" / "jupyter"


class State(Enum):
    """How a file of the working copy stands to the course and to what was handed out."""

    NEW = "new"  # not in the copy: will be handed out
    CURRENT = "current"  # as the course has it
    OUTDATED = "outdated"  # untouched, and the course has a newer one: will be updated
    CHANGED = "changed"  # the learner's own, and the course has nothing newer
    HELD = "held"  # the learner's own, and the course has a newer one
    BROKEN = "broken"  # the learner's copy is no readable notebook
    GONE = "gone"  # handed out once, no longer in the course: stays


@dataclass(frozen=True)
class Item:
    """One file, by its path in the course ("notebooks/01_base_model.ipynb"), and its state."""

    name: str
    state: State


class WorkingCopy:
    """The learner's copy, in `folder`, of the notebooks and pictures of the course's folder `course`."""

    def __init__(self, course: Path, folder: Path) -> None:
        self.course, self.folder = course, folder
        self._handed = self._read_manifest()

    def items(self) -> list[Item]:
        """Return every file of the course, then what it once had, each with its state; changes nothing."""
        names = [path.relative_to(self.course).as_posix() for path in self._sources()]
        gone = sorted(name for name in self._handed if name not in names and (self.folder / name).exists())
        return [Item(name, self._state(name)) for name in names] + [Item(name, State.GONE) for name in gone]

    def update(self) -> list[Item]:
        """Hand out what is new, update what is untouched, leave the rest; return the states found before."""
        items = self.items()
        for item in items:
            if item.state in (State.NEW, State.OUTDATED):
                self._hand_out(item.name)
            elif item.state is State.CURRENT:
                self._remember(item.name)
        return items

    def restore(self, lesson: str) -> tuple[str, Path | None]:
        """Bring back the original of a lesson; return its name, and where the learner's version is, if kept.

        The learner's version is kept beside it, numbered, unless it is the original to the byte.
        """
        source = pick(lesson, lessons(self.course))
        name = source.relative_to(self.course).as_posix()
        target, backup = self.folder / name, None
        if target.exists() and target.read_bytes() != source.read_bytes():
            backup = _back_up(target)
        self._hand_out(name)
        return name, backup

    def _sources(self) -> list[Path]:
        pictures = (self.course / "images").rglob("*")
        return lessons(self.course) + sorted(
            path
            for path in pictures
            if path.is_file() and not any(p.startswith(".") for p in path.relative_to(self.course).parts)
        )

    def _state(self, name: str) -> State:
        copy = self.folder / name
        if not copy.exists():
            return State.NEW
        offered, handed, mine = digest(self.course / name), self._handed.get(name), digest(copy)
        if mine is None:
            return State.BROKEN
        if mine == offered:
            return State.CURRENT
        if mine == handed:
            return State.OUTDATED
        return State.CHANGED if handed == offered else State.HELD

    def _hand_out(self, name: str) -> None:
        write_atomically(self.folder / name, (self.course / name).read_bytes())
        self._remember(name)

    def _remember(self, name: str) -> None:
        """Note, at once, that the course's present version is what the learner has."""
        now = digest(self.course / name)
        if now is not None and self._handed.get(name) != now:
            self._handed[name] = now
            content = json.dumps({"version": 1, "files": self._handed}, indent=1, sort_keys=True) + "\n"
            write_atomically(self.folder / _MANIFEST, content.encode("utf-8"))

    def _read_manifest(self) -> dict[str, str]:
        """A missing or damaged manifest knows nothing: then every file that differs counts as changed."""
        try:
            files = json.loads((self.folder / _MANIFEST).read_text(encoding="utf-8"))["files"]
            return {str(name): str(value) for name, value in files.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}


def digest(path: Path) -> str | None:
    """Return the digest of what a learner would call the file's content, or None if it cannot be read.

    Of a notebook: the kinds and sources of its cells, so that outputs and counters do not matter.
    Of any other file: its bytes. Line ends, which a checkout on Windows may have changed, do not matter.
    """
    try:
        data = path.read_bytes()
        if path.suffix == ".ipynb":
            cells = [[cell["cell_type"], _joined(cell["source"])] for cell in json.loads(data)["cells"]]
            data = json.dumps(cells).encode("utf-8")
        elif b"\0" not in data:  # text, by the rule that git goes by
            data = data.replace(b"\r\n", b"\n")
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return hashlib.sha256(data).hexdigest()


def _joined(source: str | list[str]) -> str:
    return (source if isinstance(source, str) else "".join(source)).replace("\r\n", "\n")


def _back_up(path: Path) -> Path:
    """Copy the file beside itself under the first number that is free; never write over anything."""
    for number in itertools.count(1):
        backup = path.with_name(f"{path.stem}.backup-{number}{path.suffix}")
        try:
            with backup.open("xb") as file:
                file.write(path.read_bytes())
        except FileExistsError:
            continue
        return backup
    raise AssertionError("unreachable")


def news(items: Sequence[Item]) -> list[str]:
    """Return what the learner should be told about an update, one bilingual message for each file."""
    messages = {
        State.OUTDATED: ("{n}: updated.", "{n}：已更新。"),
        State.HELD: (
            "{n}: you changed it, so it was left alone. The course has a newer version: "
            "`{p} lab --restore {s}` brings it, and keeps yours beside it.",
            "{n}：你改過內容，所以沒有更動。課程已有新版：執行 `{p} lab --restore {s}` "
            "就能換成新版，你的版本會留在旁邊。",
        ),
        State.BROKEN: (
            "{n}: this file is damaged and will not open. `{p} lab --restore {s}` "
            "brings the original back, and keeps the damaged file beside it.",
            "{n}：檔案已損壞，無法開啟。執行 `{p} lab --restore {s}` 就能還原，損壞的檔案會留在旁邊。",
        ),
    }
    return [
        both(
            *(text.format(n=item.name, p=program(), s=Path(item.name).stem) for text in messages[item.state])
        )
        for item in items
        if item.state in messages and (item.name.endswith(".ipynb") or item.state is State.OUTDATED)
    ]


_STATE_WORDS = {
    State.NEW: ("new: `lab` will add it", "新課程：執行 `lab` 就會加入"),
    State.CURRENT: ("as handed out", "與原版相同"),
    State.OUTDATED: ("untouched; `lab` will update it", "未改過；執行 `lab` 就會更新"),
    State.CHANGED: ("changed by you", "你改過"),
    State.HELD: ("changed by you; the course has a newer version", "你改過；課程已有新版"),
    State.BROKEN: ("damaged: it will not open", "已損壞，無法開啟"),
    State.GONE: ("no longer in the course; yours to keep", "課程已不再收錄；你的檔案會保留"),
}


def report(items: Sequence[Item]) -> str:
    """Return the state of every file, a line each."""
    words = {state: both(*texts).replace("\n", " | ") for state, texts in _STATE_WORDS.items()}
    return "\n".join(f"{item.name:44} {words[item.state]}" for item in items)


def command(
    folder: Path, first: str, port: int | None, browser: bool, further: Sequence[str] = ()
) -> list[str]:
    """Return the command that starts JupyterLab in `folder`, at the notebook `first`, quite offline."""
    words = [
        sys.executable,
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={folder}",
        f"--LabApp.default_url=/lab/tree/{first}",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
    ]
    if port is not None:
        words += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    if not browser:
        words.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        # In a container everyone is root; the server still listens on loopback only.
        words.append("--allow-root")
    return words + list(further)


def environment(folder: Path) -> dict[str, str]:
    """Return JupyterLab's environment: this interpreter's kernel is `python3`; the page has the course's part."""
    from ipykernel.kernelspec import get_kernel_dict

    kernels = folder / _HIDDEN / "jupyter"
    # Warnings of the kernel's own log (that it talks without encryption, to this machine) are none for a learner.
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--log-level=ERROR"]
    specification = get_kernel_dict() | {"argv": argv}
    content = json.dumps(specification, indent=1, ensure_ascii=False).encode("utf-8")
    write_atomically(kernels / "kernels" / "python3" / "kernel.json", content)
    added = {"JUPYTER_PATH": [str(kernels), str(_ASSETS / "share")], "JUPYTER_CONFIG_PATH": [str(_ASSETS)]}
    joined = {k: os.pathsep.join(filter(None, [*v, os.environ.get(k)])) for k, v in added.items()}
    return os.environ | home.stand_ins(folder / _HOME) | joined


def port_number(text: str) -> int:
    """Return the port that a learner named. Raise CourseError unless it is a whole number from 1 to 65535."""
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= LAST_PORT):
        raise CourseError(
            f"{text!r} is no port: name a whole number from 1 to {LAST_PORT}, such as --port 8890, or leave "
            "--port out, and a free one is found.",
            f"{text!r} 不是連接埠：請指定 1 到 {LAST_PORT} 的整數，例如 --port 8890；"
            "不指定 --port，就會自動找一個空的。",
        )
    return int(text)


def require_free(port: int) -> None:
    """Raise CourseError if the port cannot be had on this machine."""
    with socket.socket() as probe:
        if os.name == "posix":
            # A port whose last server has just stopped is free, though the system still remembers it.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise CourseError(
                f"Port {port} cannot be used: {error}. Perhaps the course is already open in another window. "
                f"Name another one (--port {port + 1 if port < LAST_PORT else 8890}), or leave --port out.",
                f"無法使用連接埠 {port}：{error}。課程可能已經在另一個視窗開著。請改用別的連接埠"
                f"（--port {port + 1 if port < LAST_PORT else 8890}），或不要指定 --port。",
            ) from error


def _start(words: list[str], folder: Path, env: dict[str, str]) -> int:
    """Hand over to JupyterLab; where the system can, this very process becomes it, and signals reach it."""
    sys.stdout.flush()
    if os.name == "posix":
        os.chdir(folder)
        os.execve(words[0], words, env)
    server = subprocess.Popen(words, cwd=folder, env=env)
    while True:
        try:
            return server.wait()
        except KeyboardInterrupt:  # JupyterLab got it too, and asks its own question
            continue


def _parser() -> argparse.ArgumentParser:
    own = argparse.ArgumentParser(
        prog=f"{program()} lab",
        description=both(
            "Open the course in JupyterLab, in a working copy that is yours to change.",
            "在 JupyterLab 裡開啟課程；開啟的是可以隨意修改的工作副本。",
        ),
        epilog=both(
            "What follows -- goes to `jupyter lab` as it is.", "-- 之後的內容會原樣交給 `jupyter lab`。"
        ),
    )
    own.add_argument("--no-browser", action="store_true", help=both("open no browser", "不要開啟瀏覽器"))
    own.add_argument(
        "--port", type=port_number, metavar="N", help=both("the port to serve at", "使用的連接埠")
    )
    own.add_argument(
        "--folder",
        type=Path,
        metavar="DIR",
        help=both(f"where the working copy is (default: {FOLDER})", f"工作副本的位置（預設：{FOLDER}）"),
    )
    own.add_argument(
        "--restore",
        metavar="LESSON",
        help=both(
            "bring back the original of a lesson, such as 01; your version is kept",
            "還原一課，例如 01；你的版本會保留",
        ),
    )
    own.add_argument(
        "--status",
        action="store_true",
        help=both("say how each file stands, and change nothing", "列出每個檔案的狀態，不做任何更動"),
    )
    return own


def main(argv: Sequence[str] | None = None) -> int:
    """Bring the working copy up to date and open JupyterLab in it; return the exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    cut = words.index("--") if "--" in words else len(words)
    options, further = _parser().parse_args(words[:cut]), words[cut + 1 :]
    course = course_folder()
    folder = (options.folder or _usual_folder(course)).expanduser().resolve()
    if folder == course:
        raise CourseError(
            "The working copy cannot be the checkout itself: name another folder.",
            "工作副本不能就是儲存庫本身：請換一個資料夾。",
        )
    try:
        return _run(WorkingCopy(course, folder), options, further)
    except BrokenPipeError:  # `--status | head -1`: whoever read it has seen enough
        raise
    except OSError as error:
        raise CourseError(
            f"The working copy {folder} cannot be read or written: {error}. "
            "Another place: `lab --folder DIR`.",
            f"無法讀寫工作副本 {folder}：{error}。可以換個位置：`lab --folder 資料夾`。",
        ) from error


def _usual_folder(course: Path) -> Path:
    """In the checkout; else in the current folder, or where the current folder is part of a working copy, that one."""
    if not is_packed(course):
        return course / FOLDER
    here = Path.cwd()
    return next((place for place in (here, here.parent) if (place / _MANIFEST).is_file()), here / FOLDER)


def _run(copy: WorkingCopy, options: argparse.Namespace, further: Sequence[str]) -> int:
    if options.status:
        print(report(copy.items()))
        return 0
    env = os.environ | home.stand_ins(copy.folder / _HOME)
    if options.restore:
        name, backup = copy.restore(options.restore)
        print(_restored(name, backup))
        advice = running.after_restore(running.server_in(copy.folder, env), name) if backup else None
        if advice:
            print(advice)
        return 0
    if not lessons(copy.course):
        raise CourseError(
            "The folder `notebooks` holds no lesson: is the checkout complete?",
            "`notebooks` 資料夾裡沒有任何一課：儲存庫是否完整？",
        )
    start = next((p for p in lessons(copy.course) if p.name == FIRST), lessons(copy.course)[0])
    server = running.server_in(copy.folder, env)
    if server:
        print(running.welcome(server, f"notebooks/{start.name}", not options.no_browser))
        return 0
    if options.port is not None:
        require_free(options.port)
    for message in news(copy.update()):
        print(message)
    print(
        both(
            f"Your notebooks are in {copy.folder}; change them freely. Ctrl-C here closes the course.",
            f"你的 notebook 在 {copy.folder}，可以隨意修改。要關閉課程，請在這裡按 Ctrl-C。",
        )
    )
    if home.stand_ins(copy.folder):
        print(
            both(
                f"Your home folder cannot be written: settings and progress are kept in {copy.folder / _HOME}, "
                "and last as long as that folder; what you run outside this window does not find them.",
                f"無法寫入家目錄：設定與進度改存在 {copy.folder / _HOME}，只保留到那個資料夾被刪除為止；"
                "在這個視窗以外執行的程式讀不到它們。",
            )
        )
    words = command(copy.folder, f"notebooks/{start.name}", options.port, not options.no_browser, further)
    return _start(words, copy.folder, environment(copy.folder))


def _restored(name: str, backup: Path | None) -> str:
    if backup is None:
        return both(f"{name}: this is the original.", f"{name}：已是原版。")
    return both(
        f"{name}: restored. Your version is now {backup.name}, beside it.",
        f"{name}：已還原。你的版本改名為 {backup.name}，放在旁邊。",
    )
