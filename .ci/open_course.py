"""Start the README's first command without a browser, ask for notebook 00 over HTTP, and stop it.

Usage: open_course.py COMMAND [SECONDS]. The command runs in its own process group; the server finds a free port, and
writes down which.
"""

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

FIRST = "notebooks/00_start_here.ipynb"


def address(written: Path) -> str:
    """Return the server's address, which it writes into a file of this folder; raise OSError if it has not yet."""
    for path in written.glob("jpserver-*.json"):
        return f"http://127.0.0.1:{json.loads(path.read_text(encoding='utf-8'))['port']}"
    raise FileNotFoundError("the server has not said where it is")


def ask(url: str, token: str) -> dict:
    """GET a JSON document from the server; raise OSError or ValueError if there is none."""
    request = urllib.request.Request(url, headers={"Authorization": f"token {token}"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as reply:
        return json.load(reply)


def wait_for(written: Path, token: str, server: subprocess.Popen, seconds: float) -> dict | None:
    """Ask for the first lesson until there is an answer, the server has ended, or the time is up."""
    end = time.monotonic() + seconds
    problem: object = "nothing"
    while time.monotonic() < end and server.poll() is None:
        try:
            return ask(f"{address(written)}/api/contents/{FIRST}", token)
        except (OSError, ValueError) as error:
            problem = error
            time.sleep(0.5)
    print(f"no answer: {problem}; the command's exit status: {server.poll()}")
    return None


def stop(server: subprocess.Popen) -> bool:
    """End the whole process group; return whether it ended when asked, without being killed."""
    asked = True
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(server.pid, number)
            server.wait(timeout=30)
            break
        except ProcessLookupError:
            break
        except subprocess.TimeoutExpired:
            asked = False
    return asked


def main(command: str, seconds: str = "600") -> int:
    """Return 0 if notebook 00 was served and the server stopped when asked."""
    token, written = secrets.token_hex(16), tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    server = subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", f"{command} --no-browser -- --ServerApp.port=0"],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        env=os.environ | {"JUPYTER_TOKEN": token, "JUPYTER_RUNTIME_DIR": written.name},
    )
    try:
        found = wait_for(Path(written.name), token, server, float(seconds))
        good = found is not None and found.get("type") == "notebook" and bool(found["content"]["cells"])
    finally:
        stopped = stop(server)
        written.cleanup()
    print(
        f"first command: {FIRST} {'is served' if good else 'is NOT served'}; "
        f"the server {'stopped when asked' if stopped else 'had to be killed'}"
    )
    return 0 if good and stopped else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
