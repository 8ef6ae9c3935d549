"""Every damaged or unusual file of the shared set: it works, or one sentence says what is wrong and what to do."""

import contextlib
from pathlib import Path

import numpy as np
import pytest

from graft_core.errors import SceneError
from graft_core.geo.grid import tile_grid
from graft_core.io.scene import open_scene, read_tiles


def index(path: Path) -> int:
    """Number of tiles, read the way indexing reads them."""
    scene = open_scene(path)
    grid = tile_grid(scene.geobox, gsd=1, tile_px=224, stride_px=224)
    count = 0
    for batch in read_tiles(scene, grid):
        assert batch.valid.min() > 0
        assert np.ptp(batch.pixels) > 0
        count += len(batch.index)
    return count


@pytest.mark.parametrize(
    "name", ["epsg4326_degrees.tif", "rotated.tif", "float32_nan_inf.tif", "tiny_100x80.tif"], ids=str
)
def test_unusual_files_work(shared_data: Path, name: str) -> None:
    assert index(shared_data / "bad" / name) >= 1


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("truncated.tif", r"cannot be read at rows \d+-\d+, columns \d+-\d+ .*copy or download it again"),
        ("truncated_header.tif", "cannot be opened as a raster"),
        ("empty.tif", r"empty \(0 bytes\)"),
        ("no_crs.tif", r"no coordinate reference system.*rio edit-info --crs"),
        ("all_nodata.tif", "no valid pixel"),
        ("one_band.tif", "one band; three"),
        ("png_renamed.tif", r"PNG file.*no coordinate reference system"),
        ("photo_no_gps.jpg", "no coordinate reference system"),
        ("photo_gps_0_0.jpg", "no coordinate reference system"),
        ("text_renamed.jpg", "cannot be opened as a raster"),
    ],
)
def test_unusable_files_are_answered_by_one_sentence(shared_data: Path, name: str, says: str) -> None:
    path = shared_data / "bad" / name
    with pytest.raises(SceneError, match=says) as caught:
        index(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    assert len(message) < 400


def test_a_missing_path_is_named(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match=r"no file .*nothing\.tif; check the path"):
        open_scene(tmp_path / "nothing.tif")


def test_no_file_of_the_shared_set_goes_unanswered(shared_data: Path) -> None:
    for path in sorted((shared_data / "bad").iterdir()):
        with contextlib.suppress(SceneError):
            assert index(path) >= 1
