"""Previews come from servers nobody knows: whatever is no small picture is none."""

import io

import numpy as np
import pytest
from PIL import Image
from stac_server import StacServer

from graft_core.io.imagery import preview
from graft_core.io.imagery.preview import fetch_preview


def encoded(width: int, height: int, kind: str = "PNG", mode: str = "RGB") -> bytes:
    file = io.BytesIO()
    Image.new(mode, (width, height), "red").save(file, kind)
    return file.getvalue()


def served(server: StacServer, data: bytes) -> str:
    (server.folder / "preview.png").write_bytes(data)
    return f"{server.url}/files/preview.png?item=a"


@pytest.mark.parametrize(("kind", "mode"), [("PNG", "RGB"), ("PNG", "RGBA"), ("PNG", "P"), ("JPEG", "RGB")])
def test_a_picture_arrives_small_and_in_its_colours(catalogs: StacServer, kind: str, mode: str) -> None:
    found = fetch_preview(served(catalogs, encoded(400, 200, kind, mode)), 96)
    assert found is not None
    assert found.shape == (48, 96, 3)
    assert np.abs(found.astype(int) - (255, 0, 0)).max() <= 2


@pytest.mark.parametrize("data", [b"", b"<html>sign in</html>", encoded(64, 64)[:60], b"GIF89a" + bytes(50)])
def test_what_is_no_picture_is_none(catalogs: StacServer, data: bytes) -> None:
    assert fetch_preview(served(catalogs, data), 96) is None


def test_a_picture_that_is_too_large_is_none(catalogs: StacServer) -> None:
    assert fetch_preview(served(catalogs, encoded(5000, 5000)), 96) is None, "it would swell in memory"
    assert fetch_preview(served(catalogs, encoded(8, 8) + bytes(preview.LARGEST_BYTES)), 96) is None


def test_a_server_that_refuses_or_is_gone_gives_none(catalogs: StacServer) -> None:
    assert fetch_preview(f"{catalogs.url}/files/nothing.png", 96) is None
    catalogs.stop()
    assert fetch_preview(f"{catalogs.url}/files/preview.png", 96) is None
    assert fetch_preview("http://", 96) is None


def test_a_picture_that_drips_is_given_up(catalogs: StacServer, monkeypatch: pytest.MonkeyPatch) -> None:
    address = served(catalogs, encoded(64, 64))
    monkeypatch.setattr(preview, "LONGEST_S", -1.0)
    assert fetch_preview(address, 96) is None
