"""The JupyterLab that already runs in a working copy: finding it, and asking which lessons are open in it."""

import json
import os
import urllib.request
import webbrowser
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from .texts import Bilingual

_SECONDS = 3.0


@dataclass(frozen=True)
class Server:
    """A running server: its address, with the slash at its end, and the token that opens it ("" without one)."""

    url: str
    token: str

    def page(self, path: str) -> str:
        """Return the address at which a browser opens a notebook, given by its path in the working copy."""
        query = f"?{urlencode({'token': self.token})}" if self.token else ""
        return f"{self.url}lab/tree/{path}{query}"

    def open_notebooks(self) -> set[str]:
        """Return the paths of the notebooks that have a kernel. Raise OSError or ValueError if it does not answer."""
        return {session["path"] for session in self.ask("api/sessions") if session.get("type") == "notebook"}

    def ask(self, path: str) -> Any:
        """Return what the server's API answers. Raise OSError or ValueError if it does not, or with no JSON."""
        headers = {"Authorization": f"token {self.token}"} if self.token else {}
        request = urllib.request.Request(self.url + path, headers=headers)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=_SECONDS) as answer:
            return json.load(answer)


def server_in(folder: Path, environment: Mapping[str, str] = os.environ) -> Server | None:
    """Return the server whose working copy `folder` is, if one runs and answers.

    `environment`: that of the servers of the course, which says where they note that they run.
    """
    for file in sorted(_runtime_folder(environment).glob("jpserver-*.json")):
        try:
            noted = json.loads(file.read_text(encoding="utf-8"))
            found = Server(noted["url"], noted.get("token", ""))
            if Path(noted["root_dir"]).resolve() == folder.resolve() and found.ask("api/status"):
                return found
        except (OSError, ValueError, KeyError, TypeError):
            continue  # a note of a server that ended without taking it away
    return None


def welcome(server: Server, path: str, browser: bool) -> Bilingual:
    """Open the course in a browser, if it is to be; return what to tell the learner."""
    address = server.page(path)
    if browser:
        webbrowser.open(address)
    return Bilingual(
        f"The course is already open, in another window of the command line. Its address:\n  {address}\n"
        "To close it, press Ctrl-C there.",
        f"課程已經開著，是由另一個命令列視窗開啟的。網址：\n  {address}\n要關閉課程，請在那個視窗按 Ctrl-C。",
    )


def after_restore(server: Server | None, name: str) -> Bilingual | None:
    """Return what to do in JupyterLab now that the file `name` of the working copy is another one; None: nothing."""
    if server is None:
        return None
    try:
        if name not in server.open_notebooks():
            return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass  # it may be open: the advice does no harm
    return Bilingual(
        "This lesson is open in JupyterLab, where the old version is still on the screen. Choose there: File, then "
        "Reload Notebook from Disk. Should JupyterLab ask about “File Changed” first, choose Revert; Overwrite would "
        "undo the restoring.",
        "這一課正開在 JupyterLab 裡，畫面上還是舊的內容。請在那裡選 File → Reload Notebook from Disk。"
        "如果 JupyterLab 先跳出「File Changed」，請選 Revert；選 Overwrite 會蓋掉剛還原的檔案。",
    )


def _runtime_folder(environment: Mapping[str, str]) -> Path:
    from jupyter_core.paths import jupyter_runtime_dir

    named = environment.get("JUPYTER_RUNTIME_DIR")
    return Path(named) if named else Path(jupyter_runtime_dir())
