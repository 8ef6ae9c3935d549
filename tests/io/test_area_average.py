import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox

from graft_core.io.area_average import area_average

X, Y = 500_000.0, 5_000_000.0
FINE = GeoBox((120, 90), Affine(1, 0, X, 0, -1, Y), "EPSG:32631")


def coarse(size: float, left: float, top: float, width: int, height: int) -> GeoBox:
    return GeoBox((height, width), Affine(size, 0, X + left, 0, -size, Y - top), "EPSG:32631")


@pytest.fixture
def values() -> np.ndarray:
    return np.random.default_rng(0).random(FINE.shape).astype(np.float32)


def test_pixel_of_a_whole_multiple_is_the_mean_of_those_below_it(values: np.ndarray) -> None:
    found = area_average(values, FINE, coarse(10, 0, 0, 9, 12))
    assert found == pytest.approx(values.reshape(12, 10, 9, 10).mean(axis=(1, 3)), abs=1e-6)


def test_pixel_between_pixels_takes_of_each_what_lies_below_it(values: np.ndarray) -> None:
    found = area_average(values, FINE, coarse(1, 0.5, 0.5, 89, 119))
    wanted = (values[1:, 1:] + values[:-1, 1:] + values[1:, :-1] + values[:-1, :-1]) / 4
    assert found == pytest.approx(wanted, abs=1e-6)


def test_pixel_that_is_mostly_unknown_or_mostly_outside_is_unknown(values: np.ndarray) -> None:
    values[:6, :10] = np.nan  # six tenths of the first pixel
    values[10:14, :10] = np.nan  # four tenths of the one below it
    found = area_average(values, FINE, coarse(10, 0, 0, 9, 12))
    assert np.isnan(found[0, 0])
    assert found[1, 0] == pytest.approx(values[14:20, :10].mean(), abs=1e-6)
    beyond = area_average(np.ones_like(values), FINE, coarse(10, -26, 0, 4, 1))
    assert np.isfinite(beyond).tolist() == [[False, False, False, True]]
    nearer = area_average(np.ones_like(values), FINE, coarse(10, -24, 0, 4, 1))
    assert np.isfinite(nearer).tolist() == [[False, False, True, True]]


@settings(max_examples=20, deadline=None)
@given(st.floats(-20, 60), st.floats(-20, 80), st.floats(1, 30))
def test_even_raster_stays_even_wherever_it_is_looked_at(left: float, top: float, size: float) -> None:
    found = area_average(np.full(FINE.shape, 0.3, np.float32), FINE, coarse(size, left, top, 5, 4))
    known = np.isfinite(found)
    assert found[known] == pytest.approx(0.3, abs=1e-5)
    x = X + left + size * (np.arange(5) + 0.5)
    y = Y - top - size * (np.arange(4) + 0.5)
    well_inside = (abs(x - X - 45) < 45 - size) & (abs(y - Y + 60) < 60 - size)[:, None]
    assert known[well_inside].all()


def test_other_projection_keeps_things_in_their_place_and_windows_agree(values: np.ndarray) -> None:
    to_other = CRS("EPSG:32631").transformer_to_crs(CRS("EPSG:32632"), always_xy=True)
    x, y = to_other(X + 10, Y - 30)
    values[:] = 0
    values[58:63, 38:43] = 1
    target = GeoBox((20, 16), Affine(4, 0, x, 0, -4, y), "EPSG:32632")
    found = area_average(values, FINE, target)
    row, col = np.unravel_index(np.nanargmax(found), found.shape)
    at_x, at_y = to_other(X + 40.5, Y - 60.5)
    assert (col, row) == (int((at_x - x) // 4), int((y - at_y) // 4))
    assert found[5:12, 3:15] == pytest.approx(area_average(values, FINE, target[5:12, 3:15]), abs=1e-4, nan_ok=True)
