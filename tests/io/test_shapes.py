"""Masks and polygons are two views of one thing."""

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from odc.geo.geobox import GeoBox

from graft_core.io.shapes import mask_of, polygons_of

MASKS = arrays.arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 12)))


def grid(height: int, width: int, gsd: float = 0.6) -> GeoBox:
    return GeoBox((height, width), Affine(gsd, 0, 500_100.2, 0, -gsd, 5_000_200.4), "EPSG:32631")


@settings(deadline=None)
@given(MASKS)
def test_polygons_of_a_mask_draw_that_mask_again(mask: np.ndarray) -> None:
    geobox = grid(*mask.shape)
    shapes = polygons_of(mask, geobox)
    assert all(shape.is_valid for shape in shapes)
    assert np.array_equal(mask_of(shapely.MultiPolygon(shapes), geobox), mask)
    assert sum(shape.area for shape in shapes) == pytest.approx(mask.sum() * 0.36)


def test_pixels_that_share_an_edge_are_one_area_and_those_that_meet_at_a_corner_are_two() -> None:
    mask = np.array([[1, 1, 0], [0, 0, 1], [0, 1, 1]], np.bool_)
    areas = polygons_of(mask, GeoBox((3, 3), Affine.identity(), None))
    assert sorted(shape.bounds for shape in areas) == [(0, 0, 2, 1), (1, 1, 3, 3)]


def test_what_is_left_out_inside_is_a_hole() -> None:
    mask = np.ones((5, 5), np.bool_)
    mask[2, 3] = False
    (area,) = polygons_of(mask, GeoBox((5, 5), Affine.identity(), None))
    assert [shapely.Polygon(hole).bounds for hole in area.interiors] == [(3, 2, 4, 3)]


def test_rows_go_south() -> None:
    mask = np.zeros((4, 6), np.bool_)
    mask[0, 5] = True
    (area,) = polygons_of(mask, grid(4, 6, gsd=10))
    assert area.bounds == pytest.approx((500_150.2, 5_000_190.4, 500_160.2, 5_000_200.4))


def test_sliver_without_a_pixels_centre_is_seen_where_it_touches() -> None:
    sliver = shapely.box(1.1, 0.2, 1.3, 2.8)
    geobox = GeoBox((3, 3), Affine.identity(), None)
    assert not mask_of(sliver, geobox).any()
    assert mask_of(sliver, geobox, touched=True)[:, 1].all()
    assert not mask_of(shapely.Polygon(), geobox).any()


def test_mask_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\(2, 3\) does not fit"):
        polygons_of(np.zeros((2, 3), np.bool_), grid(3, 2))
