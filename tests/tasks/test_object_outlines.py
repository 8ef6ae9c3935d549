"""Every object once, as large and as simple as it was asked for."""

from typing import Any

import pytest
import shapely
from shapely import box

from graft_core.tasks.outlines import Outline, objects_of, simplified


def outline(shape: Any, *, refined: bool = True, note: str = "") -> Outline:
    return Outline(shape, refined, note)


def found(*outlines: Outline, least: float = 0, tolerance: float = 0) -> list[Outline]:
    return objects_of(outlines, min_area_px=least, tolerance_px=tolerance)


def test_two_outlines_of_one_thing_are_one_object() -> None:
    (one,) = found(outline(box(0, 0, 10, 10)), outline(box(1, 0, 12, 10), refined=False, note="worse"))
    assert one.shape.equals(box(0, 0, 12, 10))
    assert (one.refined, one.note) == (True, "")


def test_area_inside_another_belongs_to_it() -> None:
    (one,) = found(outline(box(0, 0, 100, 100)), outline(box(40, 40, 45, 45)))
    assert one.shape.area == 100**2


def test_three_in_a_row_that_overlap_pairwise_are_one() -> None:
    (one,) = found(*(outline(box(left, 0, left + 10, 10)) for left in (0, 4, 8)))
    assert one.shape.equals(box(0, 0, 18, 10))


def test_ground_that_two_neighbours_share_is_counted_once() -> None:
    larger, smaller = found(outline(box(0, 0, 20, 10)), outline(box(18, 0, 28, 10)))
    assert larger.shape.equals(box(0, 0, 18, 10))
    assert smaller.shape.equals(box(18, 0, 28, 10))


def test_outline_in_pieces_is_as_many_objects_of_which_small_ones_are_dropped() -> None:
    pieces = shapely.MultiPolygon([box(0, 0, 5, 5), box(7, 0, 12, 5), box(20, 0, 21, 1)])
    assert [each.shape.area for each in found(outline(pieces), least=2)] == [25, 25]


def test_small_holes_are_filled_and_large_ones_kept() -> None:
    ring = box(0, 0, 20, 20) - box(2, 2, 3, 3) - box(10, 10, 15, 15)
    (one,) = found(outline(ring), least=4)
    assert one.shape.area == 400 - 25


def test_object_of_exactly_the_least_area_is_kept() -> None:
    assert len(found(outline(box(0, 0, 2, 2)), least=4)) == 1
    assert found(outline(box(0, 0, 2, 2)), least=4.01) == []


def test_stair_becomes_a_straight_edge_and_stays_valid() -> None:
    stair = shapely.union_all([box(0, i, i + 1, i + 1) for i in range(40)])
    fewer = simplified(stair, 0.75)
    assert fewer.is_valid
    assert len(fewer.exterior.coords) < 10 < len(stair.exterior.coords)
    assert fewer.hausdorff_distance(stair) <= 0.75
    assert simplified(stair, 0) is stair


def test_nothing_in_nothing_out() -> None:
    assert found() == []


@pytest.mark.parametrize("tolerance", [0.5, 3.0, 50.0])
def test_holes_stay_inside_whatever_the_tolerance(tolerance: float) -> None:
    (one,) = found(outline(shapely.Point(0, 0).buffer(30) - shapely.Point(0, 0).buffer(26)), tolerance=tolerance)
    assert one.shape.is_valid
    assert one.shape.area > 0
