"""The area photos are wanted of, covered by boxes of the size a service allows."""

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from graft_core.io.harvest.area import Box, box_of, boxes_over, halves_within


def small(degrees: float) -> object:
    return lambda box: box.east - box.west <= degrees and box.north - box.south <= degrees


@given(st.tuples(st.floats(-179, 170), st.floats(-80, 75), st.floats(0.01, 4), st.floats(0.01, 4)), st.floats(0.3, 2.0))
def test_boxes_cover_the_area_without_overlap(place: tuple[float, float, float, float], largest: float) -> None:
    west, south, width, height = place
    area = shapely.box(west, south, west + width, south + height)
    fits = small(largest)
    boxes = boxes_over(area, fits)  # type: ignore[arg-type]
    assert all(fits(box) for box in boxes)  # type: ignore[operator]
    shapes = [shapely.box(box.west, box.south, box.east, box.north) for box in boxes]
    assert sum(shape.area for shape in shapes) == pytest.approx(area.area)
    assert shapely.union_all(shapes).symmetric_difference(area).area == pytest.approx(0, abs=1e-9)


def test_boxes_that_the_area_does_not_meet_are_not_asked() -> None:
    corner = shapely.Polygon([(0, 0), (8, 0), (0, 8)])
    boxes = boxes_over(corner, small(1.0))  # type: ignore[arg-type]
    assert 36 <= len(boxes) < 50
    assert halves_within(Box(6, 4, 8, 4.5), corner) == []


def test_a_box_is_cut_across_its_longer_side_on_the_ground() -> None:
    assert Box(0, 0, 2, 1).halves() == (Box(0, 0, 1, 1), Box(1, 0, 2, 1))
    assert Box(0, 70, 2, 71).halves() == (Box(0, 70, 2, 70.5), Box(0, 70.5, 2, 71)), "degrees are short up there"


def test_a_box_comes_back_from_its_text() -> None:
    box = Box(-12.3456789, 1 / 3, 2.0, 48.0)
    assert box_of(box.text) == Box(-12.3456789, 0.3333333, 2.0, 48.0)
