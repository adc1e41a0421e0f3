"""Run a notebook's code cells, unmutated and mutated.

The unmutated notebook runs once, cell after cell; where a mutated cell is due, the process forks, and the child runs
the mutated cell and those after it, up to the one that should fail. So models are paid for once; imports, too, for all
notebooks: each is a fork of one process that has imported the libraries (`python -m mutations.runner serve`). Where
forking is not safe (anything but Linux), each mutation runs from the notebook's beginning in a process of its own
(`python -m mutations.runner one NOTEBOOK`, the mutation on stdin).
"""

import atexit
import contextlib
import functools
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TextIO

DID_NOT_RAISE = "DidNotRaise"
CHILD_SECONDS = 180


def code_cells(path: Path) -> list[dict]:
    """The notebook's code cells as {id, source, promised, shown}.

    `promised`: the name of the error that the cell is to raise, or None; `shown`: its stored outputs as lines of text.
    """
    cells = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        promised = None
        if "raises-exception" in cell.get("metadata", {}).get("tags", []):
            promised = next(
                (o["ename"] for o in cell["outputs"] if o["output_type"] == "error"), "an exception"
            )
        shown = [line for output in cell["outputs"] for line in _lines(output)]
        cells.append(
            {"id": cell["id"], "source": "".join(cell["source"]), "promised": promised, "shown": shown}
        )
    return cells


def _lines(output: dict) -> list[str]:
    text = output.get("text", output.get("data", {}).get("text/plain", ""))
    return "".join(text).splitlines()


def new_shell():
    """An IPython shell without history file, as bare as a fresh kernel."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    return InteractiveShell.instance(config=config)


def run_cell(shell, cell: dict, text: str, printed: TextIO | None = None) -> str | None:
    """Run one cell; return the name of the error that would turn it red, or None. Output goes to `printed`, or nowhere."""
    with (
        open(os.devnull, "w", encoding="utf-8") as nowhere,
        contextlib.redirect_stdout(printed or nowhere),
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


def run_all(path: Path, mutations: list[dict], language: str) -> dict:
    """{"control": result, "mutations": {name: result}, "printed": {cell: text}}, with the learner's language chosen.

    A result is {"cell": the red cell or None, "raised": …}; `printed` is of the unmutated cells.
    """
    os.environ["COURSE_LANGUAGE"] = language
    cells, shell = code_cells(path), new_shell()
    results: dict = {"control": {"cell": None, "raised": None}, "mutations": {}, "printed": {}}
    os.chdir(path.parent)
    for start, cell in enumerate(cells):
        for mutation in mutations:
            if mutation["cell"] == cell["id"]:
                results["mutations"][mutation["name"]] = forked(
                    lambda m=mutation, s=start: run_from(shell, cells, s, m)
                )
        printed = io.StringIO()
        raised = run_cell(shell, cell, cell["source"], printed)
        results["printed"][cell["id"]] = printed.getvalue()
        if raised:
            results["control"] = {"cell": cell["id"], "raised": raised}
            break
    return results


def run_one(path: Path, mutation: dict | None) -> dict:
    """One run from the beginning, in this process."""
    cells = code_cells(path)
    os.chdir(path.parent)
    return run_from(new_shell(), cells, 0, mutation or {"cell": "", "red": ""})


def outcomes(path: Path, mutations: list[dict], language: str = "both") -> dict:
    """As `run_all`, in processes of their own: on Linux a fork that forks, elsewhere one for each mutation.

    There the language stays as it is, and nothing is `printed`.
    """
    if sys.platform == "linux":
        return _forking_server().ask(path, mutations, language)
    return {
        "control": _process(path, None),
        "mutations": {mutation["name"]: _process(path, mutation) for mutation in mutations},
        "printed": {},
    }


def _command(*words: str) -> dict:
    """What starts the runner with these words."""
    here = str(Path(__file__).resolve().parent.parent)
    python_path = os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH")]))
    return {
        "args": [sys.executable, "-m", "mutations.runner", *words],
        "env": {**os.environ, "PYTHONPATH": python_path},
        "encoding": "utf-8",
    }


def _process(path: Path, mutation: dict | None) -> dict:
    done = subprocess.run(**_command("one", str(path)), input=json.dumps(mutation), capture_output=True)
    if done.returncode:
        raise RuntimeError(f"the runner failed on {path.name}:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


class _Server:
    """The process that has imported the libraries, and is asked a line and answers a line; it ends with this one."""

    def __init__(self) -> None:
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8")
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": self._errors}
        self._process = subprocess.Popen(**_command("serve"), **pipes)
        atexit.register(self._end)

    def ask(self, path: Path, mutations: list[dict], language: str) -> dict:
        """What `run_all` returns. Raise RuntimeError if it failed."""
        print(json.dumps([str(path.resolve()), mutations, language]), file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer.strip():
            self._errors.seek(0)
            raise RuntimeError(f"the runner failed on {path.name}:\n{self._errors.read()[-2000:]}")
        return json.loads(answer)

    def _end(self) -> None:
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._errors.close()


_forking_server = functools.cache(_Server)


def serve() -> None:
    """Answer each line with a line, from a fork that ends as a process does; an empty line where it failed.

    What a cell, or a program that it starts, reads or prints is kept apart from the questions and the answers.
    """
    import IPython.core.interactiveshell  # noqa: F401  the forks find them, and torch, imported
    import transformers.trainer  # noqa: F401

    questions, answers = os.fdopen(os.dup(0), encoding="utf-8"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    for line in iter(questions.readline, ""):
        with tempfile.TemporaryFile("w+", encoding="utf-8") as answer:
            fork = os.fork()
            if fork == 0:
                path, mutations, language = json.loads(line)
                answer.write(json.dumps(run_all(Path(path), mutations, language)))
                return
            os.waitpid(fork, 0)
            answer.seek(0)
            print(answer.read(), file=answers, flush=True)


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
    if sys.argv[1] == "serve":
        serve()
    else:
        print(json.dumps(run_one(Path(sys.argv[2]).resolve(), json.load(sys.stdin))), flush=True)
