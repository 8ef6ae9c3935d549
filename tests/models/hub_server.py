"""A server that speaks the Hugging Face hub's protocol for files: versions, redirects to a store, gates and refusals.

``HEAD`` and ``GET /owner/name/resolve/REVISION/PATH`` answer with ``X-Repo-Commit`` and an ``ETag``. A large file is
redirected to another host, with its sha256 in ``X-Linked-ETag`` and its size in ``X-Linked-Size``; a small one comes at
once, its ETag git's hash of it. What is refused says why in ``X-Error-Code``.
"""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "9f65c2e0000000000000000000000000000000aa"
LARGE = 100_000


@dataclass
class Repository:
    """One model repository."""

    files: dict[str, bytes] = field(default_factory=dict)
    """Path -> content."""
    gated_to: str | None = None
    """The only token that is let in, once its account accepted the licence; None lets everybody in."""
    private: bool = False
    """Whether the hub denies that it exists."""


@dataclass
class Hub:
    """The server, and what was asked of it."""

    url: str
    """What HF_ENDPOINT should be."""
    store: str
    """Address of the store of large files: the same machine under another name."""
    repositories: dict[str, Repository] = field(default_factory=dict)
    """``owner/name`` -> repository."""
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    """Method, path and headers of the requests so far."""
    break_after: int | None = None
    """Bytes of the next answer from the store after which the connection is cut, once."""
    status: int | None = None
    """Answer everything with this error."""
    garbled: bytes | None = None
    """What a small file comes as, whatever its hash says."""
    versioned: bool = True
    """Whether answers name their commit, as every hub's do and a captive portal's do not."""

    def put(self, repo: str, path: str, content: bytes) -> None:
        self.repositories.setdefault(repo, Repository()).files[path] = content

    def paths(self, method: str) -> list[str]:
        return [path for verb, path, _ in self.asked if verb == method]


class Handler(BaseHTTPRequestHandler):
    state: Hub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        self.state.asked.append((self.command, self.path, dict(self.headers)))
        if self.state.status is not None:
            self._send(self.state.status)
        elif self.path.startswith("/store/"):
            self._from_store(self.path.removeprefix("/store/"))
        else:
            repo, _, rest = self.path.removeprefix("/").partition("/resolve/")
            self._resolve(repo, rest.partition("/")[2])

    def _resolve(self, repo: str, path: str) -> None:
        repository = self.state.repositories.get(repo)
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if repository is None or repository.private:
            self._send(404 if token else 401, {"X-Error-Code": "RepoNotFound"})
        elif repository.gated_to is not None and token != repository.gated_to:
            self._send(403 if token else 401, {"X-Error-Code": "GatedRepo"})
        elif path not in repository.files:
            self._send(404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT})
        else:
            self._file(repository.files[path])

    def _file(self, content: bytes) -> None:
        version = {"X-Repo-Commit": COMMIT} if self.state.versioned else {}
        if len(content) < LARGE:
            git = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
            body = content if self.state.garbled is None else self.state.garbled
            self._send(200, version | {"ETag": f'"{git}"'}, body)
            return
        sha256 = hashlib.sha256(content).hexdigest()
        linked = {"X-Linked-ETag": f'"{sha256}"', "X-Linked-Size": str(len(content))}
        self._send(302, version | linked | {"Location": f"{self.state.store}/store/{sha256}"})

    def _from_store(self, sha256: str) -> None:
        files = [content for each in self.state.repositories.values() for content in each.files.values()]
        content = next(each for each in files if hashlib.sha256(each).hexdigest() == sha256)
        wish = self.headers.get("Range")
        start = int(wish.removeprefix("bytes=").removesuffix("-")) if wish else 0
        part = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if wish else {}
        self._send(206 if wish else 200, {"ETag": f'"{sha256}"', **part}, content[start:])

    def _send(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD" or not body:
            return
        cut, self.state.break_after = (self.state.break_after if self.path.startswith("/store/") else None), None
        self.wfile.write(body[:cut])
        self.close_connection = cut is not None

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@contextmanager
def running_hub() -> Iterator[Hub]:
    """A hub on this machine, without any repository."""
    handler = type("Handler", (Handler,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        port = server.server_address[1]
        handler.state = Hub(f"http://127.0.0.1:{port}", f"http://localhost:{port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield handler.state
        server.shutdown()
        thread.join()
