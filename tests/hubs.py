"""A small hub on this machine: it serves the files of models, from where a client left off, and can break off."""

import hashlib
import http.server
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """`models`: {name: folder}; `served`: bytes sent, by file; `cut`: bytes after which a transfer breaks off."""

    models: dict[str, Path]
    url: str = ""
    cut: int | None = None
    spoilt: bool = False  # what is sent is not what was promised
    gated: bool = False
    served: dict[str, int] = field(default_factory=dict)


def metadata(path: Path) -> dict:
    """What the hub says about a file: git's checksum, and SHA-256 for weights."""
    content = path.read_bytes()
    about = {
        "rfilename": path.name,
        "size": len(content),
        "blobId": hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest(),
    }
    if path.suffix == ".safetensors":
        about["lfs"] = {
            "sha256": hashlib.sha256(content).hexdigest(),
            "size": len(content),
            "pointerSize": 130,
        }
    return about


def _of_tree(about: dict) -> dict:
    """The same, as the hub's listing of folders says it."""
    lfs = about.get("lfs")
    return {
        "type": "file",
        "path": about["rfilename"],
        "size": about["size"],
        "oid": about["blobId"],
        **(
            {"lfs": {"oid": lfs["sha256"], "size": lfs["size"], "pointerSize": lfs["pointerSize"]}}
            if lfs
            else {}
        ),
    }


class _Handler(http.server.BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, with_body: bool) -> None:
        path = urlsplit(self.path).path.strip("/")
        for name, folder in self.hub.models.items():
            if path.startswith(f"api/models/{name}") and not self.hub.gated:
                files = [metadata(one) for one in sorted(folder.iterdir())]
                if "/tree/" in path:
                    return self._send(
                        json.dumps(list(map(_of_tree, files))).encode(),
                        with_body,
                        {"Content-Type": "application/json"},
                    )
                about = {
                    "id": name,
                    "modelId": name,
                    "sha": COMMIT,
                    "siblings": files,
                    "private": False,
                    "tags": [],
                    "downloads": 0,
                }
                return self._send(json.dumps(about).encode(), with_body, {"Content-Type": "application/json"})
            if path.startswith(f"{name}/resolve/") and (folder / path.rsplit("/", 1)[1]).is_file():
                return self._send_file(folder / path.rsplit("/", 1)[1], with_body)
        self.send_response(403 if self.hub.gated else 404)
        self.send_header("X-Error-Code", "GatedRepo" if self.hub.gated else "RepoNotFound")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send_file(self, path: Path, with_body: bool) -> None:
        content = path.read_bytes()
        if self.hub.spoilt and path.suffix == ".safetensors":
            content = content[:-1] + bytes([content[-1] ^ 1])
        about = metadata(path)
        etag = about.get("lfs", {}).get("sha256", about["blobId"])
        self._send(
            content,
            with_body,
            {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"},
            path.name,
        )

    def _send(self, content: bytes, with_body: bool, headers: dict[str, str], file: str = "") -> None:
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")[0])
        self.send_response(206 if start else 200)
        for name, value in headers.items():
            self.send_header(name, value)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if not with_body:
            return
        body = content[start:]
        if self.hub.cut is not None and len(body) > self.hub.cut:
            body = body[: self.hub.cut]
            self.close_connection = True
        if file:
            self.hub.served[file] = self.hub.served.get(file, 0) + len(body)
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def refusing() -> Iterator[str]:
    """The address of a hub that is not there: a socket that does not listen holds its port, so nobody else can."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{deaf.getsockname()[1]}"


@contextmanager
def serving(models: dict[str, Path]) -> Iterator[Hub]:
    """A hub with these models, until the end of the block."""
    hub = Hub(models)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
