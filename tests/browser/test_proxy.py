"""Under a path of its own behind nginx, configured as docs/serving.md says."""

import re
import subprocess
from collections.abc import Iterator

import numpy as np
import pytest
from browser_page import ROOT, Serve, Watched
from four_colors import geobox
from local_server import free_port, wait_for
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
    stated = (ROOT / "docs" / "serving.md").read_text().split("```nginx\n")[1].split("```")[0]
    port = free_port()
    location = stated.replace("http://127.0.0.1:8501", origin)
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port, location=location))
    server = subprocess.Popen([nginx, "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")])
    address = f"http://127.0.0.1:{port}/explorer"
    wait_for(f"{address}/_stcore/health", server, folder / "error.log")
    yield address
    server.terminate()
    server.wait(timeout=20)


def test_pages_and_map_tiles_come_through_the_proxy(watched: Watched, proxied: str) -> None:
    page = watched.page
    watched.open(f"{proxied}/Library")
    page.get_by_label("Path, folder or address").fill("noise.tif")
    page.get_by_label("Path, folder or address").press("Enter")
    watched.settled()
    page.get_by_role("button", name="Add and index").click()
    expect(page.get_by_text(re.compile("is indexed with graft-demo-naip"))).to_be_visible(timeout=60_000)
    tiles: list[str] = []
    page.on("response", lambda answer: tiles.append(answer.url) if "/rasters/" in answer.url and answer.ok else None)
    watched.open(f"{proxied}/?query=forest")
    expect(page.get_by_text("Density of forest")).to_be_visible(timeout=60_000)
    expect(watched.map_frame().locator(".leaflet-tile-loaded").first).to_be_visible()
    assert tiles
    assert all(url.startswith(f"{proxied}/rasters/scenes/noise") for url in tiles)
