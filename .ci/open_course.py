"""Start the README's first command without a browser, ask for notebook 00 over HTTP, and stop it.

Usage: open_course.py COMMAND [SECONDS]. The command runs in its own process group; a free port is chosen.
"""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

FIRST = "notebooks/00_start_here.ipynb"


def free_port() -> int:
    """Return a port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(url: str, token: str) -> dict:
    """GET a JSON document from the server; raise OSError or ValueError if there is none."""
    request = urllib.request.Request(url, headers={"Authorization": f"token {token}"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as reply:
        return json.load(reply)


def wait_for(url: str, token: str, server: subprocess.Popen, seconds: float) -> dict | None:
    """Ask until there is an answer, the server has ended, or the time is up."""
    end = time.monotonic() + seconds
    problem: object = "nothing"
    while time.monotonic() < end and server.poll() is None:
        try:
            return ask(url, token)
        except (OSError, ValueError) as error:
            problem = error
            time.sleep(0.5)
    print(f"no answer from {url}: {problem}; the command's exit status: {server.poll()}")
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
    port, token = free_port(), secrets.token_hex(16)
    server = subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", f"{command} --no-browser --port {port}"],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        env=os.environ | {"JUPYTER_TOKEN": token},
    )
    try:
        url = f"http://127.0.0.1:{port}/api/contents/{FIRST}"
        found = wait_for(url, token, server, float(seconds))
        good = found is not None and found.get("type") == "notebook" and bool(found["content"]["cells"])
    finally:
        stopped = stop(server)
    print(
        f"first command: {FIRST} {'is served' if good else 'is NOT served'}; "
        f"the server {'stopped when asked' if stopped else 'had to be killed'}"
    )
    return 0 if good and stopped else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
