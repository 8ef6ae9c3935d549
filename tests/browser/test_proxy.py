"""Under a path of its own behind nginx, configured as docs/serving.md says."""

import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import numpy as np
import pytest
from browser_page import ROOT, Serve, Watched
from four_colors import geobox
from local_server import PATIENCE_S, free_port, wait_for
from playwright.sync_api import expect

from graft_core.io.geotiff import write_raster

NGINX = """
daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
    access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    server {{ listen 127.0.0.1:{port}; {location} }}
}}
"""


@contextmanager
def behind(nginx: str, folder: Path, location: str, ready: str) -> Iterator[str]:
    """Address of an nginx with these locations, once ``ready`` below it answers."""
    port = free_port()
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port, location=location))
    server = subprocess.Popen([nginx, "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")])
    wait_for(f"http://127.0.0.1:{port}{ready}", server, folder / "error.log")
    yield f"http://127.0.0.1:{port}"
    server.terminate()
    server.wait(timeout=PATIENCE_S)


def stated(number: int) -> str:
    """The block of docs/serving.md, from 0."""
    return (ROOT / "docs" / "serving.md").read_text().split("```nginx\n")[number + 1].split("```")[0]


@pytest.fixture(scope="module")
def proxied(serve: Serve, nginx: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the application as the proxy shows it, with one small scene in its folder."""
    folder = tmp_path_factory.mktemp("proxy")
    (folder / "tiles").mkdir()
    pixels = np.random.default_rng(0).integers(1, 255, (3, 256, 256), dtype=np.uint8)
    names = ("red", "green", "blue")
    write_raster(folder / "tiles" / "noise.tif", pixels, geobox(256, 256), descriptions=names, photometric="rgb")
    flags = ("--server.baseUrlPath=explorer",)
    origin = serve(ROOT / "app.py", *flags, env={"GRAFT_TILES": str(folder / "tiles")})
    location = stated(0).replace("http://127.0.0.1:8501", origin)
    with behind(nginx, folder, location, "/explorer/_stcore/health") as address:
        yield f"{address}/explorer"


class Application(BaseHTTPRequestHandler):
    """In the application's place: it answers everybody, and what comes before it must not let everybody through."""

    def do_GET(self) -> None:
        """The same to all."""
        self.answer(200, b"inside")

    def answer(self, status: int, text: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is written down."""


class Login(Application):
    """In the place of oauth2-proxy: it knows one cookie."""

    def do_GET(self) -> None:
        """Who comes with the cookie, or the login page."""
        if self.path != "/oauth2/auth":
            self.answer(200, f"who are you, on the way to {self.headers['X-Auth-Request-Redirect']}".encode())
        else:
            self.answer(202 if self.headers["Cookie"] == "_oauth2_proxy=ada" else 401, b"")


@contextmanager
def answering(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Address of a server that answers as the handler does."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_pages_and_map_tiles_come_through_the_proxy(watched: Watched, proxied: str) -> None:
    page = watched.page
    watched.open(f"{proxied}/Library")
    page.get_by_label("Path, folder or address").fill("noise.tif")
    page.get_by_label("Path, folder or address").press("Enter")
    watched.settled()
    page.get_by_role("button", name="Add and index").click()
    expect(page.get_by_text(re.compile("is indexed with graft-demo-naip"))).to_be_visible()
    tiles: list[str] = []
    page.on("response", lambda answer: tiles.append(answer.url) if "/rasters/" in answer.url and answer.ok else None)
    watched.open(f"{proxied}/?query=forest")
    expect(page.get_by_text("Density of forest")).to_be_visible()
    expect(watched.map_frame().locator(".leaflet-tile-loaded").first).to_be_visible()
    assert tiles
    assert all(url.startswith(f"{proxied}/rasters/scenes/noise") for url in tiles)


def test_login_of_the_proxy_stands_before_everything(nginx: str, tmp_path: Path) -> None:
    with answering(Application) as application, answering(Login) as login:
        location = stated(1).replace("http://127.0.0.1:8501", application).replace("http://127.0.0.1:4180", login)
        with behind(nginx, tmp_path, location, "/oauth2/sign_in") as address:
            for path in ("/explorer/", "/explorer/_stcore/stream", "/explorer/rasters/scenes/noise/info"):
                stranger = httpx.get(f"{address}{path}")
                assert (stranger.status_code, stranger.text) == (403, f"who are you, on the way to {path}")
                assert httpx.get(f"{address}{path}", headers={"Cookie": "_oauth2_proxy=ada"}).text == "inside"
            assert httpx.get(f"{address}/oauth2/auth").status_code == 404
