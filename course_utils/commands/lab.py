"""`python -m course_utils lab`: bring the learner's working copy up to date, and open JupyterLab in it.

The copy is `my-course/`, which git ignores; `working_copy` says what is done to it.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from .. import folders, running
from ..files import write_atomically
from ..notebooks.find import FIRST, lessons
from ..place import ASSETS, course_folder, is_packed, program
from ..texts import Bilingual, CourseError
from ..working_copy import HIDDEN, MANIFEST, Item, State, WorkingCopy
from .commandline import Parser

FOLDER = "my-course"
LAST_PORT = 65535
_STAND_IN_HOME = f"{HIDDEN}/home"  # used where the home folder cannot be written
_JUPYTER = ASSETS / "jupyter"


_NEWS = {
    State.OUTDATED: Bilingual("{n}: updated.", "{n}：已更新。"),
    State.HELD: Bilingual(
        "{n}: you changed it, so it was left alone. The course has a newer version: "
        "`{p} lab --restore {s}` brings it, and keeps yours beside it.",
        "{n}：你改過內容，所以沒有更動。課程已有新版，執行 `{p} lab --restore {s}` 就能換成新版，你的版本會留在旁邊。",
    ),
    State.BROKEN: Bilingual(
        "{n}: this file is damaged and will not open. `{p} lab --restore {s}` "
        "brings the original back, and keeps the damaged file beside it.",
        "{n}：檔案已損壞，無法開啟。執行 `{p} lab --restore {s}` 就能還原，損壞的檔案會留在旁邊。",
    ),
}
_STATE_WORDS = {
    State.NEW: Bilingual("new: `lab` will add it", "新的一課，執行 `lab` 就會加入"),
    State.CURRENT: Bilingual("as handed out", "與原版相同"),
    State.OUTDATED: Bilingual("untouched; `lab` will update it", "未改過；執行 `lab` 就會更新"),
    State.CHANGED: Bilingual("changed by you", "你改過"),
    State.HELD: Bilingual("changed by you; the course has a newer version", "你改過；課程已有新版"),
    State.BROKEN: Bilingual("damaged: it will not open", "已損壞，無法開啟"),
    State.GONE: Bilingual("no longer in the course; yours to keep", "課程已不再收錄；你的檔案會保留"),
}


def news(items: Sequence[Item]) -> list[Bilingual]:
    """Return what the learner should be told about an update, one message for each file."""
    return [
        _filled(_NEWS[item.state], item.name)
        for item in items
        if item.state in _NEWS and (item.name.endswith(".ipynb") or item.state is State.OUTDATED)
    ]


def _filled(message: Bilingual, name: str) -> Bilingual:
    words = {"n": name, "p": program(), "s": Path(name).stem}
    return Bilingual(message.en.format(**words), message.zh.format(**words))


def report(items: Sequence[Item]) -> str:
    """Return the state of every file, a line each."""
    return "\n".join(f"{item.name:44} {_STATE_WORDS[item.state].inline()}" for item in items)


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

    kernels = folder / HIDDEN / "jupyter"
    # Warnings of the kernel's own log (that it talks without encryption, to this machine) are none for a learner.
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--log-level=ERROR"]
    specification = get_kernel_dict() | {"argv": argv}
    content = json.dumps(specification, indent=1, ensure_ascii=False).encode("utf-8")
    write_atomically(kernels / "kernels" / "python3" / "kernel.json", content)
    added = {"JUPYTER_PATH": [str(kernels), str(_JUPYTER / "share")], "JUPYTER_CONFIG_PATH": [str(_JUPYTER)]}
    joined = {k: os.pathsep.join(filter(None, [*v, os.environ.get(k)])) for k, v in added.items()}
    return os.environ | folders.stand_ins(folder / _STAND_IN_HOME) | joined


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


def _parser() -> Parser:
    parser = Parser(
        "lab",
        Bilingual(
            "Open the course in JupyterLab, in a working copy that is yours to change.",
            "在 JupyterLab 裡開啟課程的工作副本，可以隨意修改。",
        ),
        epilog=Bilingual(
            "What follows -- goes to `jupyter lab` as it is.", "-- 之後的內容會原樣交給 `jupyter lab`。"
        ),
    )
    parser.add_argument(
        "--no-browser", action="store_true", help=Bilingual("open no browser", "不要開啟瀏覽器")
    )
    parser.add_argument(
        "--port", type=port_number, metavar="N", help=Bilingual("the port to serve at", "使用的連接埠")
    )
    parser.add_argument(
        "--folder",
        type=Path,
        metavar="DIR",
        help=Bilingual(f"where the working copy is (default: {FOLDER})", f"工作副本的位置（預設：{FOLDER}）"),
    )
    parser.add_argument(
        "--restore",
        metavar="LESSON",
        help=Bilingual(
            "bring back the original of a lesson, such as 01; your version is kept",
            "還原一課，例如 01；你的版本會保留",
        ),
    )
    parser.add_argument(
        "--status",
        action="store_true",
        help=Bilingual("say how each file stands, and change nothing", "列出每個檔案的狀態，不做任何更動"),
    )
    return parser


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
            "工作副本不能放在儲存庫本身的資料夾，請換一個資料夾。",
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
    return next((place for place in (here, here.parent) if (place / MANIFEST).is_file()), here / FOLDER)


def _run(copy: WorkingCopy, options: argparse.Namespace, further: Sequence[str]) -> int:
    if options.status:
        print(report(copy.items()))
        return 0
    env = os.environ | folders.stand_ins(copy.folder / _STAND_IN_HOME)
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
        Bilingual(
            f"Your notebooks are in {copy.folder}; change them freely. Ctrl-C here closes the course.",
            f"你的 notebook 在 {copy.folder}，可以隨意修改。要關閉課程，請在這裡按 Ctrl-C。",
        )
    )
    if folders.stand_ins(copy.folder):
        print(
            Bilingual(
                f"Your home folder cannot be written: settings and progress are kept in {copy.folder / _STAND_IN_HOME}, "
                "and last as long as that folder; what you run outside this window does not find them.",
                f"無法寫入家目錄：設定與進度改存在 {copy.folder / _STAND_IN_HOME}，只保留到那個資料夾被刪除為止；"
                "在這個視窗以外執行的程式讀不到它們。",
            )
        )
    words = command(copy.folder, f"notebooks/{start.name}", options.port, not options.no_browser, further)
    return _start(words, copy.folder, environment(copy.folder))


def _restored(name: str, backup: Path | None) -> Bilingual:
    if backup is None:
        return Bilingual(f"{name}: this is the original.", f"{name}：已是原版。")
    return Bilingual(
        f"{name}: restored. Your version is now {backup.name}, beside it.",
        f"{name}：已還原。你的版本改名為 {backup.name}，放在旁邊。",
    )
