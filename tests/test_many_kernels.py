"""A room at work: eight lessons at the same time, one home, one cache, one record of progress; nothing collides."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tiny import checkpoint_in

from course_utils.notebooks.find import lessons
from course_utils.notebooks.run import run
from course_utils.place import repository

SECONDS = 600
# The longer lessons do not add to it: 00 and 01 come once more.
CHOSEN = ("00", "01", "02", "04", "07", "08", "00", "01")
NOTE = """
import sys
from course_utils import record
who = int(sys.argv[1])
for number in range(10):
    record.note(f"{who:02d}.{number}", "correct")
assert record.is_saved()
"""


def test_eight_lessons_at_once(tmp_path: Path) -> None:
    """One user's folders for all of them, and one checkpoint; every kernel has its own ports and comes to its end."""
    tiny = checkpoint_in(tmp_path / "tiny")
    home = {
        "COURSE_CHECKPOINT": str(tiny),
        "COURSE_DATA": str(tmp_path / "data"),
        "HF_HOME": str(tmp_path / "hf"),
        "IPYTHONDIR": str(tmp_path / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
        "HOME": str(tmp_path),
    }
    by_number = {path.name[:2]: path for path in lessons(repository())}
    with ThreadPoolExecutor(len(CHOSEN)) as room:
        work = [room.submit(run, by_number[number], None, SECONDS, home) for number in CHOSEN]
        done = [one.result() for one in work]
    for notebook in done:
        counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
        assert counts == list(range(1, len(counts) + 1))


def test_records_of_progress_at_once(tmp_path: Path) -> None:
    """Three processes note ten answers each in one file: all thirty are there, and nothing was set aside as damaged."""
    environment = {"COURSE_DATA": str(tmp_path), "PYTHONPATH": str(repository()), "PATH": ""}
    writers = [subprocess.Popen([sys.executable, "-c", NOTE, str(who)], env=environment) for who in range(3)]
    assert [writer.wait(SECONDS) for writer in writers] == [0] * 3
    saved = json.loads((tmp_path / "progress.json").read_text(encoding="utf-8"))["exercises"]
    assert saved == {f"{who:02d}.{number}": "correct" for who in range(3) for number in range(10)}
    assert not list(tmp_path.glob("*.damaged.json"))
