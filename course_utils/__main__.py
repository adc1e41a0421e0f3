"""`gpt2-course`, or `python -m course_utils`: lab | doctor | explain | handout | measure | prefetch | refresh.

Without a command it opens the lab.
"""

import os
import platform
import sys
from collections.abc import Sequence
from importlib import import_module

from . import __version__, console
from .place import course_folder, program
from .texts import Bilingual, CourseError

# By its name, what each command is for. Its module in `commands` has main(argv) -> exit status, and is imported when it
# is asked for.
COMMANDS = {
    "lab": Bilingual("open the course in JupyterLab", "在 JupyterLab 裡開啟課程"),
    "doctor": Bilingual("check this machine and say what to do", "檢查這台電腦，並說明該怎麼做"),
    "explain": Bilingual("say what a warning or an error means", "說明一則警告或錯誤的意思"),
    "handout": Bilingual(
        "write student's and instructor's copies (for teachers)", "產生學生版與教師版（給老師使用）"
    ),
    "measure": Bilingual(
        "measure what one student needs of a machine (for teachers)",
        "量出一位學生需要多少機器資源（給老師使用）",
    ),
    "prefetch": Bilingual(
        "fetch what a class needs into one folder (for teachers)",
        "把一個班級需要的東西備齊到一個資料夾（給老師使用）",
    ),
    "refresh": Bilingual(
        "run the notebooks and store their outputs (for authors)",
        "重新執行 notebook 並儲存輸出（給作者使用）",
    ),
}

_VERSION = ("-V", "--version")


def usage() -> str:
    """Return what this program can do, in the learner's language."""
    lines = [f"  {name:8} {purpose.inline()}" for name, purpose in COMMANDS.items()]
    title = Bilingual(
        f"Usage: {program()} [COMMAND [--help]] | --version; without a command: lab",
        f"用法：{program()} [指令 [--help]] | --version；不寫指令就是 lab",
    )
    return "\n".join([str(title), "", *lines])


def version() -> str:
    """Return the course's version, where its files are, and which Python this is."""
    return f"gpt2-course {__version__} ({course_folder()}, Python {platform.python_version()})"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status, 130 after Ctrl-C, or 141 when nobody reads its output any more."""
    console.fit(sys.stdout, sys.stderr)
    try:
        status = _run(list(sys.argv[1:] if argv is None else argv))
        print(end="", flush=True)
        return status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `doctor | head -1`
        with open(os.devnull, "wb") as nowhere:  # for what Python still writes when it ends
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        return 141


def _run(arguments: list[str]) -> int:
    """Run one command; return its exit status, or 2 when the command line makes no sense."""
    arguments = arguments or ["lab"]
    if arguments[0] in ("-h", "--help", "help"):
        print(usage())
        return 0
    if arguments[0] not in (*COMMANDS, *_VERSION):
        print(usage(), file=sys.stderr)
        return 2
    try:
        if arguments[0] in _VERSION:
            print(version())
            return 0
        return import_module(f"course_utils.commands.{arguments[0]}").main(arguments[1:])
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
