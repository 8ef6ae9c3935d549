"""The area photos are wanted of: typed or in a file, and covered by boxes of the size a service allows."""

from pathlib import Path

import geopandas
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from graft_core.errors import ExportError, PhotoError
from graft_core.io.harvest.area import Box, box_of, boxes_over, halves_within, search_area


def small(degrees: float) -> object:
    return lambda box: box.east - box.west <= degrees and box.north - box.south <= degrees


def test_four_numbers_are_a_box() -> None:
    assert search_area("2.0,48,2.5,48.25").bounds == (2.0, 48.0, 2.5, 48.25)
    assert search_area("-1.5,-33,-1,-32").bounds == (-1.5, -33.0, -1.0, -32.0)


def test_a_box_whose_west_lies_east_of_its_east_crosses_the_180th_meridian() -> None:
    area = search_area("179,-17,-179,-16")
    assert [part.bounds for part in area.geoms] == [(-180.0, -17.0, -179.0, -16.0), (179.0, -17.0, 180.0, -16.0)]
    boxes = boxes_over(area, small(1.0))
    assert sorted(box.west for box in boxes) == [-180.0, 179.0], "the rest of the globe is not asked"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("1,2,3", "has 3 numbers; write WEST,SOUTH,EAST,NORTH"),
        ("1,2,3,4,5", "has 5 numbers"),
        ("0,50,1,40", "no box on the globe"),
        ("0,50,1,95", "no box on the globe"),
        ("0,50,181,60", "no box on the globe"),
        ("1,50,1,60", "no box on the globe"),
        ("0,nan,1,60", "no box on the globe"),
        ("0,-inf,1,60", "no box on the globe"),
    ],
)
def test_numbers_that_are_no_box_are_refused(text: str, part: str) -> None:
    with pytest.raises(PhotoError, match=part):
        search_area(text)


def test_a_file_is_read_in_whatever_crs_it_is(tmp_path: Path) -> None:
    square = geopandas.GeoSeries([shapely.box(448_000, 5_410_000, 450_000, 5_412_000)], crs="EPSG:32631")
    square.to_file(tmp_path / "area.gpkg")
    area = search_area(str(tmp_path / "area.gpkg"))
    assert area.bounds == pytest.approx((2.2927, 48.8417, 2.3204, 48.8599), abs=2e-3)
    square.to_crs("EPSG:4326").to_file(tmp_path / "area.geojson")
    assert search_area(str(tmp_path / "area.geojson")).symmetric_difference(area).area < 1e-9


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="does not exist; give a GeoJSON"):
        search_area(str(tmp_path / "nowhere.geojson"))


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
