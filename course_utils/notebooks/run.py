"""Running a notebook afresh: a new kernel of this interpreter, with settings that are the same on every machine."""

import os
import signal
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from .. import folders
from .find import NotebookError, read

if TYPE_CHECKING:
    from nbclient import NotebookClient
    from nbformat import NotebookNode

CELL_SECONDS = 120

OTHERS_SETTINGS = ("HF_", "TRANSFORMERS_", "HUGGINGFACE_", "PYTORCH_TRANSFORMERS_")
# PYTHONOPTIMIZE would strip every assertion; a backend in MPLBACKEND would take the pictures out of the notebooks.
UNSET = (
    "PYTHONOPTIMIZE",
    "PYTHONWARNINGS",
    "PYTHONSTARTUP",
    "MPLBACKEND",
    "JUPYTER_PATH",
    "JUPYTER_CONFIG_PATH",
)


def fixed_settings(scratch: Path) -> dict[str, str]:
    """Return what is the same wherever notebooks or tests are run; their files are in the folder `scratch`."""
    return {
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
        # One thread: two workers do not fight over two cores, and sums are added up in one order everywhere.
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def lay_out(scratch: Path) -> None:
    """Make, in an empty folder, what the fixed settings name."""
    for name in ("data", "hf", "ipython", "jupyter"):
        (scratch / name).mkdir()
    # "Agg" holds for unit tests; in a kernel the inline backend outranks the file.
    (scratch / "matplotlibrc").write_text("backend: Agg\n", encoding="utf-8")


def fixed_environment(scratch: Path) -> dict[str, str]:
    """Return the environment in which notebooks are run for storing: the one in which the tests run them.

    The learner's own settings are not in it; `scratch` is an empty folder that holds what takes their place.
    """
    others = ("COURSE_", *OTHERS_SETTINGS)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(others) and k not in UNSET}
    return kept | fixed_settings(scratch)


@contextmanager
def _scratch_environment() -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory(prefix="gpt2-course-", ignore_cleanup_errors=True) as folder:
        scratch = Path(folder)
        lay_out(scratch)
        yield folders.stand_ins(scratch) | fixed_environment(scratch)


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
