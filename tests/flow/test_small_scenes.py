"""Scenes of any size, down to less than a tile: no stripe is left out, nothing is written where nothing is known."""

from pathlib import Path

import geopandas
import numpy as np
import pytest
import rasterio
from commands import done
from four_colors import geobox
from real_scenes import QUERY

from graft_core.io.geotiff import write_raster
from graft_core.io.scene import open_scene, read_rgb

COLORS = ("red", "green", "blue")


def noise(height: int, width: int) -> np.ndarray:
    """(3, h, w) without a pixel of 0."""
    return np.random.default_rng(height * width).integers(1, 256, (3, height, width), dtype=np.uint8)


def mapped(source: Path, folder: Path, *options: object) -> np.ndarray:
    done("density", source, "-q", QUERY, "-o", folder / "map.tif", *options)
    with rasterio.open(folder / "map.tif") as file:
        return np.asarray(file.read())


@pytest.mark.parametrize("gsd", [1.0, 0.6, 10.0])
@pytest.mark.parametrize(
    ("height", "width"),
    [(80, 100), (128, 128), (129, 257), (640, 100), (100, 641), (191, 65), (385, 513)],
    ids=lambda side: f"{side}px",
)
def test_every_pixel_is_written(height: int, width: int, gsd: float, tmp_path: Path) -> None:
    path = tmp_path / "small.tif"
    write_raster(path, noise(height, width), geobox(height, width, gsd=gsd), descriptions=COLORS, photometric="rgb")
    values = mapped(path, tmp_path)
    assert values.shape == (2, height, width)
    assert np.isfinite(values).all()


@pytest.mark.parametrize("stride", [40, 128])
def test_every_pixel_is_written_whatever_the_stride(stride: int, tmp_path: Path) -> None:
    path = tmp_path / "small.tif"
    write_raster(path, noise(129, 257), geobox(129, 257), descriptions=COLORS, photometric="rgb")
    assert np.isfinite(mapped(path, tmp_path, "--stride", stride)).all()


def test_exactly_the_pixels_with_imagery_are_written(tmp_path: Path) -> None:
    pixels = noise(300, 333)
    pixels[:, :, :57] = pixels[:, 140:150, 60:333] = pixels[:, 200:, 250:] = 0
    path = tmp_path / "holes.tif"
    write_raster(path, pixels, geobox(300, 333), descriptions=COLORS, photometric="rgb", nodata=0)
    there = (pixels > 0).any(axis=0)
    for band in mapped(path, tmp_path):
        assert np.array_equal(np.isfinite(band), there)


@pytest.mark.parametrize(
    "name", ["tiny_100x80.tif", "rotated.tif", "epsg4326_degrees.tif", "float32_nan_inf.tif"], ids=str
)
def test_unusual_file_is_mapped_wherever_it_has_pixels(shared_data: Path, name: str, tmp_path: Path) -> None:
    source = shared_data / "bad" / name
    values = mapped(source, tmp_path)
    scene = open_scene(source)
    with rasterio.open(tmp_path / "map.tif") as file:
        assert file.crs.is_projected
        assert file.transform.is_rectilinear
    there = read_rgb(scene, scene.geobox)[1]
    assert there.any()
    for band in values:
        assert np.array_equal(np.isfinite(band), there)


def test_scene_smaller_than_a_tile_is_found(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "bad" / "tiny_100x80.tif"
    done("retrieve", source, "-q", QUERY, "-o", tmp_path / "hits.geojson")
    hits = geopandas.read_file(tmp_path / "hits.geojson")
    assert len(hits) >= 1
    assert (tmp_path / "hits.png").stat().st_size > 5000
