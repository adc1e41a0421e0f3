"""`refresh`: outputs in one fixed form, and never half a notebook."""

import base64
import os
import signal
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_utils import __main__ as program
from course_utils.commands import refresh as command
from course_utils.commands.refresh import refresh
from course_utils.notebooks.canonical import canonical, text
from course_utils.notebooks.find import NotebookError, lessons, pick
from course_utils.notebooks.run import fixed_environment, run

WIDGET = "application/vnd.jupyter.widget-view+json"


def write(folder: Path, name: str, *sources: str) -> Path:
    """A notebook without outputs, whose code cells are named c0, c1 …"""
    cells = [new_code_cell(source, id=f"c{i}") for i, source in enumerate(sources)]
    path = folder / name
    nbformat.write(new_notebook(cells=[new_markdown_cell("文字", id="words"), *cells]), path)
    return path


def test_a_notebook_is_run_and_stored(tmp_path):
    path = write(
        tmp_path,
        "00_a.ipynb",
        "import os, sys\nprint('好')\nprint('warn', file=sys.stderr)\n6 * 7",
        "",
        "os.getenv('COURSE_LANGUAGE'), os.getenv('COURSE_CHECKPOINT'), os.path.exists('00_a.ipynb')",
        "from IPython.display import HTML\nHTML('<p>' + repr(object()) + '</p>');",
        "import ipywidgets\nipywidgets.HTML('x')",
        "object()",
    )
    assert refresh(path) is True
    stored = path.read_text(encoding="utf-8")
    book = nbformat.reads(stored, as_version=4)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == [1, 2, 3, 4, 5, 6]
    assert [o.output_type for o in code[0].outputs] == ["stream", "stream", "execute_result"]
    assert code[2].outputs[0].data["text/plain"] == "('both', 'bundled', True)"
    assert code[3].outputs == []
    assert set(code[4].outputs[0].data) == {"text/plain"}
    assert code[5].outputs[0].data["text/plain"] == "<object at 0x000000000000>"
    assert "好" in stored and stored.endswith("}\n") and stored.startswith('{\n "cells"')
    assert set(book.metadata) == {"kernelspec", "language_info"}
    assert refresh(path) is False and path.read_text(encoding="utf-8") == stored


def test_check_writes_nothing_and_finds_what_is_out_of_date(tmp_path):
    path = write(tmp_path, "00_a.ipynb", "1 + 1")
    before = path.read_bytes()
    assert refresh(path, check=True) is True
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("last", "message"),
    [
        ("raise ValueError('no\\nsecond line')", "ValueError: no"),
        ("import os\nos._exit(1)", "DeadKernelError"),
    ],
)
def test_a_failing_cell_is_named_and_nothing_is_written(tmp_path, last, message):
    path = write(tmp_path, "00_a.ipynb", "1", last)
    before = path.read_bytes()
    with pytest.raises(NotebookError, match=message) as caught:
        refresh(path)
    assert (
        "00_a.ipynb" in str(caught.value) and "`c1`" in str(caught.value) and "沒有更動" in str(caught.value)
    )
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_a_hanging_cell_is_named(tmp_path):
    path = write(tmp_path, "00_a.ipynb", "import time\ntime.sleep(60)")
    with pytest.raises(NotebookError, match="`c0`"):
        run(path, cell_seconds=1)


def test_the_kernel_ends_with_its_notebook(tmp_path):
    done = run(write(tmp_path, "00_a.ipynb", "import os\nprint(os.getpid())"))
    assert not psutil.pid_exists(int(done.cells[1].outputs[0].text))


@pytest.mark.skipif(os.name == "nt", reason="needs another operating system: one that can send SIGINT")
def test_ctrl_c_ends_the_command_and_not_the_lesson_alone(tmp_path, monkeypatch, capfd):
    (tmp_path / "notebooks").mkdir()
    for name in ("00_a.ipynb", "01_b.ipynb"):
        write(
            tmp_path / "notebooks",
            name,
            "import os, signal, time\nos.kill(os.getppid(), signal.SIGINT)\ntime.sleep(60)",
        )
    monkeypatch.setattr(command, "repository", lambda: tmp_path)
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    assert program.main(["refresh"]) == 130
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers
    signal.signal(signal.SIGINT, lambda *_: None)
    os.kill(os.getpid(), signal.SIGINT)  # nobody's any more: the next notebook does not get it
    signal.signal(signal.SIGINT, handlers[0])
    run(write(tmp_path, "02_c.ipynb", "1 + 1"))
    captured = capfd.readouterr()
    assert "a.ipynb" not in captured.out + captured.err and "b.ipynb" not in captured.out + captured.err


def with_output(output, **metadata):
    """A notebook of one cell with this output, which need not be a valid one."""
    cell = new_code_cell("x", id="c0", metadata=metadata)
    book = new_notebook(cells=[cell], metadata={"widgets": {}, "colab": {}})
    book.cells[0].outputs = [output]
    return book


@pytest.mark.parametrize("place", ["/home/somebody/", "C:\\Users\\me\\"])
def test_a_folder_of_this_machine_is_refused(tmp_path, monkeypatch, place):
    path = write(tmp_path, "00_a.ipynb", "x")
    before = path.read_bytes()
    monkeypatch.setattr(command, "_places_of_this_machine", lambda: {place})
    output = new_output("stream", name="stderr", text=f"{place}file.py:3: UserWarning")
    with pytest.raises(NotebookError, match="`c0`.*names a folder"):
        refresh(path, runner=lambda _: with_output(output))
    assert path.read_bytes() == before


def test_canonical_drops_what_differs_and_keeps_what_matters():
    output = new_output("display_data", {"text/plain": "w", WIDGET: {"model_id": "abc"}})
    output["transient"] = {"display_id": "abc"}
    book = with_output(output, tags=["raises-exception"], execution={"iopub.busy": "now"}, scrolled=True)
    cell = canonical(book).cells[0]
    assert cell.metadata == {"tags": ["raises-exception"]}
    assert cell.outputs[0].data == {"text/plain": "w"} and "transient" not in cell.outputs[0]
    assert book.cells[0].outputs[0].data.keys() == {"text/plain", WIDGET}, "the argument is left alone"
    assert text(canonical(canonical(book))) == text(canonical(book))


def test_a_traceback_holds_no_path():
    error = new_output("error", ename="E", evalue="why", traceback=["/usr/lib/x.py", "E: why"])
    assert canonical(with_output(error)).cells[0].outputs[0].traceback == ["E: why"]


def test_pieces_of_a_stream_are_joined():
    said = [("stdout", "a"), ("stdout", "b"), ("stderr", "c")]
    pieces = [new_output("stream", name=name, text=words) for name, words in said]
    book = new_notebook(cells=[new_code_cell("x", id="c0", outputs=pieces)])
    assert [(o.name, o.text) for o in canonical(book).cells[0].outputs] == [("stdout", "ab"), ("stderr", "c")]


def test_pictures_lose_their_remarks_and_stay_pictures():
    from io import BytesIO

    from PIL import Image, PngImagePlugin

    remark = PngImagePlugin.PngInfo()
    remark.add_text("Software", "Matplotlib version 0")
    buffer = BytesIO()
    Image.new("RGB", (3, 2), "red").save(buffer, "png", pnginfo=remark)
    assert b"Matplotlib" in buffer.getvalue()
    output = new_output("display_data", {"image/png": base64.b64encode(buffer.getvalue()).decode() + "\n"})
    plain = base64.b64decode(canonical(with_output(output)).cells[0].outputs[0].data["image/png"])
    assert b"Matplotlib" not in plain
    assert Image.open(BytesIO(plain)).tobytes() == Image.open(buffer).tobytes()


@pytest.mark.parametrize(
    "value",
    [
        "",
        "not base64!",
        base64.b64encode(b"GIF89a").decode(),
        base64.b64encode(b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffIHDR1234").decode(),
    ],
)
def test_what_is_no_picture_is_left_alone(value):
    output = new_output("display_data", {"image/png": value})
    assert canonical(with_output(output)).cells[0].outputs[0].data["image/png"] == value


BOOK = '{"cells": %s, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"cells": 3}',
        b"\xff\xfe\0",
        *(
            (BOOK % cells).encode()
            for cells in (
                '"x"',
                "[3]",
                '[{"cell_type": "code", "id": "a", "source": "1", "outputs": [], "execution_count": null}]',
                '[{"cell_type": "code", "id": "a", "source": 5, "metadata": {}, "outputs": [], "execution_count": null}]',
            )
        ),
    ],
)
def test_what_is_no_notebook_is_said(tmp_path, content):
    path = tmp_path / "00_a.ipynb"
    path.write_bytes(content)
    with pytest.raises(NotebookError, match="00_a.ipynb"):
        refresh(path)
    assert path.read_bytes() == content


def test_a_folder_and_a_link_to_nowhere_are_no_notebooks(tmp_path):
    (tmp_path / "00_a.ipynb").mkdir()
    (tmp_path / "01_b.ipynb").symlink_to("nowhere")
    for path in tmp_path.iterdir():
        with pytest.raises(NotebookError, match=path.name):
            refresh(path)


def test_lessons_are_picked_by_number_and_name(tmp_path):
    (tmp_path / "notebooks").mkdir()
    for name in ("01_base.ipynb", "00_start.ipynb", ".hidden.ipynb", "notes.txt"):
        (tmp_path / "notebooks" / name).write_text("{}")
    among = lessons(tmp_path)
    assert [path.name for path in among] == ["00_start.ipynb", "01_base.ipynb"]
    for name in ("01", "01_base", "01_base.ipynb", "notebooks/01_base.ipynb"):
        assert pick(name, among).name == "01_base.ipynb"


def test_the_command_reports_each_notebook_and_fails_if_one_does(tmp_path, monkeypatch, capsys):
    (tmp_path / "notebooks").mkdir()
    for name in ("00_a.ipynb", "01_b.ipynb"):
        write(tmp_path / "notebooks", name, "x")

    def one_fails(path, check):
        if path.name.startswith("00"):
            raise NotebookError("broken", "壞了")
        return True

    monkeypatch.setattr(command, "repository", lambda: tmp_path)
    monkeypatch.setattr(command, "refresh", one_fails)
    assert command.main([]) == 1
    assert command.main(["01"]) == 0
    assert command.main(["01", "--check"]) == 1
    captured = capsys.readouterr()
    assert "壞了" in captured.err and "out of date" in captured.out and "已重新儲存" in captured.out


def test_atomic_writing_keeps_the_old_file_when_it_fails(tmp_path, monkeypatch):
    path = tmp_path / "a.ipynb"
    path.write_text("old")
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        command.write_atomically(path, b"new")
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_notebooks_are_run_as_the_tests_run_them(tmp_path):
    """conftest.py fixed the environment of this very test run; folders apart, `refresh` has the same."""
    fresh = fixed_environment(tmp_path)
    ours = {k: v for k, v in fresh.items() if not v.startswith(str(tmp_path)) and k != "PYTEST_CURRENT_TEST"}
    assert {k: v for k, v in ours.items() if os.environ.get(k) != v} == {}
    decisive = ("COURSE_", "HF_", "TRANSFORMERS_")
    theirs = {k for k in os.environ if k.startswith(decisive)} - {"COURSE_NOTEBOOK_SECONDS"}
    assert theirs == {k for k in fresh if k.startswith(decisive)}
