"""`python -m course_utils measure`: what one student needs of a machine, lesson by lesson, and how many fit on one.

A lesson is run from top to bottom in a kernel of its own, and the kernel and all that it starts are watched.
"""

import math
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from ..checkpoints import checkpoint
from ..lessons import of_notebook
from ..machine import memory_bytes
from ..notebooks.run import run
from ..place import course_folder
from ..texts import Bilingual, CourseError
from .commandline import Parser, chosen_lessons

EVERY = 0.1  # seconds between two looks
SYSTEM_BYTES = 2e9  # left to the operating system and the hub itself
BUSY = 0.5  # share of the processors' time that a class may take on average: students run cells at the same moment
_SERVER_SECONDS = 60
_CELL_SECONDS = 3600  # a large checkpoint on a slow machine is what one wants to know about


@dataclass
class Usage:
    """What was used: `peak` bytes of memory at once (resident, shared pages counted in each process), `processor` seconds
    and `wall` seconds."""

    peak: int = 0
    processor: float = 0.0
    wall: float = 0.0
    _of_process: dict[int, float] = field(default_factory=dict, repr=False)

    def look(self, processes: Sequence[psutil.Process]) -> None:
        """Take these processes into account as they are now."""
        resident = 0
        for one in processes:
            try:
                resident += one.memory_info().rss
                times = one.cpu_times()
            except psutil.Error:  # it has just ended
                continue
            self._of_process[one.pid] = times.user + times.system
        self.peak = max(self.peak, resident)
        self.processor = sum(self._of_process.values())


@dataclass(frozen=True)
class Measured:
    """A lesson, the minutes that it says it takes, and what running it used."""

    lesson: str
    minutes: int
    usage: Usage


@contextmanager
def watching() -> Iterator[Usage]:
    """Watch what this process starts during the block; what ran before, this process itself included, does not count."""
    usage, own, over = Usage(), psutil.Process(), threading.Event()
    before = {one.pid for one in _started_by(own)}

    def watch() -> None:
        while not over.wait(EVERY):
            usage.look([one for one in _started_by(own) if one.pid not in before])

    start = time.perf_counter()
    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield usage
    finally:
        over.set()
        thread.join()
        usage.wall = time.perf_counter() - start


def minutes(lesson: Path) -> int:
    """Return the minutes that a lesson says it takes; 60 for a notebook that is no lesson of the course."""
    found = of_notebook(lesson)
    return found.minutes if found else 60


def measure(lesson: Path, folder: str) -> Measured:
    """Run a lesson on the checkpoint in `folder` and return what it used. Raise NotebookError if a cell fails."""
    planned = minutes(lesson)
    with watching() as usage:
        run(lesson, cell_seconds=_CELL_SECONDS, settings={"COURSE_CHECKPOINT": folder})
    return Measured(lesson.stem[:2], planned, usage)


def server_bytes() -> int:
    """Return the memory of a JupyterLab server that waits for work. Raise CourseError if it does not start."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        log = Path(folder) / "log"
        command = [
            sys.executable,
            "-m",
            "jupyterlab",
            "--no-browser",
            "--allow-root",
            f"--ServerApp.root_dir={folder}",
        ]
        with log.open("wb") as stream:
            server = subprocess.Popen(command, stdout=stream, stderr=stream, cwd=folder)
        try:
            return _once_ready(server, log)
        finally:
            server.terminate()
            server.wait(20)


def fitting(memory: float, cores: int, measured: Sequence[Measured], server: int) -> tuple[int, int | None]:
    """Return how many students fit on a machine of `memory` bytes by its memory, and by its processors (None: any).

    Memory: each has a server and the kernel of the largest lesson. Processors: all go through the most demanding lesson
    in the minutes that it says it takes, and keep the processors busy for at most half of the time.
    """
    of_one = server + max(one.usage.peak for one in measured)
    load = max(one.usage.processor / (60 * one.minutes) for one in measured)
    return max(0, int((memory - SYSTEM_BYTES) / of_one)), int(BUSY * cores / load) if load else None


def main(argv: Sequence[str] | None = None) -> int:
    """Measure the lessons that are named, or all, and print the table; return 0.

    Where a lesson fails, or on Ctrl-C, what is measured by then is printed all the same.
    """
    options = _parser().parse_args(argv)
    memory = options.memory * 1e9 if options.memory is not None else memory_bytes()
    if not memory or not 0 < memory < math.inf or options.cores < 1:
        raise CourseError(
            "Give the machine's memory in GB and its cores, as in `--memory 16 --cores 4`.",
            "請指定機器的記憶體（GB）與核心數，例如 `--memory 16 --cores 4`。",
        )
    folder = checkpoint(options.checkpoint)
    chosen = chosen_lessons(options.lessons, course_folder())
    server = server_bytes()
    measured: list[Measured] = []
    try:
        for lesson in chosen:
            measured.append(measure(lesson, folder))
            print(
                Bilingual(f"{lesson.stem}: done", f"{lesson.stem}：完成").inline(),
                file=sys.stderr,
                flush=True,
            )
    finally:
        if measured:
            print(table(measured, server, options.markdown), flush=True)
    print()
    by_memory, by_processors = fitting(memory, options.cores, measured, server)
    fit = by_memory if by_processors is None else min(by_memory, by_processors)
    shown = "∞" if by_processors is None else by_processors
    print(
        Bilingual(
            f"With {memory / 1e9:.0f} GB and {options.cores} cores: {fit} students at once "
            f"({by_memory} by memory, {shown} by processors).",
            f"記憶體 {memory / 1e9:.0f} GB、{options.cores} 個核心，可以同時容納 {fit} 位學生"
            f"（依記憶體 {by_memory} 位，依處理器 {shown} 位）。",
        )
    )
    return 0


def table(measured: Sequence[Measured], server: int, markdown: bool = False) -> str:
    """Return the figures as a table: of text, or of Markdown."""
    rows = [
        (
            one.lesson,
            f"{one.usage.peak / 1e9:.2f}",
            f"{one.usage.processor:.0f}",
            f"{one.usage.wall:.0f}",
            f"{one.minutes}",
        )
        for one in measured
    ]
    rows.append(("JupyterLab", f"{server / 1e9:.2f}", "", "", ""))
    columns = (
        "課 lesson",
        "記憶體 memory (GB)",
        "處理器 processor (s)",
        "歷時 wall (s)",
        "課程 planned (min)",
    )
    if markdown:
        return "\n".join("| " + " | ".join(row) + " |" for row in (columns, ["---"] * len(columns), *rows))
    from ..show.tables import Table

    return repr(Table(rows, columns))


def _parser() -> Parser:
    parser = Parser(
        "measure",
        Bilingual(
            "Measure the memory and the time of one student, and how many fit on a machine.",
            "量出一位學生需要的記憶體與時間，以及一台機器容得下幾位。",
        ),
    )
    parser.add_lessons()
    parser.add_argument(
        "--checkpoint",
        default="bundled",
        metavar="NAME",
        help=Bilingual("as in COURSE_CHECKPOINT", "同 COURSE_CHECKPOINT"),
    )
    parser.add_argument(
        "--memory",
        type=float,
        metavar="GB",
        help=Bilingual("of the machine; by default this one's", "機器的記憶體；預設是這一台的"),
    )
    parser.add_argument(
        "--cores",
        type=int,
        default=os.cpu_count() or 1,
        metavar="N",
        help=Bilingual("of the machine", "機器的核心數"),
    )
    parser.add_argument(
        "--markdown",
        action="store_true",
        help=Bilingual("a table for a text in Markdown", "印成 Markdown 表格"),
    )
    return parser


def _started_by(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def _once_ready(server: "subprocess.Popen[bytes]", log: Path) -> int:
    """Wait until the server serves, and return the memory that it and what it started hold."""
    until = time.monotonic() + _SERVER_SECONDS
    while "is running at" not in log.read_text(encoding="utf-8", errors="replace"):
        if server.poll() is not None or time.monotonic() > until:
            last = (log.read_text(encoding="utf-8", errors="replace").strip().splitlines() or [""])[-1]
            raise CourseError(
                f"JupyterLab did not start, so its memory cannot be measured: {last}. Run `doctor`.",
                f"JupyterLab 沒有啟動，無法測量它的記憶體：{last}。請執行 `doctor`。",
            )
        time.sleep(EVERY)
    usage, own = Usage(), psutil.Process(server.pid)
    usage.look([own, *_started_by(own)])
    return usage.peak
