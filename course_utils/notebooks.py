"""The course's notebooks: finding them, running them afresh, and the one form in which they are stored.

`python -m course_utils refresh` runs notebooks and writes their outputs back in canonical form: what differs
from machine to machine or run to run (times, addresses, widget state, kernel names) is not in it, so that
a difference in git is a difference in the course.
"""

import argparse
import base64
import binascii
import copy
import json
import os
import re
import signal
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_utils import home
from course_utils.files import write_atomically
from course_utils.language import CourseError, both
from course_utils.place import program, repository

if TYPE_CHECKING:
    from nbclient import NotebookClient
    from nbformat import NotebookNode

CELL_SECONDS = 120
FIRST = "00_start_here.ipynb"

_OTHERS_SETTINGS = ("COURSE_", "HF_", "TRANSFORMERS_", "HUGGINGFACE_", "PYTORCH_TRANSFORMERS_")
_UNSET = {
    "PYTHONOPTIMIZE",
    "PYTHONWARNINGS",
    "PYTHONSTARTUP",
    "MPLBACKEND",
    "JUPYTER_PATH",
    "JUPYTER_CONFIG_PATH",
}
_CELL_METADATA = {"deletable", "editable", "jupyter", "slideshow", "tags"}
_WIDGETS = {"application/vnd.jupyter.widget-view+json", "application/vnd.jupyter.widget-state+json"}
_ADDRESS = re.compile(r"(?<=\bat )0x[0-9a-fA-F]{6,}")
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_REMARKS = {b"tEXt", b"iTXt", b"zTXt", b"tIME"}


class NotebookError(CourseError):
    """A notebook that cannot be run or stored; the message names it and, where there is one, the cell."""


def lessons(root: Path) -> list[Path]:
    """Return the lessons of the course's folder `root`, in order."""
    return sorted(path for path in (root / "notebooks").glob("*.ipynb") if not path.name.startswith("."))


def pick(name: str, among: Iterable[Path]) -> Path:
    """Return the one lesson that `name` means: "01", "1", "base_model", "01_base_model", its file name or a path to it."""
    paths = list(among)
    stem = Path(name).name.removesuffix(".ipynb")
    number = stem.zfill(2) if stem.isdecimal() else stem
    found = (
        [p for p in paths if p.stem == stem]
        or [p for p in paths if p.stem.startswith(f"{number}_")]
        or [p for p in paths if p.stem.partition("_")[2] == stem]
    )
    if stem and len(found) == 1:
        return found[0]
    known = ", ".join(p.stem for p in paths)
    raise CourseError(
        f"{name!r} names no lesson, or more than one. There are: {known}.",
        f"{name!r} 對不到任何一課，或者不只對到一課。現有：{known}。",
    )


def fixed_environment(scratch: Path) -> dict[str, str]:
    """Return the environment in which notebooks are run for storing: the one in which the tests run them.

    The learner's own settings are not in it; `scratch` is an empty folder that holds what takes their place.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith(_OTHERS_SETTINGS) and k not in _UNSET}
    return kept | {
        "COURSE_LANGUAGE": "both",
        "COURSE_CHECKPOINT": "bundled",
        "COURSE_DATA": str(scratch / "data"),
        "HF_HOME": str(scratch / "hf"),
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "IPYTHONDIR": str(scratch / "ipython"),
        "JUPYTER_CONFIG_DIR": str(scratch / "jupyter"),
        "MATPLOTLIBRC": str(scratch / "matplotlibrc"),
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


@contextmanager
def _scratch_environment() -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory(prefix="gpt2-course-", ignore_cleanup_errors=True) as folder:
        scratch = Path(folder)
        for name in ("data", "hf", "ipython", "jupyter"):
            (scratch / name).mkdir()
        (scratch / "matplotlibrc").write_text("backend: Agg\n", encoding="utf-8")
        yield home.stand_ins(scratch) | fixed_environment(scratch)


def read(path: Path) -> "NotebookNode":
    """Read a notebook as format 4. Raise NotebookError if it is not one, or cannot be read."""
    import nbformat

    invalid = (nbformat.ValidationError, ValueError, KeyError, AttributeError, TypeError, RecursionError)
    try:
        notebook = nbformat.convert(nbformat.reader.reads(path.read_text(encoding="utf-8")), 4)
        nbformat.validate(notebook)
    except (OSError, *invalid) as error:
        detail = (str(error).splitlines() or [""])[0][:200]
        raise NotebookError(
            f"{path.name} is not a readable notebook: {detail}. Restore it from git, or move it away.",
            f"{path.name} 不是可以讀取的 notebook：{detail}。請用 git 還原它，或把它移走。",
        ) from error
    return notebook


def run(
    path: Path,
    notebook: "NotebookNode | None" = None,
    cell_seconds: float = CELL_SECONDS,
    settings: Mapping[str, str] | None = None,
) -> "NotebookNode":
    """Run a notebook in a fresh kernel of this environment, in its own folder; return it with its outputs.

    `notebook`: what to run in place of the file's content, such as a copy with the exercises solved. `settings`:
    environment variables that differ from those of `fixed_environment`, such as another COURSE_CHECKPOINT.

    Raise NotebookError, naming the cell, if one fails, hangs for `cell_seconds` or ends the kernel, and
    KeyboardInterrupt if the run was interrupted.
    """
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    notebook = read(path) if notebook is None else notebook
    at: list[str] = []
    # With no folders to look in, the manager falls back on the kernel of this very interpreter.
    manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))
    client = NotebookClient(
        notebook,
        km=manager,
        timeout=cell_seconds,
        startup_timeout=120,
        extra_arguments=["--log-level=ERROR"],  # the kernel's own warnings are none for a learner
        store_widget_state=False,
        record_timing=False,
        resources={"metadata": {"path": str(path.parent.resolve())}},
        on_cell_start=lambda cell, cell_index: at.append(cell.get("id", str(cell_index))),
    )
    try:
        with _scratch_environment() as environment:
            _execute(client, environment | dict(settings or {}))
    except CellExecutionError as error:
        raise _failed(path, at, f"{error.ename}: {error.evalue}") from error
    except (CellTimeoutError, DeadKernelError, RuntimeError) as error:
        reason = f"{type(error).__name__}: {(str(error).strip().splitlines() or [''])[0]}"
        raise _failed(path, at, reason) from error
    return notebook


def _execute(client: "NotebookClient", environment: dict[str, str]) -> None:
    """Run the client's notebook and end its kernel; raise KeyboardInterrupt if the run was interrupted."""
    with _signals_as_they_were():
        try:
            client.execute(env=environment, cleanup_kc=True)
        finally:
            # nbclient takes Ctrl-C for itself and ends the kernel, no more; what follows from that differs.
            if hasattr(client, "_async_cleanup_kernel_future"):
                raise KeyboardInterrupt


@contextmanager
def _signals_as_they_were() -> Iterator[None]:
    """nbclient takes the signals that end a program; where its clean-up fails, it does not give them back."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    taken = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    wakes = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(wakes)
    try:
        yield
    finally:
        signal.set_wakeup_fd(wakes)  # else a later signal would wait in the event loop for the next notebook
        for number, handler in taken.items():
            if handler is not None:  # one that Python did not set
                signal.signal(number, handler)


def _failed(path: Path, at: Sequence[str], reason: str) -> NotebookError:
    where = f"cell `{at[-1]}`" if at else "before its first cell"
    zh = f"儲存格 `{at[-1]}`" if at else "還沒執行到第一個儲存格"
    return NotebookError(
        f"{path.name}, {where}: {reason}. The stored notebook is unchanged.",
        f"{path.name}，{zh}：{reason}。已存的 notebook 沒有更動。",
    )


def canonical(notebook: "NotebookNode", forbidden: Iterable[str] = ()) -> "NotebookNode":
    """Return the notebook in the form in which it is stored; applying it twice changes nothing more.

    Kept: cells, their ids and sources, outputs. Gone: timings, widget models, the kernel's versions, the
    pictures' remarks about what drew them. Raise ValueError with the cell's id if an output holds one of the
    `forbidden` strings (folders of this machine).
    """
    result = copy.deepcopy(notebook)
    result.metadata = type(notebook)(
        kernelspec={"display_name": "Python 3 (ipykernel)", "name": "python3"},
        language_info={"name": "python"},
    )
    result.nbformat, result.nbformat_minor = 4, 5
    places = tuple(forbidden)
    count = 0
    for cell in result.cells:
        cell.metadata = type(notebook)({k: v for k, v in cell.metadata.items() if k in _CELL_METADATA})
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
            cell.outputs = [_canonical_output(output, count) for output in _joined(cell.outputs)]
            _refuse_places(cell, places)
    return result


def _joined(outputs: Iterable[Any]) -> list[Any]:
    """Join neighbouring pieces of one stream: where a kernel cuts it depends on timing."""
    result: list[Any] = []
    for output in outputs:
        last = result[-1] if result else None
        if last and output.output_type == last.output_type == "stream" and output.name == last.name:
            last.text += output.text
        else:
            result.append(output)
    return result


def _canonical_output(output: Any, count: int) -> Any:
    output.pop("transient", None)
    if output.output_type == "stream":
        output.text = _ADDRESS.sub(_no_address, output.text)
    elif output.output_type == "error":
        # A traceback is full of this machine's paths; its last line says what the course says about it.
        output.traceback = [f"{output.ename}: {output.evalue}"]
    else:
        kept = {k: _canonical_data(k, v) for k, v in output.data.items() if k not in _WIDGETS}
        output.data = type(output)(kept)
        if output.output_type == "execute_result":
            output.execution_count = count
    return output


def _canonical_data(mime: str, value: Any) -> Any:
    if mime == "image/png":
        return _plain_png(value)
    if isinstance(value, str) and mime.startswith("text/"):
        return _ADDRESS.sub(_no_address, value)
    return value


def _no_address(match: re.Match[str]) -> str:
    """Zeros of the same length: it still looks like an address, to people and to the sanitize file."""
    return "0x" + "0" * (len(match[0]) - 2)


def _plain_png(encoded: str) -> str:
    """Drop the text and time chunks (what drew it, and when) of a base64 PNG; leave anything else alone."""
    try:
        data = base64.b64decode(encoded, validate=False)
    except (binascii.Error, ValueError):
        return encoded
    if not data.startswith(_PNG_SIGNATURE):
        return encoded
    kept, at = [_PNG_SIGNATURE], len(_PNG_SIGNATURE)
    while at + 12 <= len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        end = at + 12 + length
        if end > len(data):
            return encoded
        if data[at + 4 : at + 8] not in _PNG_REMARKS:
            kept.append(data[at:end])
        at = end
    # One line, without the newline at its end that some encoders add.
    return base64.b64encode(b"".join(kept)).decode("ascii")


def _refuse_places(cell: Any, places: Sequence[str]) -> None:
    text = json.dumps(cell.outputs, ensure_ascii=False)
    for place in places:
        if json.dumps(place, ensure_ascii=False)[1:-1] in text:
            raise ValueError(f"{cell.get('id', '?')}\t{place}")


def _places_of_this_machine() -> set[str]:
    candidates = {Path(sys.prefix), Path(__file__).resolve().parent.parent, Path(tempfile.gettempdir())}
    places = {str(path) for path in candidates} | ({str(own) + os.sep} if (own := home.folder()) else set())
    return {place for place in places if len(place) > 3}


def text(notebook: "NotebookNode") -> str:
    """Return the notebook as it stands on disk: JSON, indented by one, not escaped, with a last newline."""
    import nbformat

    return nbformat.writes(notebook, version=nbformat.NO_CONVERT) + "\n"


def _write_and_run(path: Path) -> "NotebookNode":
    """Run a notebook with the exercises as the lesson's module has them."""
    from course_utils.lessons import of_notebook

    notebook, lesson = read(path), of_notebook(path)
    if lesson is not None:
        from course_utils.practice.cells import write_cells

        write_cells(notebook, lesson.number)
    return run(path, notebook)


def refresh(
    path: Path, *, check: bool = False, runner: Callable[[Path], "NotebookNode"] = _write_and_run
) -> bool:
    """Run one notebook and store it in canonical form; return whether what is stored differs from before.

    Statement and blank of its exercises are written into it first, from the lesson's module.

    With `check` nothing is written, and pictures do not count: their pixels differ from machine to machine.
    Raise NotebookError, with the file as it was, if a cell fails or an output names a folder of this machine.
    """
    notebook = runner(path)
    before = path.read_text(encoding="utf-8")
    try:
        fresh = canonical(notebook, _places_of_this_machine())
    except ValueError as error:
        cell, _, place = str(error).partition("\t")
        raise NotebookError(
            f"{path.name}, cell `{cell}`: its output names a folder of this machine ({place}); "
            "print something that is the same everywhere. The stored notebook is unchanged.",
            f"{path.name}，儲存格 `{cell}`：輸出裡有這台電腦的路徑（{place}），請改印在每台電腦上都一樣的內容。"
            "已存的 notebook 沒有更動。",
        ) from error
    if check:
        return text(_without_pictures(fresh)) != text(_without_pictures(read(path)))
    after = text(fresh)
    if after != before:
        write_atomically(path, after.encode("utf-8"))
    return after != before


def _without_pictures(notebook: "NotebookNode") -> "NotebookNode":
    result = copy.deepcopy(notebook)
    for cell in result.cells:
        for output in cell.get("outputs", ()):
            for mime in ("image/png", "image/jpeg"):
                output.get("data", {}).pop(mime, None)
    return result


def main(argv: Sequence[str] | None = None) -> int:
    """Refresh the lessons that are named; return 0, or 1 if one failed or, with --check, is out of date."""
    options = _parser().parse_args(argv)
    among = lessons(repository())
    chosen = list(dict.fromkeys(pick(name, among) for name in options.names)) or among
    if not chosen:
        raise CourseError("There is no notebook to refresh.", "沒有可以重新執行的 notebook。")
    failed = 0
    for path in chosen:
        start = time.perf_counter()
        try:
            changed = refresh(path, check=options.check)
        except NotebookError as error:
            print(error, file=sys.stderr, flush=True)
            failed += 1
            continue
        failed += changed and options.check
        print(_verdict(path.name, changed, options.check, time.perf_counter() - start), flush=True)
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    own = argparse.ArgumentParser(
        prog=f"{program()} refresh",
        description=both(
            "Run the notebooks afresh and store their outputs (for authors).",
            "重新執行 notebook 並儲存輸出（給作者使用）。",
        ),
    )
    own.add_argument(
        "names",
        nargs="*",
        metavar="LESSON",
        help=both("which lessons, such as 01; all, if none is named", "哪幾課，例如 01；不寫就是全部"),
    )
    own.add_argument(
        "--check",
        action="store_true",
        help=both(
            "write nothing; fail if a stored output is out of date",
            "不寫入任何檔案；已存的輸出若已過時就以失敗結束",
        ),
    )
    return own


def _verdict(name: str, changed: bool, check: bool, seconds: float) -> str:
    if not changed:
        return both(f"{name}: unchanged ({seconds:.0f} s)", f"{name}：沒有變化（{seconds:.0f} 秒）")
    if check:
        return both(
            f"{name}: out of date; run `{program()} refresh {name}` ({seconds:.0f} s)",
            f"{name}：已過時，請執行 `{program()} refresh {name}`（{seconds:.0f} 秒）",
        )
    return both(f"{name}: stored anew ({seconds:.0f} s)", f"{name}：已重新儲存（{seconds:.0f} 秒）")
