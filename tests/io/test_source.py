"""Sources over the network, and GDAL's settings: only the bytes that are needed, and one sentence when it fails."""

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from graft_core.errors import SceneError
from graft_core.geo.grid import tile_grid
from graft_core.io.scene import open_scene, read_rgb, read_tiles
from graft_core.io.source import gdal_path, is_remote


class Shelf:
    """A loopback web server with range requests, and what it was asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sent = 0
        self.paths: list[str] = []
        shelf = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self.answer(body=False)

            def do_GET(self) -> None:
                self.answer(body=True)

            def answer(self, body: bool) -> None:
                shelf.paths.append(self.path)
                file = shelf.folder / self.path.lstrip("/")
                if not file.is_file():
                    self.send_error(404)
                    return
                data = file.read_bytes()
                wanted = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
                if wanted:
                    first, last = int(wanted[1]), min(int(wanted[2] or len(data) - 1), len(data) - 1)
                    part = data[first : last + 1]
                    self.send_response(206)
                    self.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
                else:
                    part = data
                    self.send_response(200)
                self.send_header("Accept-Ranges", "bytes")
                self.send_header("Content-Length", str(len(part)))
                self.end_headers()
                if body:
                    shelf.sent += len(part)
                    self.wfile.write(part)

            def log_message(self, *_: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    for key in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(key, raising=False)
    shelf = Shelf(tmp_path)
    thread = threading.Thread(target=shelf.server.serve_forever, daemon=True)
    thread.start()
    yield shelf
    shelf.server.shutdown()
    shelf.server.server_close()
    thread.join(timeout=5)


def test_a_remote_scene_reads_like_a_local_one(raster: Any, noise: Any, shelf: Shelf) -> None:
    path = raster("a_20200523.tif", noise(4, 200, 200), gsd=0.6)
    local, remote = open_scene(path), open_scene(f"{shelf.address}/a_20200523.tif")
    assert remote.source == f"{shelf.address}/a_20200523.tif"
    assert (remote.geobox, remote.sensor, remote.acquired) == (local.geobox, local.sensor, local.acquired)
    grid = tile_grid(local.geobox, gsd=1, tile_px=64, stride_px=64)
    for ours, theirs in zip(read_tiles(local, grid), read_tiles(remote, grid), strict=True):
        assert np.array_equal(ours.pixels, theirs.pixels)
    assert set(shelf.paths) == {"/a_20200523.tif"}


def test_a_small_window_costs_a_small_part_of_the_file(raster: Any, noise: Any, shelf: Shelf) -> None:
    path = raster("large.tif", noise(3, 1500, 1500), compress=None)
    scene = open_scene(f"{shelf.address}/large.tif")
    corner = GeoBox((50, 50), scene.geobox.affine @ Affine.translation(700, 700), scene.geobox.crs)
    read_rgb(scene, corner)
    assert shelf.sent < path.stat().st_size / 4


def test_a_remote_scene_keeps_its_fingerprint_until_it_changes(raster: Any, noise: Any, shelf: Shelf) -> None:
    values = noise(4, 100, 100)
    raster("one.tif", values)
    first = open_scene(f"{shelf.address}/one.tif")
    assert open_scene(f"{shelf.address}/one.tif").fingerprint == first.fingerprint
    raster("two.tif", values + 1)
    second = open_scene(f"{shelf.address}/two.tif")
    assert second.fingerprint != first.fingerprint
    assert second.name != first.name


def test_remote_files_can_be_a_collection(raster: Any, noise: Any, shelf: Shelf) -> None:
    values = noise(3, 64, 64)
    raster("a.tif", values)
    raster("b.tif", values, left=435_064.0)
    scene = open_scene([f"{shelf.address}/a.tif", f"{shelf.address}/b.tif"])
    rgb, valid = read_rgb(scene, scene.geobox)
    assert valid.all()
    assert np.array_equal(rgb[:, 64:], np.moveaxis(values, 0, -1))
    assert open_scene(scene.source) == scene


def test_a_missing_remote_file_is_one_sentence(shelf: Shelf) -> None:
    with pytest.raises(
        SceneError, match=r"nothing\.tif cannot be reached or is no raster .*check the address"
    ) as caught:
        open_scene(f"{shelf.address}/nothing.tif")
    assert "404" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unreachable_host_is_one_sentence(shelf: Shelf) -> None:
    shelf.server.server_close()
    with pytest.raises(SceneError, match="cannot be reached or is no raster"):
        open_scene(f"http://127.0.0.1:{shelf.server.server_port}/other.tif")


def test_something_else_than_a_raster_is_one_sentence(tmp_path: Path, shelf: Shelf) -> None:
    (tmp_path / "page.tif").write_text("<html>sign in</html>" * 100)
    with pytest.raises(SceneError, match="is no raster"):
        open_scene(f"{shelf.address}/page.tif")


@pytest.mark.parametrize(
    ("source", "path", "remote"),
    [
        ("https://host/a.tif?sig=x", "/vsicurl/https://host/a.tif?sig=x", True),
        ("s3://bucket/key/a.tif", "/vsis3/bucket/key/a.tif", True),
        ("/data/a.tif", "/data/a.tif", False),
        ("/vsis3/bucket/a.tif", "/vsis3/bucket/a.tif", True),
    ],
)
def test_addresses_go_through_gdal(source: str, path: str, remote: bool) -> None:
    assert gdal_path(source) == path
    assert is_remote(source) is remote
