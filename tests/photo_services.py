"""Mapillary, Flickr and Wikimedia Commons on loopback: answers of the same structure, and any trouble."""

import io
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pytest
from PIL import Image

KEY = "MLY|4711|0123456789abcdef"
"""The only key that the services know."""
MOST_ON_MAPILLARY, MOST_ON_FLICKR, MOST_ON_COMMONS = 2000, 4000, 500


def jpeg(seed: int, side: int = 32) -> bytes:
    """A picture that is like no other."""
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3)).astype(np.uint8)
    whole = io.BytesIO()
    Image.fromarray(pixels).save(whole, "JPEG")
    return whole.getvalue()


@dataclass
class Served:
    """One photo that a service has."""

    id: str
    lon: float
    lat: float
    body: bytes = b""
    """The JPEG; one of its own unless given."""
    author: str = "Ada"
    taken: str = "2021-06-05 14:03:07"
    """Local time, on Mapillary UTC."""
    licence: str = "open"
    """``open`` or ``none``."""
    more: dict[str, Any] = field(default_factory=dict)
    """Members of the service's own answer that replace the usual ones."""

    def __post_init__(self) -> None:
        self.body = self.body or jpeg(int(self.id))


@dataclass
class Trouble:
    """What happens to one request instead of an answer."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    """Bytes of the good answer after which the connection is cut."""


@dataclass
class Services:
    """The running services."""

    url: str
    """Address of all three, without a last slash."""
    photos: list[Served] = field(default_factory=list)
    listing_troubles: list[Trouble] = field(default_factory=list)
    """For the next questions, one each."""
    image_troubles: dict[str, list[Trouble]] = field(default_factory=dict)
    """By id: for the next times that a photo is fetched."""
    asked: list[tuple[str, dict[str, str], dict[str, str]]] = field(default_factory=list)
    """Path, parameters (of the address and of the form) and headers of every request."""
    key_in_address: bool = False
    """Whether an address has held the key, as logs of servers and proxies would."""
    most: int | None = None
    """Photos of one answer, where it is not the service's own limit."""
    part: int = 50
    """Photos of which Commons tells the coordinates at a time."""
    dense: int | None = None
    """Photos in a box from which Mapillary wants to be asked for less."""
    issue: int = 1
    """Of the addresses of Mapillary's images: those of earlier issues have expired."""
    wait_before: str = ""
    """Id of a photo that is not given before ``go``."""
    waiting: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)

    def listings(self) -> list[dict[str, str]]:
        """Parameters of the questions so far."""
        return [asked for path, asked, _ in self.asked if not path.startswith("/image/")]

    def images(self) -> list[str]:
        """Ids of the photos that were fetched so far, as often as they were."""
        return [path.removeprefix("/image/").partition(".")[0] for path, _, _ in self.asked if "/image/" in path]

    def image_url(self, photo: Served) -> str:
        """Where a photo is."""
        return f"{self.url}/image/{photo.id}.jpg?issue={self.issue}"


@contextmanager
def running() -> Iterator[Services]:
    """The services, until the block ends."""
    handler = type("Handler", (_Handler,), {})
    with _Server(("127.0.0.1", 0), handler) as server:
        services = Services(f"http://127.0.0.1:{server.server_address[1]}")
        handler.services = services  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield services
        finally:
            services.go.set()
            server.shutdown()
            thread.join()


@contextmanager
def in_use(monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """The services, with this process and those it starts pointed at them."""
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("MAPILLARY_TOKEN", KEY)
    monkeypatch.setenv("FLICKR_KEY", KEY)
    monkeypatch.delenv("GRAFT_CONTACT", raising=False)
    with running() as services:
        for name in ("mapillary", "flickr", "commons"):
            monkeypatch.setenv(f"GRAFT_{name.upper()}", f"{services.url}/{name}")
        yield services


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A program that does not read an answer to its end is in its right; anything else is a fault of the test."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    services: Services

    def do_GET(self) -> None:
        self._answer(dict(parse_qsl(urlsplit(self.path).query)))

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._answer(dict(parse_qsl(form)))

    def _answer(self, asked: dict[str, str]) -> None:
        path = urlsplit(self.path).path
        services = self.services
        services.key_in_address |= KEY.rpartition("|")[2] in self.path
        services.asked.append((path, asked, dict(self.headers)))
        if path.startswith("/image/"):
            self._image(path.removeprefix("/image/").removesuffix(".jpg"), asked)
            return
        trouble = services.listing_troubles.pop(0) if services.listing_troubles else None
        if trouble is not None and trouble.cut is None:
            self._send(trouble.status, trouble.body, trouble.headers)
            return
        status, value = self._listing(path, asked)
        self._send(status, json.dumps(value).encode(), {"Content-Type": "application/json"}, trouble and trouble.cut)

    def _image(self, photo: str, asked: dict[str, str]) -> None:
        services = self.services
        if photo == services.wait_before:
            services.waiting.set()
            services.go.wait()
        found = next((each for each in services.photos if each.id == photo), None)
        troubles = services.image_troubles.get(photo, [])
        trouble = troubles.pop(0) if troubles else Trouble()
        if trouble.status != 200 or trouble.body:
            self._send(trouble.status, trouble.body, trouble.headers)
        elif found is None or int(asked.get("issue", "0")) < services.issue:
            self._send(403, b"URL signature expired", {})
        else:
            self._send(200, found.body, {"Content-Type": "image/jpeg"}, trouble.cut)

    def _listing(self, path: str, asked: dict[str, str]) -> tuple[int, Any]:
        if path == "/commons":
            return commons(self.services, asked, self.headers.get("User-Agent", ""))
        if path == "/flickr":
            return 200, flickr(self.services, asked)
        return mapillary(self.services, path, asked, self.headers.get("Authorization", ""))

    def _send(self, status: int, body: bytes, headers: dict[str, str], cut: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body if cut is None else body[:cut])
        self.close_connection = cut is not None

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


def mapillary(services: Services, path: str, asked: dict[str, str], authorization: str) -> tuple[int, Any]:
    """The Graph API: ``/mapillary/images`` and ``/mapillary/ID``."""
    if authorization != f"OAuth {KEY}":
        # A service that repeats the key, so that a test sees whether the program does.
        return 401, _graph_error(f"Invalid OAuth access token {authorization.removeprefix('OAuth ')}", 190)
    if path != "/mapillary/images":
        found = [each for each in services.photos if path == f"/mapillary/{each.id}"]
        if not found:
            return 400, _graph_error("Unsupported get request. Object does not exist", 100)
        return 200, {"id": found[0].id} | _wanted(services, found[0], asked["fields"])
    west, south, east, north = (float(side) for side in asked["bbox"].split(","))
    if (east - west) * (north - south) >= 0.01:
        return 400, _graph_error("Bounding box is too large, its area must be smaller than 0.01", 100)
    inside = _inside(services, west, south, east, north)
    if services.dense is not None and len(inside) >= services.dense:
        return 500, _graph_error("Please reduce the amount of data you're asking for, then retry your request", 1)
    most = min(int(asked["limit"]), services.most or MOST_ON_MAPILLARY)
    return 200, {"data": [{"id": each.id} | _wanted(services, each, asked["fields"]) for each in inside[:most]]}


def _graph_error(message: str, code: int) -> dict[str, Any]:
    return {"error": {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "AbCdEf"}}


def _wanted(services: Services, photo: Served, fields: str) -> dict[str, Any]:
    moment = int(np.datetime64(photo.taken.replace(" ", "T"), "ms").astype(np.int64))
    whole = {
        "geometry": {"type": "Point", "coordinates": [photo.lon + 1e-5, photo.lat]},
        "computed_geometry": {"type": "Point", "coordinates": [photo.lon, photo.lat]},
        "captured_at": moment,
        "compass_angle": 12.5,
        "computed_compass_angle": 370.0,
        "is_pano": False,
        "creator": {"username": photo.author, "id": "1"},
        "thumb_1024_url": services.image_url(photo),
    } | photo.more
    return {name: value for name, value in whole.items() if name in fields.split(",") and value is not None}


def flickr(services: Services, asked: dict[str, str]) -> dict[str, Any]:
    """The REST endpoint with JSON answers."""
    if asked.get("api_key") != KEY:
        return {"stat": "fail", "code": 100, "message": "Invalid API Key (Key has invalid format)"}
    if asked["method"] == "flickr.photos.licenses.getInfo":
        return {"licenses": {"license": FLICKR_LICENCES}, "stat": "ok"}
    assert asked["method"] == "flickr.photos.search"
    if not any(name.startswith(("min_", "max_")) for name in asked):
        return {"photos": {"page": 1, "pages": 0, "perpage": 250, "total": 0, "photo": []}, "stat": "ok"}
    inside = _inside(services, *(float(side) for side in asked["bbox"].split(",")))
    per_page, page = min(int(asked.get("per_page", "100")), 250), int(asked.get("page", "1"))
    per_page = min(per_page, services.most or per_page)
    told = inside[(page - 1) * per_page : page * per_page]
    photos = {
        "page": page,
        "pages": -(-len(inside) // per_page),
        "perpage": per_page,
        "total": len(inside),
        "photo": [_on_flickr(services, each) for each in told],
    }
    return {"photos": photos, "stat": "ok"}


FLICKR_LICENCES = [
    {"id": "0", "name": "All Rights Reserved", "url": "https://www.flickrhelp.com/hc/en-us/articles/10710266545556"},
    {"id": "4", "name": "Attribution License", "url": "https://creativecommons.org/licenses/by/2.0/"},
    {"id": "5", "name": "Attribution-ShareAlike License", "url": "https://creativecommons.org/licenses/by-sa/2.0/"},
    {"id": "7", "name": "No known copyright restrictions", "url": "https://www.flickr.com/commons/usage/"},
    {"id": "9", "name": "Public Domain Dedication", "url": "https://creativecommons.org/publicdomain/zero/1.0/"},
]


def _on_flickr(services: Services, photo: Served) -> dict[str, Any]:
    return {
        "id": photo.id,
        "owner": "47058503995@N01",
        "secret": "a123456",
        "server": "2",
        "farm": 1,
        "title": f"photo {photo.id}",
        "ispublic": 1,
        "license": "5" if photo.licence == "open" else "0",
        "ownername": photo.author,
        "datetaken": photo.taken,
        "datetakengranularity": 0,
        "datetakenunknown": "0",
        "latitude": f"{photo.lat:.6f}",
        "longitude": f"{photo.lon:.6f}",
        "accuracy": 16,
        "context": 0,
        "url_l": services.image_url(photo),
        "height_l": 768,
        "width_l": 1024,
    } | photo.more


def commons(services: Services, asked: dict[str, str], agent: str) -> tuple[int, Any]:
    """``/w/api.php`` with a generator; coordinates come in parts, as the service continues its answers."""
    if not agent or agent.startswith("python-requests"):
        return 403, {}
    assert (asked["action"], asked["generator"], asked["ggsnamespace"]) == ("query", "geosearch", "6")
    north, west, south, east = (float(side) for side in asked["ggsbbox"].split("|"))
    width = np.radians(east - west) * 6371010 * np.cos(np.radians((south + north) / 2))
    if width * np.radians(north - south) * 6371010 > 4 * 10_000**2:
        return 200, {"error": {"code": "toobig", "info": "Bounding box is too big", "docref": "See ..."}}
    most = min(int(asked["ggslimit"]), services.most or MOST_ON_COMMONS)
    inside = _inside(services, west, south, east, north)[:most]
    if not inside:
        return 200, {"batchcomplete": True}
    start = int(asked.get("cocontinue", "0|0").partition("|")[0])
    answer: dict[str, Any] = {"query": {"pages": []}}
    for i, photo in enumerate(inside):
        page = {"pageid": int(photo.id), "ns": 6, "title": f"File:Photo {photo.id}.jpg", "index": -1}
        whole = page | _on_commons(services, photo) | photo.more
        if not start <= i < start + services.part:
            whole.pop("coordinates", None)
        if start:  # the images were described in the first part
            whole.pop("imageinfo", None)
        answer["query"]["pages"].append(whole)
    if start + services.part < len(inside):
        answer["continue"] = {"cocontinue": f"{start + services.part}|0", "continue": "||imageinfo"}
    else:
        answer["batchcomplete"] = True
    return 200, answer


def _on_commons(services: Services, photo: Served) -> dict[str, Any]:
    name = f"Photo_{photo.id}.jpg"
    said = {
        "DateTimeOriginal": f'<time class="dtstart" datetime="{photo.taken}">{photo.taken}</time>',
        "Artist": f'<a href="//commons.wikimedia.org/wiki/User:{photo.author}" title="x">{photo.author} &amp; co</a>',
    }
    if photo.licence == "open":
        said |= {"LicenseShortName": "CC BY-SA 4.0", "LicenseUrl": "https://creativecommons.org/licenses/by-sa/4.0"}
    info = {
        "user": "Uploader",
        "size": len(photo.body),
        "width": 4000,
        "height": 3000,
        "thumburl": services.image_url(photo),
        "thumbwidth": 960,
        "thumbheight": 720,
        "url": f"{services.url}/original/{name}",
        "descriptionurl": f"https://commons.wikimedia.org/wiki/File:{name}",
        "descriptionshorturl": f"https://commons.wikimedia.org/w/index.php?curid={photo.id}",
        "extmetadata": {key: {"value": value, "source": "commons-desc-page"} for key, value in said.items()},
        "mime": "image/jpeg",
    }
    place = {"lat": photo.lat, "lon": photo.lon, "primary": True, "type": "camera", "globe": "earth"}
    return {"imagerepository": "local", "imageinfo": [info], "coordinates": [place]}


def _inside(services: Services, west: float, south: float, east: float, north: float) -> list[Served]:
    return [each for each in services.photos if west <= each.lon <= east and south <= each.lat <= north]
