"""What a notebook uses is found, and how many students fit is arithmetic."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_utils import CourseError
from course_utils.commands import measure as command
from course_utils.commands.measure import (
    Measured,
    Usage,
    fitting,
    main,
    measure,
    server_bytes,
    table,
    watching,
)

HELD = 300_000_000


def lesson(folder, *codes):
    path = folder / "07_try.ipynb"
    title = new_markdown_cell("# Try")
    nbformat.write(new_notebook(cells=[title, *map(new_code_cell, codes)]), path)
    return path


def test_memory_and_time_of_a_kernel_are_seen(tmp_path):
    bare = measure(lesson(tmp_path, "1"), "bundled")
    full = measure(
        lesson(
            tmp_path,
            f"held = bytearray({HELD})\nheld[::4096] = b'x' * len(held[::4096])",
            "import time\nuntil = time.process_time() + 2\nwhile time.process_time() < until: pass",
        ),
        "bundled",
    )
    assert (full.lesson, full.minutes) == ("07", 60)
    assert 0.9 * HELD < full.usage.peak - bare.usage.peak < 1.5 * HELD
    assert 1.5 < full.usage.processor - bare.usage.processor < 5 and full.usage.wall > 2


def test_what_ran_before_does_not_count(tmp_path):
    with watching() as usage:
        pass
    assert (usage.peak, usage.processor) == (0, 0)


def test_a_server_takes_memory():
    assert 30e6 < server_bytes() < 1e9


def of(peak, processor, minutes=60, name="01"):
    return Measured(name, minutes, Usage(peak=int(peak), processor=processor))


def test_how_many_fit():
    measured = [of(0.5e9, 60), of(0.9e9, 90, name="06")]
    assert fitting(16e9, 4, measured, int(0.1e9)) == (
        14,
        80,
    )  # (16 - 2) / (0.9 + 0.1); half of 4 cores, 90 s in 3,600
    assert fitting(1e9, 4, measured, int(0.1e9))[0] == 0


def test_the_table_in_text_and_markdown():
    measured = [of(0.5e9, 61.4)]
    assert "0.50" in table(measured, 10**8) and "| 01 | 0.50 | 61 | 0 | 60 |" in table(
        measured, 10**8, markdown=True
    )


def test_the_command(tmp_path, monkeypatch, capsys):
    path = lesson(tmp_path, "1")
    monkeypatch.setattr(command, "chosen_lessons", lambda names, course: [path])
    assert main(["07", "--memory", "8", "--cores", "2"]) == 0
    assert "8 GB" in capsys.readouterr().out


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), CourseError("broken", "壞了")])
def test_what_is_measured_is_printed_where_a_lesson_fails(monkeypatch, capsys, stop):
    def one(path, where):
        if path.name.startswith("01"):
            raise stop
        return of(0.5e9, 61.4, name="00")

    monkeypatch.setattr(command, "measure", one)
    monkeypatch.setattr(command, "server_bytes", lambda: 10**8)
    with pytest.raises(type(stop)):
        main(["00", "01", "--markdown"])
    assert "| 00 | 0.50 | 61 | 0 | 60 |" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["99"],
        ["--memory", "0"],
        ["--memory", "nan"],
        ["--memory", "inf"],
        ["--cores", "0"],
        ["--checkpoint", "/nowhere"],
    ],
)
def test_bad_input(words):
    with pytest.raises(CourseError):
        main(words)
