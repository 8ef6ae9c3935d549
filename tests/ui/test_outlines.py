"""Outlines of retrieved tiles on the map."""

import math
import re

import pytest

from graft_core.tasks.retrieve import Hit
from graft_core.ui import outlines
from graft_core.ui.maps import base_map
from graft_core.ui.offline_maps import use_vendored_assets
from graft_core.ui.outlines import contains, hit_bounds, tile_outlines


@pytest.fixture(autouse=True)
def vendored() -> None:
    use_vendored_assets("")


def hit(rank: int, left: float = 500_000, bottom: float = 4_900_000, side: float = 224) -> Hit:
    box = (left, bottom, left + side, bottom + side)
    return Hit(rank, "scene", 0, 0, 0, 0.3, 0.9, 9.0, 44.25, box, "EPSG:32632")


def on_map(group: object) -> str:
    built = base_map(None, [])
    built.add_child(group)
    return str(built.get_root().render())


def test_same_outlines_are_the_same_text() -> None:
    assert on_map(tile_outlines([hit(1), hit(2)])) == on_map(tile_outlines([hit(1), hit(2)]))
    assert on_map(tile_outlines([hit(1), hit(2)])) != on_map(tile_outlines([hit(1), hit(2)], chosen=1))


def test_tile_that_no_query_ranked_is_named() -> None:
    script = on_map(tile_outlines([Hit(0, "s", 3, 4, 0, math.nan, math.nan, 9, 44, hit(1).bounds, "EPSG:32632")]))
    assert '"rank": "here"' in script
    assert '"text": "s/3/4"' in script


def test_place_lies_in_a_box_also_across_the_antimeridian() -> None:
    assert contains((9, 44, 10, 45), 9.5, 44.5)
    assert not contains((9, 44, 10, 45), 8.9, 44.5)
    assert not contains((9, 44, 10, 45), 9.5, 45.1)
    assert contains((179, -18, 181, -16), -179.5, -17)
    assert contains((179, -18, -179, -16), 179.5, -17)
    assert not contains((179, -18, -179, -16), 0, -17)


def test_outlines_lie_with_the_best_on_top_and_the_chosen_one_above() -> None:
    script = on_map(tile_outlines([hit(rank) for rank in (1, 2, 3, 4)], chosen=3))
    assert re.findall(r'"rank": (\d)', script) == ["4", "2", "1", "3"]
    assert re.findall(r'"chosen": (\w+)', script) == ["false", "false", "false", "true"]
    assert script.count('"weight": 2}') == 3
    assert "#1 \\u00b7 score 0.300 \\u00b7 match 90%" in script


def test_an_outline_runs_around_its_tile_from_the_top_left() -> None:
    ring = outlines._ring(hit(1))
    (top, left), (bottom, right) = ring[0], ring[len(ring) // 2]
    assert top > bottom
    assert right > left
    west, south, east, north = hit_bounds(hit(1))
    assert (west, north) == pytest.approx((left, top), abs=1e-5)
    assert (east - west) * 111_320 * math.cos(math.radians(44.25)) == pytest.approx(224, rel=0.01)
    assert (north - south) * 111_100 == pytest.approx(224, rel=0.01)


def test_an_outline_across_the_antimeridian_stays_small() -> None:
    crossing = Hit(
        1, "s", 0, 0, 0, 0.3, 0.9, 180.0, -17.0, (819_500.0, 8_117_000.0, 829_500.0, 8_127_000.0), "EPSG:32760"
    )
    west, _, east, _ = hit_bounds(crossing)
    assert west < 180 < east or west < -180 < east
    assert east - west < 0.2
