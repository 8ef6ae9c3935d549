"""What QGIS, GDAL and our own replay read back from the rasters we write."""

import errno
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import rasterio
from affine import Affine
from full_disk import largest_file
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox
from rasterio.enums import ColorInterp
from rio_cogeo import cog_validate

from graft_core.errors import ExportError
from graft_core.io.geotiff import BandInfo, read_classes, read_info, read_tags, write_cog, write_raster

DENSITY = [BandInfo("density of forest"), BandInfo("score of forest")]
Array = npt.NDArray[Any]


def grid(height: int, width: int, crs: str | None = "EPSG:32633", gsd: float = 0.6) -> GeoBox:
    return GeoBox((height, width), Affine(gsd, 0, 500_000, 0, -gsd, 5_000_000), crs)


def noise(height: int, width: int, bands: int = 2) -> npt.NDArray[np.float32]:
    return np.random.default_rng(0).random((bands, height, width), dtype=np.float32)


def corner(window: GeoBox, whole: GeoBox) -> tuple[int, int]:
    a = whole.affine
    return round((window.affine.c - a.c) / a.a), round((window.affine.f - a.f) / a.e)


def from_array(array: Array, geobox: GeoBox) -> Callable[[GeoBox], Array]:
    def block(window: GeoBox) -> Array:
        left, top = corner(window, geobox)
        return array[:, top : top + window.shape[0], left : left + window.shape[1]].copy()

    return block


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(2, 1600), st.integers(2, 1600), st.integers(1, 3))
def test_any_size_keeps_every_pixel_and_is_a_valid_cog(tmp_path: Path, height: int, width: int, bands: int) -> None:
    path, values, geobox = tmp_path / "out.tif", noise(height, width, bands), grid(height, width)
    values[:, : height // 3, : width // 2] = np.nan
    write_cog(path, geobox, [BandInfo(f"band {i}") for i in range(bands)], from_array(values, geobox))
    with rasterio.open(path) as src:
        np.testing.assert_array_equal(src.read(), values)
    assert cog_validate(path, strict=True, quiet=True) == (True, [], [])


def test_density_raster_carries_what_qgis_needs(tmp_path: Path) -> None:
    path, values, geobox = tmp_path / "out.tif", noise(700, 1300), grid(700, 1300)
    tags = {"query": '{"words": "Fluß <&>"}', "stride": "112"}
    write_cog(path, geobox, DENSITY, from_array(values, geobox), tags=tags)
    with rasterio.open(path) as src:
        assert src.crs.to_epsg() == 32633
        assert src.transform == geobox.affine
        assert src.descriptions == ("density of forest", "score of forest")
        assert all(math.isnan(value) for value in src.nodatavals)
        assert src.block_shapes == [(512, 512)] * 2
        assert src.overviews(1) == [2, 4]
        structure = src.tags(ns="IMAGE_STRUCTURE")
    assert (structure["COMPRESSION"], structure["PREDICTOR"], structure["LAYOUT"]) == ("ZSTD", "3", "COG")
    assert read_tags(path) == tags
    assert [child.name for child in tmp_path.iterdir()] == ["out.tif"]


def test_statistics_are_embedded_and_leave_out_missing_pixels(tmp_path: Path) -> None:
    path, values, geobox = tmp_path / "out.tif", noise(900, 1100), grid(900, 1100)
    values[0, :450] = np.nan
    values[1] = np.nan
    write_cog(path, geobox, DENSITY, from_array(values, geobox))
    with rasterio.open(path) as src:
        first, second = src.tags(1), src.tags(2)
    valid = values[0, 450:].astype(np.float64)
    assert float(first["STATISTICS_MINIMUM"]) == valid.min()
    assert float(first["STATISTICS_MAXIMUM"]) == valid.max()
    assert float(first["STATISTICS_MEAN"]) == pytest.approx(valid.mean(), rel=1e-9)
    assert float(first["STATISTICS_STDDEV"]) == pytest.approx(valid.std(), rel=1e-9)
    assert first["STATISTICS_VALID_PERCENT"] == "50"
    assert second == {"STATISTICS_VALID_PERCENT": "0"}


def test_overviews_average_only_pixels_with_data(tmp_path: Path) -> None:
    path, values, geobox = tmp_path / "out.tif", noise(1024, 1024), grid(1024, 1024)
    values[:, 0, 0] = values[:, 2:4, 2:4] = np.nan
    write_cog(path, geobox, DENSITY, from_array(values, geobox))
    with rasterio.open(path, OVERVIEW_LEVEL=0) as src:
        small = src.read()
    assert np.isnan(small[:, 1, 1]).all()
    np.testing.assert_allclose(small[:, 0, 0], np.nanmean(values[:, :2, :2], axis=(1, 2)), rtol=1e-6)
    expected = values[:, 4:].reshape(2, 510, 2, 512, 2).mean(axis=(2, 4))
    np.testing.assert_allclose(small[:, 2:], expected, rtol=1e-6)


def test_writing_asks_for_small_windows_and_for_each_pixel_once(tmp_path: Path) -> None:
    geobox = grid(2100, 3000)
    seen = np.zeros(geobox.shape, np.int64)

    def block(window: GeoBox) -> Array:
        left, top = corner(window, geobox)
        height, width = window.shape
        assert max(height, width) <= 1024
        seen[top : top + height, left : left + width] += 1
        return np.zeros((1, height, width), np.float32)

    write_cog(tmp_path / "out.tif", geobox, DENSITY[:1], block)
    assert (seen == 1).all()


def test_two_writings_give_the_same_bytes(tmp_path: Path) -> None:
    values, geobox = noise(1100, 700), grid(1100, 700)
    for name in ("one.tif", "two.tif"):
        write_cog(tmp_path / name, geobox, DENSITY, from_array(values, geobox))
    assert (tmp_path / "one.tif").read_bytes() == (tmp_path / "two.tif").read_bytes()


def test_a_file_above_four_gigabytes_would_be_a_readable_bigtiff(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, values, geobox = tmp_path / "out.tif", noise(700, 600), grid(700, 600)
    monkeypatch.setattr("graft_core.io.cog.CLASSIC_LIMIT", 1000)
    write_cog(path, geobox, DENSITY, from_array(values, geobox))
    assert path.read_bytes()[2] == 43
    with rasterio.open(path) as src:
        np.testing.assert_array_equal(src.read(), values)
    assert cog_validate(path, strict=True, quiet=True) == (True, [], [])


def test_near_infrared_is_never_alpha(tmp_path: Path) -> None:
    path = tmp_path / "naip.tif"
    pixels = np.random.default_rng(1).integers(0, 256, (4, 600, 800), dtype=np.uint8)
    write_raster(path, pixels, grid(600, 800), descriptions=["red", "green", "blue", "nir"], photometric="rgb")
    with rasterio.open(path) as src:
        assert src.colorinterp == (ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.undefined)
        assert src.descriptions == ("red", "green", "blue", "nir")
        assert src.nodata is None
        assert src.tags(ns="IMAGE_STRUCTURE")["INTERLEAVE"] == "PIXEL"
        np.testing.assert_array_equal(src.read(), pixels)
        means = pixels.reshape(4, 300, 2, 400, 2).mean(axis=(2, 4))
        np.testing.assert_allclose(src.read(out_shape=(4, 300, 400)), means, atol=0.5)
    assert cog_validate(path, strict=True, quiet=True) == (True, [], [])


def test_reflectance_keeps_its_scale_and_may_come_from_a_function(tmp_path: Path) -> None:
    path, geobox = tmp_path / "s2.tif", grid(1500, 520, gsd=10)
    pixels = np.random.default_rng(2).integers(0, 12_000, (4, 1500, 520), dtype=np.uint16)
    names = ["B04", "B03", "B02", "B08"]
    write_raster(
        path, from_array(pixels, geobox), geobox, descriptions=names, dtype="uint16", nodata=0, scales=[1e-4] * 4
    )
    with rasterio.open(path) as src:
        assert src.scales == (1e-4,) * 4
        assert src.offsets == (0.0,) * 4
        assert src.nodata == 0
        np.testing.assert_array_equal(src.read(), pixels)
    assert [band.description for band in read_info(path).bands] == names
    assert cog_validate(path, strict=True, quiet=True) == (True, [], [])


def test_class_raster_keeps_names_and_colours_and_overviews_invent_no_class(tmp_path: Path) -> None:
    path = tmp_path / "truth.tif"
    classes = np.random.default_rng(3).choice(np.array([0, 7, 200], np.uint8), (1, 1030, 1030))
    classes[0, :2, :2] = [[7, 200], [200, 0]]
    names, colors = {0: "none", 7: "lake", 200: "forest"}, {0: (0, 0, 0), 7: (0, 0, 255), 200: (0, 120, 0)}
    write_raster(path, classes, grid(1030, 1030), descriptions=["class"], class_names=names, palette=colors)
    pixels, found = read_classes(path)
    assert found == names
    np.testing.assert_array_equal(pixels, classes[0])
    with rasterio.open(path) as src:
        assert src.colormap(1)[7] == (0, 0, 255, 255)
        np.testing.assert_array_equal(src.read(), classes)
    with rasterio.open(path, OVERVIEW_LEVEL=0) as src:
        small = src.read(1)
    assert set(np.unique(small)) == {0, 7, 200}
    assert small[0, 0] == 200
    assert cog_validate(path, strict=True, quiet=True) == (True, [], [])


def test_integer_overviews_leave_out_nodata(tmp_path: Path) -> None:
    path = tmp_path / "out.tif"
    pixels = np.full((1, 600, 600), 100, np.uint16)
    pixels[0, 0, 0], pixels[0, 2:4, 2:4] = 0, 0
    write_raster(path, pixels, grid(600, 600), descriptions=["B04"], nodata=0)
    with rasterio.open(path, OVERVIEW_LEVEL=0) as src:
        small = src.read(1)
    assert small[0, 0] == 100
    assert small[1, 1] == 0


def test_full_disk_keeps_the_old_file_and_says_what_to_do(tmp_path: Path) -> None:
    path, geobox = tmp_path / "out.tif", grid(1024, 1024)
    path.write_text("the old result")
    with largest_file(1 << 20), pytest.raises(ExportError, match=r"out\.tif: the disk is full; free some space"):
        write_cog(path, geobox, DENSITY, from_array(noise(1024, 1024), geobox))
    assert path.read_text() == "the old result"
    assert [child.name for child in tmp_path.iterdir()] == ["out.tif"]


def test_full_disk_found_only_at_the_end_is_found_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", refuse)
    with pytest.raises(ExportError, match="the disk is full"):
        write_cog(tmp_path / "out.tif", grid(40, 40), DENSITY, from_array(noise(40, 40), grid(40, 40)))
    assert list(tmp_path.iterdir()) == []


def test_a_failing_source_leaves_nothing_behind(tmp_path: Path) -> None:
    def fail(window: GeoBox) -> Array:
        raise RuntimeError("model lost")

    with pytest.raises(RuntimeError, match="model lost"):
        write_cog(tmp_path / "out.tif", grid(2000, 2000), DENSITY, fail)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("geobox", "name", "said"),
    [
        (grid(9, 9), "missing/out.tif", "does not exist; create it first"),
        (grid(9, 9, crs=None), "out.tif", "has no CRS"),
        (GeoBox((9, 9), Affine(1, 1, 0, 1, -1, 0), "EPSG:32633"), "out.tif", "is not north-up"),
        (GeoBox((9, 9), Affine.scale(1, 1), "EPSG:32633"), "out.tif", "is not north-up"),
        (GeoBox((0, 9), Affine.scale(1, -1), "EPSG:32633"), "out.tif", "no pixels"),
    ],
)
def test_what_cannot_be_written_is_said_before_any_work(tmp_path: Path, geobox: GeoBox, name: str, said: str) -> None:
    with pytest.raises(ExportError, match=said):
        write_cog(tmp_path / name, geobox, DENSITY, lambda window: pytest.fail("drew a window"))
    assert list(tmp_path.iterdir()) == []


def test_unknown_dtype_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="dtype complex64 is not one of uint8"):
        write_raster(tmp_path / "out.tif", np.zeros((1, 4, 4), np.complex64), grid(4, 4), descriptions=["x"])


@pytest.mark.parametrize("content", [None, "not a raster"])
def test_reading_tags_of_something_else_names_the_file(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "x.tif"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ExportError, match=r"x\.tif as a raster.*give the path of a GeoTIFF"):
        read_tags(path)


def test_read_info_returns_the_grid_that_was_written(tmp_path: Path) -> None:
    path, geobox = tmp_path / "out.tif", grid(30, 50)
    write_cog(path, geobox, [BandInfo("area", unit="m2")], lambda w: np.zeros((1, *w.shape), np.float32))
    info = read_info(path)
    assert info.geobox == geobox
    assert info.bands == (BandInfo("area", unit="m2"),)
    assert info.dtype == "float32"
    assert info.nodata is not None
    assert math.isnan(info.nodata)


def test_a_raster_without_class_names_says_so(tmp_path: Path) -> None:
    write_cog(tmp_path / "out.tif", grid(3, 3), DENSITY[:1], lambda w: np.zeros((1, *w.shape), np.float32))
    with pytest.raises(ExportError, match="carries no class names"):
        read_classes(tmp_path / "out.tif")
