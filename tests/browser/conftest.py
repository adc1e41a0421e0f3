"""A JupyterLab of its own and a Chromium to look at it with, for the tests in this folder.

Both live on this machine only: a request to any other host is cut off and makes the test fail.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

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


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser; the test is skipped, with the reason, where there is none.

    It ends with the module: an event loop runs while it lives, which other tests may not bear.
    """
    api = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed: pip install -e '.[test]'"
    )
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with api.sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=found, args=CHROMIUM_ARGUMENTS)
        except api.Error as error:
            pytest.skip(
                f"no Chromium (`playwright install chromium` fetches one): {error.message.splitlines()[0]}"
            )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, chromium: Any) -> Iterator[Lab]:
    """A JupyterLab on a free port with folders of its own, stopped at the end."""
    base = tmp_path_factory.mktemp("lab")
    served = Lab(f"http://127.0.0.1:{_free_port()}", base / "notebooks", base / "data")
    served.folder.mkdir()
    with (base / "server.log").open("wb") as log:
        server = subprocess.Popen(_command(served), env=_environment(base), cwd=base, stdout=log, stderr=log)
        try:
            _wait_for(served.url, server, base / "server.log")
            yield served
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


@pytest.fixture
def open_page(chromium: Any, lab: Lab) -> Iterator[Callable[[str], Watched]]:
    """Give a function that opens a path of the server in a fresh page and watches it."""
    contexts = []

    def open_one(path: str) -> Watched:
        contexts.append(chromium.new_context(viewport={"width": 1400, "height": 900}))
        watched = Watched(contexts[-1].new_page())
        _watch(watched)
        watched.page.goto(f"{lab.url}/{path}")
        return watched

    yield open_one
    for context in contexts:
        context.close()


def _watch(watched: Watched) -> None:
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


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _command(served: Lab) -> list[str]:
    return [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        f"--ServerApp.port={urlsplit(served.url).port}",
        "--ServerApp.port_retries=0",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.root_dir={served.folder}",
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


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
                f"{url}/api/status", timeout=5
            ).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise RuntimeError(
        "JupyterLab did not start:\n" + log.read_text(encoding="utf-8", errors="replace")[-2000:]
    )
