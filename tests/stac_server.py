"""A STAC API with files on this machine: Item Search with paging, COGs in ranges, tokens that run out, and mishaps."""

import json
import re
import threading
from collections import deque
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import shapely
import shapely.geometry

CONFORMS = [
    "https://api.stacspec.org/v1.0.0/core",
    "https://api.stacspec.org/v1.0.0/item-search",
    "https://api.stacspec.org/v1.0.0/item-search#query",
]
_ISSUED: set[str] = set()
"""Good tokens of all servers of this process: GDAL keeps its token longer than a test runs."""


class StacServer:
    """Serves items under ``/stac``, a folder under ``/files`` and tokens under ``/sas``; remembers what it was asked.

    Files under ``/files/signed`` are given only with a token that has not run out.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.items: list[dict[str, Any]] = []
        self.asked: list[tuple[str, str]] = []
        self.bodies: list[dict[str, Any]] = []
        self.page = 2
        self.token_life_s = 3600.0
        self.tokens = 0
        self.answers: dict[str, deque[tuple[int, bytes]]] = {}
        """Path -> (status, body) given there instead, each once, in this order."""
        self.cut_after: int | None = None
        """Bytes of files after which the server is gone, until it is started again."""
        self.sent = 0
        self.port = 0
        self._running: ThreadingHTTPServer | None = None
        self._lock, self._stopping = threading.Lock(), threading.Lock()
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def stac(self) -> str:
        return f"{self.url}/stac"

    @property
    def sas(self) -> str:
        return f"{self.url}/sas/token"

    def start(self) -> None:
        """Serve, at the same address as before."""
        handler = type("Handler", (_Handler,), {"state": self})
        self._running = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        self._running.daemon_threads = True
        self.port = self._running.server_port
        threading.Thread(target=self._running.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        """Refuse connections; what is being answered breaks off."""
        with self._stopping:  # whoever comes second waits until the port is free
            running, self._running = self._running, None
            if running is not None:
                running.shutdown()
                running.server_close()

    def href(self, path: Path) -> str:
        """Plain address of a file in the folder."""
        return f"{self.url}/files/{path.relative_to(self.folder).as_posix()}"

    def revoke(self) -> None:
        """The token given last is refused from here on."""
        _ISSUED.discard(f"SECRET{self.port}x{self.tokens}")

    def token(self) -> dict[str, str]:
        """A new token, as the Planetary Computer gives it."""
        self.tokens += 1
        ends = datetime.now(UTC) + timedelta(seconds=self.token_life_s)
        signature = f"SECRET{self.port}x{self.tokens}"
        _ISSUED.add(signature)
        return {"msft:expiry": f"{ends:%Y-%m-%dT%H:%M:%SZ}", "token": f"st=now&se=later&sp=rl&sr=c&sig={signature}"}

    def takes(self, count: int) -> int:
        """How many of so many bytes may still be sent."""
        with self._lock:
            room = count if self.cut_after is None else max(self.cut_after - self.sent, 0)
            sent = min(count, room)
            self.sent += sent
            return sent

    def found(self, wanted: dict[str, Any]) -> list[dict[str, Any]]:
        """Items that fit a search, newest first."""
        area = shapely.geometry.shape(wanted["intersects"]) if wanted.get("intersects") else None
        first, last = _range(wanted.get("datetime"))
        limit = wanted.get("query", {}).get("eo:cloud_cover", {}).get("lte")
        fitting = [
            item
            for item in self.items
            if item["collection"] in wanted["collections"]
            and item["id"] in wanted.get("ids", [item["id"]])
            and (area is None or shapely.geometry.shape(item["geometry"]).intersects(area))
            and first <= item["properties"]["datetime"] <= last
            and (limit is None or item["properties"].get("eo:cloud_cover", 101) <= limit)
        ]
        return sorted(fitting, key=lambda item: item["properties"]["datetime"], reverse=True)


class _Handler(BaseHTTPRequestHandler):
    state: StacServer

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_POST(self) -> None:
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        parts = urlsplit(self.path)
        sent = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "null")
        self.state.asked.append((self.command, self.path))
        queue = self.state.answers.get(parts.path)
        if queue:
            status, text = queue.popleft()
            self._give(status, text, "application/json", body)
        elif parts.path == "/stac":
            self._json(self._landing())
        elif parts.path == "/stac/search":
            self._json(self._search(sent if sent is not None else _from_query(parts.query)))
        elif parts.path.startswith("/sas/token/"):
            self._json(self.state.token())
        elif parts.path == "/sas/sign":
            href = parse_qs(parts.query)["href"][0]
            token = self.state.token()
            self._json({"msft:expiry": token["msft:expiry"], "href": f"{href}?{token['token']}"})
        elif parts.path.startswith("/files/"):
            self._file(unquote(parts.path.removeprefix("/files/")), parts.query, body)
        else:
            self._give(404, b"", "text/plain", body)

    def _landing(self) -> dict[str, Any]:
        stac = self.state.stac
        return {
            "type": "Catalog",
            "id": "local",
            "stac_version": "1.0.0",
            "description": "STAC API on this machine",
            "conformsTo": CONFORMS,
            "links": [
                {"rel": "self", "href": stac, "type": "application/json"},
                {"rel": "root", "href": stac, "type": "application/json"},
                {"rel": "search", "href": f"{stac}/search", "type": "application/geo+json", "method": "GET"},
                {"rel": "search", "href": f"{stac}/search", "type": "application/geo+json", "method": "POST"},
            ],
        }

    def _search(self, wanted: dict[str, Any]) -> dict[str, Any]:
        self.state.bodies.append(wanted)
        found, start = self.state.found(wanted), int(wanted.get("token", 0))
        stop = start + min(self.state.page, int(wanted.get("limit", 10)))
        links = []
        if stop < len(found):
            links.append(
                {
                    "rel": "next",
                    "method": "POST",
                    "type": "application/geo+json",
                    "href": f"{self.state.stac}/search",
                    "body": {**wanted, "token": stop},
                }
            )
        return {"type": "FeatureCollection", "features": found[start:stop], "links": links, "numberMatched": len(found)}

    def _file(self, name: str, query: str, body: bool) -> None:
        path = self.state.folder / name
        if name.startswith("signed/") and not {*parse_qs(query).get("sig", [])} & _ISSUED:
            self._give(403, b"", "text/plain", body)
            return
        if not path.is_file():
            self._give(404, b"", "text/plain", body)
            return
        data, etag = path.read_bytes(), f'"{path.stat().st_mtime_ns}"'
        asked = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if self.headers.get("If-Range") not in (None, etag):
            asked = None
        first = int(asked[1]) if asked else 0
        last = min(int(asked[2] or len(data) - 1), len(data) - 1) if asked else len(data) - 1
        part = data[first : last + 1]
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", etag)
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        if not body:
            return
        room = self.state.takes(len(part))
        self.wfile.write(part[:room])
        if room < len(part):
            self.close_connection = True
            threading.Thread(target=self.state.stop, daemon=True).start()

    def _json(self, value: object) -> None:
        self._give(200, json.dumps(value).encode(), "application/geo+json", True)

    def _give(self, status: int, text: bytes, kind: str, body: bool) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if body:
            self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        return


def _range(text: str | None) -> tuple[str, str]:
    """First and last moment of an interval, as text that sorts like time."""
    first, _, last = (text or "../..").partition("/")
    return ("" if first == ".." else first), ("9999" if last == ".." else last)


def _from_query(query: str) -> dict[str, Any]:
    """A search as the query of an address."""
    given = {key: values[0] for key, values in parse_qs(query).items()}
    wanted: dict[str, Any] = {**given, "collections": given["collections"].split(",")}
    if "intersects" in given:
        wanted["intersects"] = json.loads(given["intersects"])
    return wanted
