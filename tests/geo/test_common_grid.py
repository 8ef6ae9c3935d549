import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox

from graft_core.geo.common_grid import common_grid, extent_in, pixels_meeting, same_lattice

X, Y = 500_000.0, 5_000_000.0


def grid(size: float, left: float, top: float, width: int, height: int, crs: str = "EPSG:32631") -> GeoBox:
    return GeoBox((height, width), Affine(size, 0, X + left, 0, -size, Y - top), crs)


def test_grid_is_the_coarser_ones_whichever_comes_first() -> None:
    fine, coarse = grid(1, 103, 48, 200, 150), grid(10, 0, 0, 100, 100)
    wanted = grid(10, 100, 40, 21, 16)  # the pixels that fine reaches into: 103 to 303, 48 to 198
    assert common_grid(fine, coarse) == common_grid(coarse, fine) == wanted


def test_grid_is_that_after_where_both_are_equally_fine() -> None:
    before, after = grid(10, 0, 0, 100, 100), grid(10, 203, 404, 100, 100)
    assert common_grid(before, after) == grid(10, 203, 404, 80, 60)
    assert common_grid(after, before) == grid(10, 200, 400, 80, 60)


offsets = st.integers(-40, 40)


@given(offsets, offsets, st.integers(1, 60), st.integers(1, 60))
def test_grids_of_one_lattice_share_the_pixels_both_have_in_either_order(
    left: int, top: int, width: int, height: int
) -> None:
    one, other = grid(0.6, 0, 0, 50, 50), grid(0.6, 0.6 * left, 0.6 * top, width, height)
    rows = range(max(0, top), min(50, top + height))
    cols = range(max(0, left), min(50, left + width))
    found, again = common_grid(one, other), common_grid(other, one)
    if not rows or not cols:
        assert found is None
        assert again is None
        return
    assert found is not None
    assert again is not None
    assert found.shape == again.shape == (len(rows), len(cols))
    assert same_lattice(found, again)
    assert (found.affine.c, found.affine.f) == pytest.approx((X + 0.6 * cols[0], Y - 0.6 * rows[0]), abs=1e-6)


def test_grids_of_two_zones_meet_where_they_lie_over_each_other() -> None:
    east = GeoBox((100, 100), Affine(10, 0, 200_000, 0, -10, Y), "EPSG:32632")
    extent = extent_in(east, CRS("EPSG:32631"))
    assert extent is not None
    west = GeoBox((400, 400), Affine(5, 0, extent[0] - 500, 0, -5, extent[3] + 500), "EPSG:32631")
    found = common_grid(west, east)
    assert found == east, "the finer one reaches around it on every side"
    assert common_grid(grid(10, 0, 0, 10, 10), east) is None
    assert common_grid(GeoBox((9, 9), Affine(10, 0, X, 0, -10, Y), "EPSG:32760"), east) is None


def test_pixels_that_only_touch_an_extent_are_left_out() -> None:
    box = grid(10, 0, 0, 10, 10)
    assert pixels_meeting(box, (X + 10, Y - 30, X + 20, Y - 20)) == grid(10, 10, 20, 1, 1)
    assert pixels_meeting(box, (X + 10.0000001, Y - 29.9999999, X + 20.0000001, Y - 19.9999999)) == grid(
        10, 10, 20, 1, 1
    )
    assert pixels_meeting(box, (X + 100, Y - 100, X + 300, Y)) is None


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (grid(1, 17, -4, 3, 3), True),
        (grid(1, 17.5, -4, 3, 3), False),
        (grid(2, 18, -4, 3, 3), False),
        (grid(1, 17, -4, 3, 3, "EPSG:32632"), False),
    ],
)
def test_pixels_are_the_same_in_one_crs_of_one_size_without_a_shift(other: GeoBox, same: bool) -> None:
    assert same_lattice(grid(1, 0, 0, 10, 10), other) is same
