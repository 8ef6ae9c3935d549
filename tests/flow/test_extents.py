"""The extent asked for decides which pixels are written, never what stands on them."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
from commands import done
from odc.geo.geobox import GeoBox
from rasterio.io import DatasetReader
from rasterio.warp import transform_geom
from rasterio.windows import Window
from real_scenes import QUERY, RealScene

TILE = 128
"""Pixels of the working grid under one tile of the shipped encoders."""
HALF_BIT = 5e-5
"""The index keeps float16: a tile encoded among other tiles may differ by its last bit."""


def area(path: Path, raster: Path, corners: list[tuple[float, float]]) -> Path:
    """A GeoJSON polygon in longitude and latitude; corners as shares of the raster's width and height."""
    with rasterio.open(raster) as file:
        ring = [file.transform @ (x * file.width, y * file.height) for x, y in [*corners, corners[0]]]
        shape = transform_geom(file.crs, "EPSG:4326", {"type": "Polygon", "coordinates": [ring]})
    feature = {"type": "Feature", "properties": {}, "geometry": shape}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return path


def corner(raster: DatasetReader, whole: DatasetReader) -> tuple[int, int]:
    """Row and column of a raster's first pixel in another on the same grid."""
    col = (raster.transform.c - whole.transform.c) / whole.res[0]
    row = (whole.transform.f - raster.transform.f) / whole.res[1]
    assert (row, col) == (pytest.approx(round(row), abs=1e-3), pytest.approx(round(col), abs=1e-3)), "one pixel grid"
    return round(row), round(col)


def onto(whole: DatasetReader, path: Path) -> np.ndarray:
    """The bands of a part of the whole, NaN around it."""
    values = np.full((2, *whole.shape), np.nan, np.float32)
    with rasterio.open(path) as part:
        row, col = corner(part, whole)
        values[:, row : row + part.height, col : col + part.width] = part.read()
    return values


@pytest.mark.parametrize("name", ["virginia", "thailand"])
def test_overlapping_areas_agree_on_every_common_pixel(
    name: str, real_scene: Callable[[str], RealScene], at_home: None, tmp_path: Path
) -> None:
    scene = real_scene(name)
    shapes = {
        "slanted": [(0.05, 0.13), (0.61, 0.02), (0.7, 0.77), (0.21, 0.9)],
        "upright": [(0.33, 0.31), (0.97, 0.31), (0.97, 0.84), (0.33, 0.84)],
    }
    for shape, corners in shapes.items():
        drawn = area(tmp_path / f"{shape}.geojson", scene.raster, corners)
        done("density", scene.source, "-q", QUERY, "--aoi", drawn, "-o", tmp_path / f"{shape}.tif")
    with rasterio.open(scene.raster) as file:
        whole = file.read()
        slanted, upright = (onto(file, tmp_path / f"{shape}.tif") for shape in shapes)
    common = np.isfinite(slanted[0]) & np.isfinite(upright[0])
    assert 0.1 < common.mean() < 0.35
    assert np.array_equal(slanted[:, common], upright[:, common])
    for part, share in ((slanted, 0.42), (upright, 0.34)):
        written = np.isfinite(part[0])
        assert written.mean() == pytest.approx(share, abs=0.05), "no more than the polygon"
        assert np.array_equal(part[:, written], whole[:, written])


def test_area_in_the_gap_between_two_files_of_a_town_is_empty_not_zero(
    real_scene: Callable[[str], RealScene], at_home: None, tmp_path: Path
) -> None:
    scene = real_scene("eureka")
    first = sorted(scene.source.glob("*.tif"))[0]
    drawn = area(tmp_path / "beyond.geojson", first, [(0.5, 0.5), (3, 0.5), (3, 3), (0.5, 3)])
    done("density", scene.source, "-q", QUERY, "--aoi", drawn, "-o", tmp_path / "part.tif")
    with rasterio.open(tmp_path / "part.tif") as file:
        values = file.read()
    assert np.isfinite(values[:, 20, 20]).all()
    assert np.isnan(values[:, -20, -20]).all()
    assert 0.03 < np.isfinite(values[0]).mean() < 0.05, "a quarter of the file, in an area 25 times as large"


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("virginia", Window(0, 0, 430, 510), Window(101, 37, 496, 460)),
        ("thailand", Window(0, 0, 700, 640), Window(203, 137, 700, 640)),
    ],
)
def test_overlapping_crops_indexed_apart_give_equal_scores(
    name: str, one: Window, other: Window, real_scene: Callable[[str], RealScene], tmp_path: Path
) -> None:
    source = real_scene(name).source
    for crop, window in (("one", one), ("other", other)):
        cut(source, tmp_path / f"{crop}.tif", window)
        done("density", tmp_path / f"{crop}.tif", "-q", QUERY, "-o", tmp_path / f"{crop}-map.tif")
    with rasterio.open(source) as whole:
        scores = [onto(whole, tmp_path / f"{crop}-map.tif")[1] for crop in ("one", "other")]
    left, top = max(one.col_off, other.col_off), max(one.row_off, other.row_off)
    right = min(one.col_off + one.width, other.col_off + other.width)
    bottom = min(one.row_off + one.height, other.row_off + other.height)
    # A tile's length inside of both, every tile over a pixel lies wholly in both.
    inside = np.s_[top + TILE : bottom - TILE, left + TILE : right - TILE]
    ours, theirs = (each[inside] for each in scores)
    assert min(ours.shape) > 50
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=HALF_BIT)
    assert np.ptp(ours) > 20 * HALF_BIT, "the scores differ from place to place"


def cut(source: Path, target: Path, window: Window) -> None:
    """Write a part of a raster as a file of its own, bands and names as they are."""
    with rasterio.open(source) as whole:
        box = GeoBox.from_rio(whole)[window.toslices()]
        profile = {**whole.profile, "width": window.width, "height": window.height, "transform": box.affine}
        with rasterio.open(target, "w", **profile) as part:
            part.write(whole.read(window=window))
            part.descriptions = whole.descriptions
            part.colorinterp = whole.colorinterp
