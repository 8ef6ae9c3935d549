"""What cannot work ends in one sentence that names the thing, and leaves everything as it was."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from commands import done, refused
from real_scenes import QUERY

UNUSABLE = (
    "all_nodata.tif",
    "empty.tif",
    "no_crs.tif",
    "one_band.tif",
    "photo_gps_0_0.jpg",
    "photo_no_gps.jpg",
    "png_renamed.tif",
    "text_renamed.jpg",
    "truncated.tif",
    "truncated_header.tif",
)
UNUSUAL = ("epsg4326_degrees.tif", "float32_nan_inf.tif", "rotated.tif", "tiny_100x80.tif")


@pytest.fixture
def tiny(shared_data: Path) -> Path:
    return shared_data / "bad" / "tiny_100x80.tif"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A density map in a folder of results, from an earlier run."""
    folder = tmp_path / "results"
    folder.mkdir()
    for suffix in (".tif", ".qml", ".json"):
        (folder / f"map{suffix}").write_text(f"earlier {suffix}")
    return folder / "map.tif"


def assert_as_before(out: Path) -> None:
    found = {path.name: path.read_text() for path in out.parent.iterdir()}
    assert found == {f"map{suffix}": f"earlier {suffix}" for suffix in (".tif", ".qml", ".json")}


def indexed() -> list[str]:
    return [scene["name"] for index in json.loads(done("index", "list", "--json")) for scene in index["scenes"]]


def test_list_of_bad_files_is_whole(shared_data: Path) -> None:
    assert {path.name for path in (shared_data / "bad").iterdir()} == {*UNUSABLE, *UNUSUAL}


@pytest.mark.parametrize("name", UNUSABLE)
def test_unusable_file_is_named_and_nothing_is_lost(name: str, shared_data: Path, tiny: Path, out: Path) -> None:
    done("index", tiny)
    before = indexed()
    path = shared_data / "bad" / name
    assert str(path) in refused("index", path)
    assert str(path) in refused("density", path, "-q", QUERY, "-o", out)
    assert str(path) in refused("retrieve", tiny, path, "-q", QUERY, "-o", out.with_suffix(".gpkg"))
    assert_as_before(out)
    assert indexed() == before


@pytest.mark.parametrize("name", ["truncated.tif", "empty.tif", "text_renamed.jpg"])
def test_unusable_file_in_any_other_role_is_named(name: str, shared_data: Path, tiny: Path, out: Path) -> None:
    path = shared_data / "bad" / name
    assert str(path) in refused("density", tiny, "-q", f"photo:{path}", "-o", out)
    assert str(path) in refused("density", tiny, "-q", f"forest - chip:{path}", "-o", out)
    assert str(path) in refused("density", tiny, "-q", QUERY, "--aoi", path, "-o", out)
    assert str(path) in refused("density", tiny, "-q", f"@{path}", "-o", out)
    assert str(path) in refused("replay", path, "-o", out)
    assert_as_before(out)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["index", "gone/scene.tif"], "gone/scene.tif"),
        (["index", "gone/*.tif"], "gone/*.tif"),
        (["index", "~nobody-of-that-name/scene.tif"], "~nobody-of-that-name/scene.tif"),
        (["index", ""], "no scene ''"),
        (["index", "TINY", "--encoder", "resnet"], "'resnet'"),
        (["index", "TINY", "--encoder", "gone.ckpt"], "gone.ckpt"),
        (["index", "TINY", "--encoder", "TINY"], "tiny_100x80.tif"),
        (["index", "TINY", "--encoder", "graft-naip"], "graft_naip.ckpt"),
        (["index", "TINY", "--device", "abacus"], "'abacus'"),
        (["index", "TINY", "--sensor", "landsat"], "'landsat'"),
        (["index", "TINY", "--gsd", "-1"], "-1"),
        (["index", "TINY", "--bands", "7,8,9"], "(7, 8, 9)"),
        (["index", "TINY", "--encoder", "graft-demo-naip", "--gsd", "30"], "30 m"),
        (["density", "TINY", "-q", "   ", "-o", "OUT"], "query is empty"),
        (["density", "TINY", "-q", "?!", "-o", "OUT"], "'?!'"),
        (["density", "TINY", "-q", "forest -", "-o", "OUT"], "'-'"),
        (["density", "TINY", "-q", "0*forest", "-o", "OUT"], "'forest'"),
        (["density", "TINY", "-q", "forest - forest", "-o", "OUT"], "'forest'"),
        (["density", "TINY", "-q", "forest " * 200, "-o", "OUT"], "characters"),
        (["density", "TINY", "-q", "tile:here", "-o", "OUT"], "'here'"),
        (["retrieve", "TINY", "-q", "forest", "--background", " "], "background prompt"),
        (["retrieve", "TINY", "-q", "forest", "-k", "0"], "0 hits"),
    ],
    ids=lambda value: " ".join(value)[:50] if isinstance(value, list) else None,
)
def test_what_makes_no_sense_is_named(
    words: list[str], says: str, tiny: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(out.parent)
    given = {"TINY": tiny, "OUT": out}
    assert says in refused(*(given.get(word, word) for word in words))
    assert_as_before(out)


class Shop(BaseHTTPRequestHandler):
    """A web server that has no raster."""

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, *, body: bool) -> None:
        """A page for /page.tif, a refusal for /forbidden.tif, not found for the rest."""
        status = {"/page.tif": 200, "/forbidden.tif": 403}.get(self.path, 404)
        page = b"<html>Please log in.</html>"
        self.send_response(status)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        if body:
            self.wfile.write(page)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Address of a web server on this machine."""
    for key in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(key, raising=False)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(timeout=5)


@pytest.mark.parametrize("page", ["gone.tif", "page.tif", "forbidden.tif"])
def test_address_without_a_raster_is_named(shop: str, page: str, out: Path) -> None:
    assert f"{shop}/{page}" in refused("index", f"{shop}/{page}")
    assert f"{shop}/{page}" in refused("density", f"{shop}/{page}", "-q", QUERY, "-o", out)
    assert_as_before(out)
    assert indexed() == []


def test_address_where_nobody_answers_is_named(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(key, raising=False)
    sentence = refused("density", "http://127.0.0.1:9/scene.tif", "-q", QUERY, "-o", out)
    assert "http://127.0.0.1:9/scene.tif" in sentence
    assert "network" in sentence
    assert_as_before(out)
