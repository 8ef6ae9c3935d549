"""Rotated, south-up, degrees, Web Mercator: brought to north-up metres with every feature at its true place."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox
from rasterio.warp import transform

from graft_core.errors import SceneError
from graft_core.geo.grid import tile_grid
from graft_core.io.scene import Scene, open_scene, read_rgb, read_tiles


def spot(height: int, width: int, row: int, col: int, size: int = 8) -> np.ndarray:
    """A dark grey image with one bright square whose corner is at (row, col)."""
    values = np.full((3, height, width), 60, np.uint8)
    values[:, row : row + size, col : col + size] = 250
    return values


def centre_of_light(scene: Scene) -> tuple[float, float]:
    """x and y of the bright square in the scene's CRS."""
    rgb, _ = read_rgb(scene, scene.geobox)
    rows, cols = np.nonzero(rgb[..., 0] > 155)
    x, y = scene.geobox.affine @ (float(cols.mean()) + 0.5, float(rows.mean()) + 0.5)
    return x, y


def placed(left: float, top: float, gsd: float, degrees: float = 0.0) -> Affine:
    return Affine.translation(left, top) @ Affine.rotation(degrees) @ Affine.scale(gsd, -gsd)


@pytest.mark.parametrize(
    ("crs", "affine", "expected_crs", "gsd"),
    [
        ("EPSG:26910", placed(400_000, 4_514_000, 0.6, 15), "EPSG:26910", 0.6),
        ("EPSG:26910", placed(400_000, 4_514_000, 0.6, 200), "EPSG:26910", 0.6),
        ("EPSG:26910", Affine(0.6, 0, 400_000, 0, 0.6, 4_514_000), "EPSG:26910", 0.6),
        ("EPSG:4326", placed(13.1, 48.3, 8.983e-5), "EPSG:32633", 8.2),
        ("EPSG:4326", placed(-70.5, -33.4, 9e-6), "EPSG:32719", 0.91),
        ("EPSG:3857", placed(647_000, 6_900_000, 16.5), "EPSG:32631", 10),
        ("EPSG:2229", placed(6_400_000, 1_900_000, 3.28), "EPSG:32611", 1.0),
        ("EPSG:3413", placed(-100_000, -200_000, 10), "EPSG:3413", 10),
    ],
    ids=["rotated", "upside-down", "south-up", "degrees", "degrees-south", "web-mercator", "feet", "polar"],
)
def test_features_stay_at_their_place(raster: Any, crs: str, affine: Affine, expected_crs: str, gsd: float) -> None:
    scene = open_scene(raster("a.tif", spot(220, 300, 100, 180), crs=crs, transform=affine))
    assert str(scene.geobox.crs) == expected_crs
    assert scene.gsd == pytest.approx(gsd, rel=0.02)
    assert scene.geobox.affine.b == scene.geobox.affine.d == 0
    x, y = affine @ (184.0, 104.0)
    (east,), (north,) = transform(crs, expected_crs, [x], [y])
    assert centre_of_light(scene) == pytest.approx((east, north), abs=0.5 * scene.gsd)


def test_what_lies_outside_a_rotated_raster_is_not_valid(raster: Any) -> None:
    values = np.full((3, 200, 200), 90, np.uint8)
    scene = open_scene(raster("a.tif", values, transform=placed(400_000, 4_514_000, 1, 30)))
    rgb, valid = read_rgb(scene, scene.geobox)
    assert valid.sum() == pytest.approx(200 * 200, rel=0.01)
    assert (rgb[valid] == 90).all()
    assert not valid[[0, 0, -1, -1], [0, -1, 0, -1]].any()


def test_nodata_near_infrared_and_no_numbers_survive_the_warp(raster: Any) -> None:
    values = np.full((4, 200, 200), 0.5, np.float32)
    values[:3, 50:100, 50:100] = np.nan
    values[1] = np.linspace(0, 1, 200)
    affine = placed(400_000, 4_514_000, 1, 5)
    scene = open_scene(raster("a.tif", values, transform=affine, colors=("red", "green", "blue", "alpha")))
    _, valid = read_rgb(scene, scene.geobox)
    assert scene.mask_band is None
    assert valid.sum() == pytest.approx(200 * 200 - 50 * 50, rel=0.02)


def test_a_warped_window_shows_the_same_pixels_as_the_whole(raster: Any, noise: Any) -> None:
    scene = open_scene(raster("a.tif", noise(3, 500, 600), crs="EPSG:4326", transform=placed(13.1, 48.3, 9e-6)))
    rgb, valid = read_rgb(scene, scene.geobox)
    part = GeoBox((90, 70), scene.geobox.affine @ Affine.translation(301, 217), scene.geobox.crs)
    part_rgb, part_valid = read_rgb(scene, part)
    assert np.array_equal(part_rgb, rgb[217:307, 301:371])
    assert np.array_equal(part_valid, valid[217:307, 301:371])


def test_two_crops_in_degrees_agree_on_common_tiles(raster: Any, noise: Any) -> None:
    values, size = noise(3, 700, 700), 9e-6
    views = []
    for name, cut in (("whole", 0), ("crop", 150)):
        affine = placed(13.1 + cut * size, 48.3 - cut * size, size)
        scene = open_scene(raster(f"{name}.tif", values[:, cut:, cut:], crs="EPSG:4326", transform=affine))
        grid = tile_grid(scene.geobox, gsd=1, tile_px=64, stride_px=64)
        tiles = {}
        for batch in read_tiles(scene, grid):
            for i, pixels, valid in zip(batch.index, batch.pixels, batch.valid, strict=True):
                if valid == 1:
                    tiles[grid.tile(int(i)).row, grid.tile(int(i)).col] = pixels
        views.append(tiles)
    whole, crop = views
    assert len(crop) > 10
    for place, pixels in crop.items():
        assert np.array_equal(whole[place], pixels)


def test_a_crs_that_cannot_be_tied_to_the_earth_is_refused(raster: Any, noise: Any) -> None:
    local = 'LOCAL_CS["site grid",UNIT["metre",1]]'
    with pytest.raises(SceneError, match="assign"):
        open_scene(raster("a.tif", noise(3, 64, 64), crs=local))


def test_positions_outside_the_crs_are_refused(raster: Any, noise: Any) -> None:
    with pytest.raises(SceneError, match="assign the right one"):
        open_scene(raster("a.tif", noise(3, 64, 64), crs="EPSG:4326", left=435_000.0, top=3_778_000.0))


def test_mercator_tiles_have_their_size_on_the_ground(shared_data: Path) -> None:
    folder = shared_data / "rsvqa"
    low = open_scene(next(iter(sorted((folder / "RSVQA-LR").rglob("*.tif")))))
    high = open_scene(next(iter(sorted((folder / "RSVQA-HR").rglob("*.tif")))))
    assert low.gsd == pytest.approx(10, rel=0.02)
    assert high.gsd == pytest.approx(0.1524, rel=0.02)
