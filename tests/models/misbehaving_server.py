"""A web server for tests: ranges, versions, redirects, and connections that break."""

from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler


@dataclass
class Page:
    """What the server answers at one address."""

    body: bytes
    """The whole file."""
    status: int = 200
    """Instead of 200, an error."""
    etag: str = ""
    """Version of the file, empty for none."""
    break_after: int | None = None
    """Bytes of the answer after which the connection is cut, once."""
    ignore_range: bool = False
    """Whether a wish for the rest of a file is answered with all of it."""
    content_type: str = "application/octet-stream"
    """Type of the file."""
    redirect: str = ""
    """Address to go to instead."""
    headers: dict[str, str] = field(default_factory=dict)
    """More headers."""
    ignore_version: bool = False
    """Whether the rest is given of another version than the one that was asked for."""
    shift: int = 0
    """Bytes by which the rest begins earlier than it was asked for, as the answer says."""
    unmeasured: bool = False
    """Whether the answer does not say how long it is."""


@dataclass
class Server:
    """A running web server."""

    url: str
    """Its address, without a last slash."""
    pages: dict[str, Page]
    """Path -> answer."""
    asked: list[tuple[str, dict[str, str]]]
    """Paths and headers of the requests so far."""


class Handler(BaseHTTPRequestHandler):
    state: Server

    def do_GET(self) -> None:
        self.state.asked.append((self.path, dict(self.headers)))
        page = self.state.pages.get(self.path)
        if page is None or page.status != 200:
            self.send_response(page.status if page else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if page.redirect:
            self.send_response(302)
            self.send_header("Location", page.redirect)
            self.send_header("Content-Length", "0")
            for name, value in page.headers.items():
                self.send_header(name, value)
            self.end_headers()
            return
        self._send(page, self._start(page))

    def _start(self, page: Page) -> int | None:
        """First byte of a partial answer, or None for the whole."""
        wish = self.headers.get("Range")
        condition = self.headers.get("If-Range")
        if wish is None or page.ignore_range or (condition not in (None, page.etag) and not page.ignore_version):
            return None
        return -page.shift + int(wish.removeprefix("bytes=").removesuffix("-"))

    def _send(self, page: Page, start: int | None) -> None:
        if start is not None and start >= len(page.body):
            self.send_response(416)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = page.body[start or 0 :]
        self.send_response(200 if start is None else 206)
        if start is not None:
            self.send_header("Content-Range", f"bytes {start}-{len(page.body) - 1}/{len(page.body)}")
        if page.unmeasured:
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", page.content_type)
        if page.etag:
            self.send_header("ETag", page.etag)
        for name, value in page.headers.items():
            self.send_header(name, value)
        self.end_headers()
        cut, page.break_after = page.break_after, None
        self.wfile.write(body if cut is None else body[:cut])
        if cut is not None:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""
