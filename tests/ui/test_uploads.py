import io
import os
from pathlib import Path

import pytest
from four_colors import four_colors, geobox

from graft_core import settings
from graft_core.errors import ExportError, SceneError
from graft_core.io.geotiff import write_raster
from graft_core.ui.library import add_scene
from graft_core.ui.library.add_scene import SPARE, keep_upload


@pytest.fixture
def raster(tmp_path: Path) -> bytes:
    pixels = four_colors()
    path = tmp_path / "somewhere.tif"
    write_raster(path, pixels, geobox(*pixels.shape[1:]), descriptions=("red", "green", "blue"), photometric="rgb")
    return path.read_bytes()


def keep(name: str, content: bytes) -> Path:
    return keep_upload(name, io.BytesIO(content), len(content), None)


def test_upload_lands_in_the_folder_of_scenes_and_replaces_none(raster: bytes) -> None:
    path = keep("../elsewhere/town.tif", raster)
    assert path == settings.tiles_dir() / "town.tif"
    with pytest.raises(ExportError, match=r"town\.tif .* already; give the upload another name"):
        keep("town.tif", raster + b"other")
    assert path.read_bytes() == raster
    assert list(settings.tiles_dir().iterdir()) == [path]


def test_what_is_no_scene_is_refused_by_its_own_name_and_not_kept() -> None:
    with pytest.raises(SceneError, match=r"^The upload was not kept\. town\.tif cannot be opened") as told:
        keep("town.tif", b"no raster")
    assert str(settings.tiles_dir()) not in str(told.value)
    assert list(settings.tiles_dir().iterdir()) == []


def test_upload_without_room_is_refused_before_it_is_written(raster: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(add_scene, "free_bytes", lambda folder: SPARE + len(raster) - 1)
    with pytest.raises(ExportError, match=r"town\.tif has .* and 2\d\d MB are free for .*; free some space, or give"):
        keep("town.tif", raster)
    assert os.listdir(settings.tiles_dir()) == []
    monkeypatch.setattr(add_scene, "free_bytes", lambda folder: SPARE + len(raster))
    assert keep("town.tif", raster).exists()
