"""A JupyterLab of its own, and a Chromium to look at it with.

Both live on this machine only: a request to any other host is cut off and makes the test fail.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from course_utils import running

ROOT = Path(__file__).parents[2]
CHROMIUM_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS = 90


@dataclass
class Lab:
    """A running JupyterLab: its address, the folder that it serves, the learner's data folder."""

    url: str
    folder: Path
    data: Path


@dataclass
class Watched:
    """A page with what went wrong on it: messages of errors, and requests to other machines."""

    page: Any
    errors: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)


@contextmanager
def serving(base: Path, further: Mapping[str, str] | None = None) -> Iterator[Lab]:
    """A JupyterLab on a free port with folders of its own in `base`, stopped at the end.

    `further`: variables of its environment, such as those that bring the course's part of the page along.
    """
    folder = base / "notebooks"
    folder.mkdir(exist_ok=True)
    env = {**_environment(base), **(further or {})}
    with (base / "server.log").open("wb") as log:
        server = subprocess.Popen(_command(folder), env=env, cwd=base, stdout=log, stderr=log)
        try:
            yield Lab(_wait_for(folder, env, server, base / "server.log"), folder, base / "data")
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


def launched(playwright: Any) -> Any:
    """The Chromium of this machine, started; where there is none, Playwright's own."""
    return playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGUMENTS)


def chromium_path(
    system: str = sys.platform,
    environment: Mapping[str, str] = os.environ,
    which: Callable[[str], str | None] = shutil.which,
    is_file: Callable[[str], bool] = os.path.isfile,
) -> str | None:
    """Return the first Chromium, Chrome or Edge found on the PATH or where its installer puts it; None if there is none."""
    on_path = filter(
        None, map(which, ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"))
    )
    return next(on_path, None) or next(filter(is_file, _usual_places(system, environment)), None)


def _usual_places(system: str, environment: Mapping[str, str]) -> list[str]:
    if system == "darwin":
        names = ("Google Chrome", "Chromium", "Microsoft Edge")
        roots = ("", environment.get("HOME", ""))
        return [f"{root}/Applications/{name}.app/Contents/MacOS/{name}" for root in roots for name in names]
    if system == "win32":
        roots = [
            environment[name]
            for name in ("ProgramFiles", "ProgramFiles(x86)", "LOCALAPPDATA")
            if name in environment
        ]
        programs = (
            r"Google\Chrome\Application\chrome.exe",
            r"Chromium\Application\chrome.exe",
            r"Microsoft\Edge\Application\msedge.exe",
        )
        return [rf"{root}\{program}" for program in programs for root in roots]
    return []


def open_and_run(page: Any, address: str) -> None:
    """Open a notebook and start to run all of its cells."""
    page.goto(address)
    page.wait_for_selector("#jp-main-statusbar :text('| Idle')", timeout=90_000)
    page.click(".jp-CodeCell .jp-InputArea-editor >> nth=0")
    page.evaluate(
        "() => { window.jupyterapp.commands.execute('notebook:run-all-cells').then(ok => { window.ran = ok; }); }"
    )


def write_notebook(path: Path, cells: Sequence[Any]) -> None:
    """Save a notebook of these cells; a text is a code cell."""
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    made = [new_code_cell(cell) if isinstance(cell, str) else cell for cell in cells]
    nbformat.write(new_notebook(cells=made, metadata=kernel), path)


def watch(watched: Watched) -> None:
    def guard(route: Any) -> None:
        if urlsplit(route.request.url).hostname in (None, "127.0.0.1"):  # None: data and blob addresses
            route.continue_()
        else:
            watched.outside.append(route.request.url)
            route.abort()

    watched.page.route("**/*", guard)
    watched.page.on("pageerror", lambda error: watched.errors.append(str(error)))
    watched.page.on(
        "console", lambda message: watched.errors.append(message.text) if message.type == "error" else None
    )


def _command(folder: Path) -> list[str]:
    return [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.root_dir={folder}",
        "--IdentityProvider.token=",
        "--ServerApp.disable_check_xsrf=True",
        "--LabApp.expose_app_in_browser=True",
        "--LabApp.news_url=",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
    ]


def _environment(base: Path) -> dict[str, str]:
    """Folders of its own for everything that Jupyter or the course may write."""
    folders = {
        "COURSE_DATA": "data",
        "IPYTHONDIR": "ipython",
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "share",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    }
    inherited = {name: value for name, value in os.environ.items() if name != "COURSE_LANGUAGE"}
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**inherited, **{name: str(base / folder) for name, folder in folders.items()}, "PYTHONPATH": path}


def _wait_for(folder: Path, env: Mapping[str, str], server: subprocess.Popen[bytes], log: Path) -> str:
    """Return the address once the server answers at it; it finds its port itself."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        found = running.server_in(folder, env)
        if found:
            return found.url.rstrip("/")
        time.sleep(0.3)
    said = log.read_text(encoding="utf-8", errors="replace")
    raise RuntimeError(f"JupyterLab did not start:\n{said[-2000:]}")
