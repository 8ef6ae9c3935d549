"""A chat completions endpoint on this machine that says what a test wants it to say, and remembers what it was sent."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Answer:
    """What the endpoint answers to one request."""

    body: bytes
    """As it is sent."""
    status: int = 200
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    """More headers."""
    wait: bool = False
    """Whether nothing is sent until the test is over."""
    drip: bool = False
    """Whether the body never ends: one byte after another until the test is over."""
    cut: bool = False
    """Whether the connection breaks after half of the body."""


@dataclass(frozen=True)
class Request:
    """What arrived."""

    path: str
    headers: dict[str, str]
    raw: bytes
    """The body, byte by byte."""


@dataclass
class ChatServer:
    """A running endpoint."""

    url: str
    """Base address, to be set as GRAFT_LLM_URL."""
    answers: list[Answer]
    """What is answered, one after another."""
    asked: list[Request]
    """Requests so far."""
    over: threading.Event
    """Set when the test is over."""

    @property
    def host(self) -> str:
        """Host and port."""
        return self.url.split("/")[2]


def says(text: object) -> Answer:
    """An answer as the protocol has it, with a text of the model."""
    message = {"role": "assistant", "content": text}
    body = {"id": "x", "object": "chat.completion", "choices": [{"index": 0, "message": message}], "usage": {}}
    return Answer(json.dumps(body).encode())


class Handler(BaseHTTPRequestHandler):
    state: ChatServer

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        self.state.asked.append(Request(self.path, dict(self.headers), raw))
        answer = self.state.answers.pop(0)
        if answer.wait:
            self.state.over.wait(60)
            return
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        if not answer.drip:
            self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if answer.drip:
            self._drip()
        else:
            self.wfile.write(answer.body[: len(answer.body) // 2] if answer.cut else answer.body)
        self.close_connection = True

    def _drip(self) -> None:
        try:
            while not self.state.over.wait(0.05):
                self.wfile.write(b" ")
        except OSError:
            return  # the client had enough

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@contextmanager
def chat_server() -> Iterator[ChatServer]:
    """An endpoint that runs until the block ends."""
    handler = type("BoundHandler", (Handler,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        state = ChatServer(f"http://127.0.0.1:{running.server_address[1]}/v1", [], [], threading.Event())
        handler.state = state  # type: ignore[attr-defined]
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield state
        finally:
            state.over.set()
            running.shutdown()
            thread.join()
