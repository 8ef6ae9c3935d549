import json
import math
import re

import pytest
import shapely
from odc.geo.crs import CRS

from graft_core.tasks.clicks import Click
from graft_core.tasks.measure import Segment
from graft_core.ui.maps import CHOSEN, base_map
from graft_core.ui.offline_maps import use_vendored_assets
from graft_core.ui.segment.overlay import bounds_of_shape, clicks_overlay, polygons_overlay

UTM = CRS("EPSG:32632")


@pytest.fixture(autouse=True)
def vendored() -> None:
    use_vendored_assets("")


def segment(number: int, *, refined: bool = True, match: float = 0.8) -> Segment:
    outer = shapely.box(500_000, 4_900_000, 500_100, 4_900_100)
    shape = outer.difference(shapely.box(500_040, 4_900_040, 500_060, 4_900_060))
    return Segment(number, shape, shape.area, 0.3, 0.4, match, 0.9, refined)


def on_map(group: object) -> str:
    built = base_map(None, [])
    built.add_child(group)
    return str(built.get_root().render())


def test_polygon_lies_where_it_is_latitude_first_with_its_hole() -> None:
    script = on_map(polygons_overlay([segment(1)], UTM, None))
    rings = re.search(r'"rings": (\[\[\[\[.*?\]\]\]\])', script)
    assert rings is not None
    ((outer, hole),) = json.loads(rings.group(1))
    assert len(outer) == len(hole) == 4
    for lat, lon in (*outer, *hole):
        assert lat == pytest.approx(44.25, abs=0.01)
        assert lon == pytest.approx(9.0, abs=0.01)


def test_chosen_polygon_is_drawn_last_and_unrefined_ones_are_dashed() -> None:
    script = on_map(polygons_overlay([segment(1), segment(2, refined=False)], UTM, 1))
    assert script.index("#2 ") < script.index("#1 ")
    assert re.findall(r'"dashed": (true|false)', script) == ["true", "false"]
    assert CHOSEN in script


def test_polygon_of_which_nothing_is_known_has_no_match_in_its_text() -> None:
    script = on_map(polygons_overlay([segment(1, match=math.nan)], UTM, None))
    assert "match nan" not in script
    assert "9,600 m" in script


def test_same_polygons_are_the_same_text_so_that_the_map_does_not_flicker() -> None:
    assert on_map(polygons_overlay([segment(1)], UTM, None)) == on_map(polygons_overlay([segment(1)], UTM, None))
    assert on_map(polygons_overlay([segment(1)], UTM, None)) != on_map(polygons_overlay([segment(1)], UTM, 1))


def test_clicks_say_which_sign_they_have() -> None:
    script = on_map(clicks_overlay([Click(500_000, 4_900_000, True), Click(500_050, 4_900_000, False)], UTM))
    assert re.findall(r'"positive": (true|false)', script) == ["true", "false"]
    assert on_map(clicks_overlay([], UTM)) != script


def test_bounds_are_west_south_east_north_in_degrees() -> None:
    west, south, east, north = bounds_of_shape(segment(1).shape, UTM)
    assert 8.9 < west < east < 9.1
    assert 44 < south < north < 45
