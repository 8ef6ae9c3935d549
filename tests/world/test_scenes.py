from pathlib import Path

import geopandas
import numpy as np
import pytest
from PIL import ExifTags, Image
from pyproj import Transformer

from graft_core.errors import ExportError
from graft_core.io.geotiff import read_classes, read_info
from graft_core.io.scene import open_scene
from graft_core.world import land, overhead, scenes
from graft_core.world.scenes import FILES, WORLD_CRS, write_scene, write_world


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A world that is drawn in seconds."""
    monkeypatch.setattr(scenes, "SENTINEL2_PX", 300)
    monkeypatch.setattr(scenes, "PHOTOS", 24)


@pytest.mark.usefixtures("small")
def test_a_world_is_imagery_at_two_resolutions_photos_and_truth(tmp_path: Path) -> None:
    out = tmp_path / "new" / "world"
    steps = list(write_world(out, 7, 300))
    assert steps[-1].done == steps[-1].total
    assert sorted(path.name for path in out.iterdir()) == sorted(FILES)
    for sensor, gsd in (("naip", 1), ("sentinel2", 10)):
        scene = open_scene(out / f"{sensor}.tif")
        assert (scene.sensor, scene.gsd, scene.geobox.shape) == (sensor, gsd, (300, 300))
        classes, names = read_classes(out / f"truth_{sensor}.tif")
        assert names == {number: name for name, number in land.ID.items()}
        assert classes.min() >= 1


@pytest.mark.usefixtures("small")
def test_photos_stand_where_their_tags_and_the_table_say(tmp_path: Path) -> None:
    list(write_world(tmp_path, 3, 300))
    table = geopandas.read_parquet(tmp_path / "photos.parquet")
    assert len(table) == 24
    assert table.crs.to_epsg() == 4326
    x, y = Transformer.from_crs("EPSG:4326", WORLD_CRS, always_xy=True).transform(table.geometry.x, table.geometry.y)
    assert np.abs([x[::2], y[::2]]).max() < 150 + 5 * scenes.POSITION_ERROR_M  # every other photo in the 1 m scene
    for row in table.itertuples():
        with Image.open(tmp_path / row.path) as image:
            assert image.size == (scenes.PHOTO_PX, scenes.PHOTO_PX)
            place = image.getexif().get_ifd(ExifTags.IFD.GPSInfo)
        degrees, minutes, seconds = (float(part) for part in place[ExifTags.GPS.GPSLatitude])
        sign = 1 if place[ExifTags.GPS.GPSLatitudeRef] == "N" else -1
        assert sign * (degrees + minutes / 60 + seconds / 3600) == pytest.approx(row.geometry.y, abs=1e-8)


@pytest.mark.usefixtures("small")
def test_the_same_seed_is_the_same_world_and_another_is_not(tmp_path: Path) -> None:
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        list(write_world(tmp_path / name, seed, 256))
    for name in ("naip.tif", "sentinel2.tif", "truth_naip.tif", "photos/0007.jpg"):
        first, second, other = ((tmp_path / folder / name).read_bytes() for folder in "abc")
        assert first == second
        assert first != other


def test_the_scene_shows_the_land_around_the_origin(tmp_path: Path) -> None:
    write_scene(tmp_path, "naip", 11, 256)
    classes, _ = read_classes(tmp_path / "truth_naip.tif")
    np.testing.assert_array_equal(classes, overhead.render_naip(11, -128, 128, 256, 256)[1])
    assert classes[10, 20] == land.class_at(11, np.array([-128 + 20.5]), np.array([128 - 10.5]))[0]
    affine = read_info(tmp_path / "naip.tif").geobox.affine
    assert (affine.c, affine.f) == (-128, 128)


@pytest.mark.usefixtures("small")
def test_an_earlier_world_is_replaced_and_nothing_else_is_touched(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "old.jpg").write_bytes(b"old")
    (tmp_path / "notes.txt").write_text("mine")
    list(write_world(tmp_path, 1, 256))
    assert not (tmp_path / "photos" / "old.jpg").exists()
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match="file/world"):
        next(write_world(tmp_path / "file" / "world", 1))
