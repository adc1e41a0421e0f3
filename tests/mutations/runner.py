"""Run a notebook's code cells, unmutated and mutated: `python -m mutations.runner NOTEBOOK`, mutations on
stdin.

The unmutated notebook runs once, cell after cell; where a mutated cell is due, the process forks, and the
child runs the
mutated cell and those after it, up to the one that should fail. So imports and models are paid for once.
Where
forking is not safe (anything but Linux), each mutation runs from the notebook's beginning in a process of
its own.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DID_NOT_RAISE = "DidNotRaise"
CHILD_SECONDS = 180


def code_cells(path: Path) -> list[dict]:
    """The notebook's code cells as {id, source, promised}, `promised` the name of the error a cell is to
    raise."""
    cells = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        promised = None
        if "raises-exception" in cell.get("metadata", {}).get("tags", []):
            promised = next(
                (o["ename"] for o in cell["outputs"] if o["output_type"] == "error"), "an exception"
            )
        cells.append({"id": cell["id"], "source": "".join(cell["source"]), "promised": promised})
    return cells


def new_shell():
    """An IPython shell without history file, as bare as a fresh kernel."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    return InteractiveShell.instance(config=config)


def run_cell(shell, cell: dict, text: str) -> str | None:
    """Run one cell with output thrown away. Returns the name of the error that would turn it red, or None."""
    with (
        open(os.devnull, "w", encoding="utf-8") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        result = shell.run_cell(text, store_history=True)
    if "matplotlib.pyplot" in sys.modules:  # as the inline backend does after each cell
        sys.modules["matplotlib.pyplot"].close("all")
    error = result.error_before_exec or result.error_in_exec
    raised = type(error).__name__ if error is not None else None
    if cell["promised"] is None:
        return raised
    return None if raised == cell["promised"] else raised or DID_NOT_RAISE


def run_from(shell, cells: list[dict], start: int, mutation: dict) -> dict:
    """Run the mutated cell at `start` and those after it, until one is red or the expected one has been
    run."""
    for cell in cells[start:]:
        text = cell["source"]
        if cell["id"] == mutation["cell"]:
            text = text.replace(mutation["old"], mutation["new"], 1)
        raised = run_cell(shell, cell, text)
        if raised:
            return {"cell": cell["id"], "raised": raised}
        if cell["id"] == mutation["red"]:
            break
    return {"cell": None, "raised": None}


def forked(work) -> dict:
    """The result of `work()`, run in a forked child, which is ended if it takes too long."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        child = os.fork()
        if child == 0:
            try:
                answer.write_text(json.dumps(work()), encoding="utf-8")
            finally:
                os._exit(0)
        deadline = time.monotonic() + CHILD_SECONDS
        while os.waitpid(child, os.WNOHANG) == (0, 0):
            if time.monotonic() > deadline:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                return {"cell": None, "raised": "Timeout"}
            time.sleep(0.01)
        return json.loads(answer.read_text()) if answer.exists() else {"cell": None, "raised": "Crash"}


def run_all(path: Path, mutations: list[dict]) -> dict:
    """{"control": result, "mutations": {name: result}}; a result is {"cell": the red cell or None,
    "raised": …}."""
    cells, shell = code_cells(path), new_shell()
    if any("transformers" in cell["source"] for cell in cells):
        import transformers.trainer  # noqa: F401  the children find it, and torch, imported
    results: dict = {"control": {"cell": None, "raised": None}, "mutations": {}}
    os.chdir(path.parent)
    for start, cell in enumerate(cells):
        for mutation in mutations:
            if mutation["cell"] == cell["id"]:
                results["mutations"][mutation["name"]] = forked(
                    lambda m=mutation, s=start: run_from(shell, cells, s, m)
                )
        raised = run_cell(shell, cell, cell["source"])
        if raised:
            results["control"] = {"cell": cell["id"], "raised": raised}
            break
    return results


def run_one(path: Path, mutation: dict | None) -> dict:
    """One run from the beginning, in this process."""
    cells = code_cells(path)
    os.chdir(path.parent)
    return run_from(new_shell(), cells, 0, mutation or {"cell": "", "red": ""})


def outcomes(path: Path, mutations: list[dict]) -> dict:
    """As `run_all`, in processes of their own: one that forks on Linux, elsewhere one for each mutation."""
    if sys.platform == "linux":
        return _process(path, "all", mutations)
    return {
        "control": _process(path, "one", None),
        "mutations": {mutation["name"]: _process(path, "one", mutation) for mutation in mutations},
    }


def _process(path: Path, mode: str, what: object) -> dict:
    here = str(Path(__file__).resolve().parent.parent)
    python_path = os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, "-m", "mutations.runner", str(path), mode],
        input=json.dumps(what),
        text=True,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": python_path},
    )
    if done.returncode:
        raise RuntimeError(f"the runner failed on {path.name}:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def verdict(mutation: dict, result: dict | None) -> str:
    """ "" if the mutation turned its cell red as it should, else what happened instead."""
    wanted = f"{mutation['raises']} in cell `{mutation['red']}`"
    if result is None:
        return f"{wanted} was expected; the mutated cell was never reached"
    if result["raised"] is None:
        return f"{wanted} was expected; everything stayed green: the assertion does not bite"
    if (result["cell"], result["raised"]) != (mutation["red"], mutation["raises"]):
        return f"{wanted} was expected; what came was {result['raised']} in cell `{result['cell']}`"
    return ""


def misfit(mutation: dict, cells: list[dict]) -> str:
    """ "" if the mutation fits the notebook's present text, else why it does not."""
    ids = [cell["id"] for cell in cells]
    if mutation["cell"] not in ids or mutation["red"] not in ids:
        return f"no code cell `{mutation['cell']}` or `{mutation['red']}`"
    if ids.index(mutation["red"]) < ids.index(mutation["cell"]):
        return "the cell that should fail comes before the changed one"
    times = cells[ids.index(mutation["cell"])]["source"].count(mutation["old"])
    return (
        ""
        if times == 1
        else f"`{mutation['old']}` occurs {times} times in cell `{mutation['cell']}`, not once"
    )


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    notebook, request = Path(sys.argv[1]).resolve(), json.load(sys.stdin)
    answer_line = json.dumps((run_all if sys.argv[2] == "all" else run_one)(notebook, request))
    print(answer_line, flush=True)
