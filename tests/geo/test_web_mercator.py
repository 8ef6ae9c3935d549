import numpy as np
import pytest
from affine import Affine
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox

from graft_core.geo.web_mercator import WEB_MERCATOR, web_view


def grid(crs: str, left: float, top: float, gsd: float = 10.0, shape: tuple[int, int] = (300, 400)) -> GeoBox:
    return GeoBox(shape, Affine(gsd, 0, left, 0, -gsd, top), crs)


@pytest.mark.parametrize(
    ("crs", "left", "top"),
    [
        ("EPSG:32633", 300_000, 5_900_000),
        ("EPSG:32719", 700_000, 6_200_000),
        ("EPSG:3035", 4_300_000, 3_200_000),
        ("EPSG:3395", -2000, 1500),
    ],
)
def test_every_pixel_of_the_view_knows_its_place_to_a_tenth_of_a_pixel(crs: str, left: float, top: float) -> None:
    box = grid(crs, left, top)
    view = web_view(box, 256)
    height, width = view.row.shape
    assert max(height, width) == 256
    to_web = CRS("EPSG:4326").transformer_to_crs(WEB_MERCATOR, always_xy=True)
    (west, east), (south, north) = to_web(np.array(view.bounds[::2]), np.array(view.bounds[1::2]))
    rng = np.random.default_rng(0)
    i, j = rng.integers(0, height, 200), rng.integers(0, width, 200)
    x, y = west + (j + 0.5) / width * (east - west), north - (i + 0.5) / height * (north - south)
    own_x, own_y = WEB_MERCATOR.transformer_to_crs(box.crs, always_xy=True)(x, y)
    np.testing.assert_allclose(view.col[i, j], (own_x - left) / 10, atol=0.1)
    np.testing.assert_allclose(view.row[i, j], (top - own_y) / 10, atol=0.1)


def test_view_holds_the_whole_grid_and_nothing_beyond_it() -> None:
    box = grid("EPSG:32633", 300_000, 5_900_000)
    view = web_view(box, 512)
    seen = view.sample(np.ones((300, 400), np.float32))
    inside = (view.row >= 0) & (view.row <= 300) & (view.col >= 0) & (view.col <= 400)
    assert np.array_equal(np.isfinite(seen), inside)
    assert view.row.min() < 2
    assert view.row.max() > 298
    assert view.col.min() < 2
    assert view.col.max() > 398


def test_values_stand_where_they_belong_whatever_their_step() -> None:
    box = grid("EPSG:32633", 300_000, 5_900_000, shape=(301, 397))
    view = web_view(box, 300)
    for step in (1, 4):
        rows, cols = -(-301 // step), -(-397 // step)
        row = (np.arange(rows, dtype=np.float32) + 0.5)[:, None] * step + np.zeros((rows, cols), np.float32)
        col = (np.arange(cols, dtype=np.float32) + 0.5)[None] * step + np.zeros((rows, cols), np.float32)
        inner = (view.row > step) & (view.row < 301 - step) & (view.col > step) & (view.col < 397 - step)
        np.testing.assert_allclose(view.sample(row, step)[inner], view.row[inner], atol=0.01)
        np.testing.assert_allclose(view.sample(col, step)[inner], view.col[inner], atol=0.01)


def test_holes_stay_holes() -> None:
    box = grid("EPSG:32633", 300_000, 5_900_000)
    view = web_view(box, 400)
    values = np.full((300, 400), 0.5, np.float32)
    values[100:200, 100:200] = np.nan
    seen = view.sample(values)
    hole = (view.row > 101) & (view.row < 199) & (view.col > 101) & (view.col < 199)
    assert np.isnan(seen[hole]).all()
    np.testing.assert_allclose(seen[np.isfinite(seen)], 0.5)
