"""Squares beside a lattice: which map they are on, which step they become, what they cover."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from graft_core.errors import GraftError
from graft_core.geo.grid import tile_grid
from graft_core.geo.scattered import MOST_CELLS, Lattice, lattice_for, one_each, projection_of

LATTICE = Lattice("EPSG:32633", 10.0, 384, 96)


@pytest.mark.parametrize(
    ("lonlat", "crs"),
    [
        ([(11.2, 48.0), (13.2, 49.0)], "EPSG:32633"),
        ([(10.9, 48.0), (12.9, 49.0)], "EPSG:32632"),
        ([(25.0, -33.0)], "EPSG:32735"),
        ([(179.0, -17.0), (-179.0, -18.0)], "EPSG:32760"),
        ([(-9.0, 38.0), (30.0, 60.0)], "+proj=laea +lat_0=50 +lon_0=5 +datum=WGS84 +units=m +no_defs"),
        ([(0.0, 86.0), (1.0, 86.0)], "+proj=laea +lat_0=85 +lon_0=0 +datum=WGS84 +units=m +no_defs"),
    ],
)
def test_the_map_is_that_of_the_places(lonlat: list[tuple[float, float]], crs: str) -> None:
    assert projection_of(np.array(lonlat)) == crs


def test_places_all_over_the_globe_are_refused_with_what_to_do() -> None:
    with pytest.raises(GraftError, match=r"90 degrees from their middle.*take one continent at a time, by an area"):
        projection_of(np.array([(0.0, 0.0), (90.0, 0.0), (0.0, 80.0), (-90.0, 0.0), (0.0, -80.0)]))


def test_squares_of_a_continent_keep_their_size_within_an_eighth() -> None:
    lon, lat = (each.ravel() for each in np.meshgrid(np.linspace(-20, 50, 8), np.linspace(-34, 37, 8)))
    lonlat = np.stack([lon, lat], axis=1)
    to_map = Transformer.from_crs("OGC:CRS84", projection_of(lonlat), always_xy=True)
    north = np.hypot(*np.subtract(to_map.transform(lon, lat + 0.01), to_map.transform(lon, lat)))
    assert np.abs(north / (0.01 * 111_195) - 1).max() < 1 / 8


@given(st.floats(-4e6, 4e6), st.floats(-4e6, 9e6), st.sampled_from([48, 96, 192]))
def test_a_square_becomes_the_tile_half_a_step_away_at_most(x: float, y: float, stride: int) -> None:
    lattice = Lattice("EPSG:32633", 10.0, 384, stride)
    corner = lattice.corners(np.array([[x, y]]))
    assert np.abs(lattice.middles(corner) - (x, y)).max() <= lattice.step_m / 2 + 1e-6


def test_tiles_of_the_covered_grid_are_those_of_the_lattice() -> None:
    corners = np.array([[-5000, 300], [-4997, 305]])
    covered, geobox = LATTICE.covered(corners)
    grid = tile_grid(geobox, gsd=10.0, tile_px=384, stride_px=96)
    position = (corners[:, 0] - grid.row0) * grid.cols + corners[:, 1] - grid.col0
    np.testing.assert_allclose(grid.middles(position), LATTICE.middles(corners))
    assert covered.shape == (4 + 3, 4 + 5)
    expected = np.zeros((7, 9), bool)
    expected[0:4, 0:4] = expected[3:7, 5:9] = True
    np.testing.assert_array_equal(covered, expected)
    left, bottom, right, top = grid.bounds(int(position[0]))
    assert (left, top) == (geobox.boundingbox.left, geobox.boundingbox.top)
    assert (right - left, top - bottom) == (3840, 3840)


@pytest.mark.parametrize(("side_km", "stride"), [(100, 48), (1350, 48), (2000, 96), (5000, 192), (9000, 192)])
def test_steps_are_an_eighth_of_a_tile_where_there_is_room(side_km: float, stride: int) -> None:
    xy = np.array([[0.0, 0.0], [1000 * side_km, 1000 * side_km]])
    lattice = lattice_for("EPSG:32633", xy, gsd=10.0, tile_px=384)
    assert lattice.stride_px == stride
    if side_km < 5400:
        assert (side_km * 1000 / lattice.step_m) ** 2 < MOST_CELLS


def test_a_tile_of_an_odd_size_has_no_steps_within() -> None:
    assert lattice_for("EPSG:32633", np.zeros((1, 2)), gsd=10.0, tile_px=225).stride_px == 225


def test_of_squares_at_one_step_the_latest_stays_then_the_nearest() -> None:
    corners = np.array([[1, 1], [1, 1], [1, 1], [1, 2], [1, 2], [0, 9]])
    day = np.array([5, 7, 7, 3, 3, 1])
    distance = np.array([0.0, 9.0, 4.0, 8.0, 2.0, 99.0])
    assert one_each(corners, day, distance).tolist() == [2, 4, 5]
