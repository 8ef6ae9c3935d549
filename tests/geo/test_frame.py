"""Metres between places: against the ellipsoid's own, and across the antimeridian."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from graft_core.geo.frame import local_metres, map_blocks, metres_to_box, middle_of, on_sphere

GEOD = Geod(ellps="WGS84")
LON, LAT = st.floats(-180, 180), st.floats(-80, 80)


@given(lon=LON, lat=LAT, azimuth=st.floats(0, 360), metres=st.floats(1, 50_000), other=st.floats(0, 360))
def test_local_metres_keep_the_distances_of_near_places(
    lon: float, lat: float, azimuth: float, metres: float, other: float
) -> None:
    ends = [GEOD.fwd(lon, lat, each, metres)[:2] for each in (azimuth, other)]
    east_north = local_metres(np.array(ends), (lon, lat))
    assert np.linalg.norm(east_north, axis=1) == pytest.approx([metres, metres], rel=1e-6)
    between = GEOD.inv(*ends[0], *ends[1])[2]
    assert np.linalg.norm(east_north[0] - east_north[1]) == pytest.approx(between, rel=1e-3, abs=0.01)


def test_the_middle_of_places_around_the_antimeridian_lies_among_them() -> None:
    places = np.array([[[179.0, 10.0], [-179.0, 10.0]], [[8.0, 47.0], [10.0, 47.0]]])
    middles = middle_of(places)
    assert abs(middles[0, 0]) == pytest.approx(180)
    assert middles[1] == pytest.approx([9.0, 47.0], abs=0.01)


@given(lon=LON, lat=LAT, azimuth=st.floats(0, 360), metres=st.floats(1, 5000))
def test_straight_lines_between_near_places_are_the_way_on_the_ground(
    lon: float, lat: float, azimuth: float, metres: float
) -> None:
    there = GEOD.fwd(lon, lat, azimuth, metres)[:2]
    points = on_sphere(np.array([(lon, lat), there]))
    assert np.linalg.norm(points[0] - points[1]) == pytest.approx(metres, rel=0.01)


@pytest.mark.parametrize(
    ("place", "box", "metres"),
    [
        ((1.0, 1.0), (0, 0, 2, 2), 0),
        ((3.0, 0.0), (0, 0, 2, 2), 111_195),
        ((1.0, -1.0), (0, 0, 2, 2), 111_195),
        ((-179.0, 0.0), (178, -1, -178, 1), 0),
        ((179.5, 0.0), (-180, -1, -179, 1), 55_597),
        ((-179.5, 0.0), (178, -1, 180, 1), 55_597),
    ],
)
def test_metres_to_a_box(place: tuple[float, float], box: tuple[float, float, float, float], metres: float) -> None:
    assert metres_to_box(np.array([place]), box)[0] == pytest.approx(metres, rel=1e-4, abs=1e-6)


@given(lon=LON, lat=LAT, side=st.floats(100, 20_000))
def test_a_block_is_about_as_wide_as_it_is_high(lon: float, lat: float, side: float) -> None:
    steps = np.linspace(0, 3 * side, 60)
    for azimuth, axis in ((90, 1), (0, 0)):
        ends = GEOD.fwd(np.full(60, lon), np.full(60, lat), np.full(60, azimuth), steps)
        blocks = map_blocks(np.stack(ends[:2], axis=1), side)
        if axis == 0 or (len(set(blocks[:, 0])) == 1 and np.ptp(ends[0]) < 180):
            assert 2 <= np.ptp(blocks[:, axis]) <= 4


def test_a_place_lies_in_the_same_block_whatever_is_asked_with_it() -> None:
    places = np.random.default_rng(0).uniform(-80, 80, (50, 2))
    np.testing.assert_array_equal(map_blocks(places, 500)[7:9], map_blocks(places[7:9], 500))
