import json

import numpy as np
import pytest
from affine import Affine
from hypothesis import assume, given
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox
from odc.geo.geom import polygon

from graft_core.errors import QueryError
from graft_core.geo.masks import area_from_text, area_from_wkt, inside, text_of_area

CRS = "EPSG:32631"


def grid(top: int = 0, left: int = 0, height: int = 20, width: int = 30) -> GeoBox:
    return GeoBox((height, width), Affine(2, 0, 1000 + 2 * left, 0, -2, 5000 - 2 * top), CRS)


def shape(*corners: tuple[float, float]):
    """A polygon in pixels of `grid`, x east and y south."""
    return polygon([(1000 + 2 * x, 5000 - 2 * y) for x, y in [*corners, corners[0]]], CRS)


def test_pixels_whose_centre_lies_in_the_area_are_inside() -> None:
    mask = inside(shape((3, 5), (10.4, 5), (10.4, 9.6), (3, 9.6)), grid())
    expected = np.zeros((20, 30), bool)
    expected[5:10, 3:10] = True
    assert np.array_equal(mask, expected)


def test_grid_in_the_middle_of_the_area_needs_no_mask() -> None:
    assert inside(shape((-5, -5), (50, -5), (50, 50), (-5, 50)), grid()) is None


def test_grid_beside_the_area_is_outside() -> None:
    mask = inside(shape((100, 100), (110, 100), (110, 110)), grid())
    assert mask is not None
    assert not mask.any()


@given(st.integers(0, 10), st.integers(0, 20), st.integers(1, 10), st.integers(1, 10))
def test_any_window_agrees_with_the_whole(top: int, left: int, height: int, width: int) -> None:
    area = shape((2.3, 1.1), (28.4, 6.6), (15.2, 19.3), (4.4, 12.7))
    whole, part = inside(area, grid()), inside(area, grid(top, left, height, width))
    assert whole is not None
    seen = whole[top : top + height, left : left + width]
    assert np.array_equal(np.ones_like(seen) if part is None else part, seen)


def test_area_in_another_crs_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="the area is in"):
        inside(polygon([(0, 0), (1, 0), (1, 1), (0, 0)], "EPSG:4326"), grid())


def test_area_written_as_text_reads_back() -> None:
    area = shape((2, 1), (28, 6), (15, 19))
    again = area_from_wkt(area.wkt, CRS)
    assert again.geom.equals(area.geom)
    assert again.crs == area.crs
    with pytest.raises(ValueError, match="not WKT"):
        area_from_wkt("a house", CRS)


@given(st.floats(-179, 178), st.floats(-89, 88), st.floats(1e-3, 1), st.floats(1e-3, 1))
def test_typed_bounds_are_read_as_they_are_written(west: float, south: float, width: float, height: float) -> None:
    area = area_from_text(f"{west:.5f}, {south:.5f} {west + width:.5f},{south + height:.5f}")
    assert area.crs == "EPSG:4326"
    assert area.boundingbox.bbox == pytest.approx((west, south, west + width, south + height), abs=1e-5)
    assert text_of_area(area_from_text(text_of_area(area))) == text_of_area(area)


@given(st.lists(st.tuples(st.floats(-10, 10), st.floats(40, 50)), min_size=3, max_size=6))
def test_drawn_polygon_comes_back_from_its_text(corners: list[tuple[float, float]]) -> None:
    drawn = polygon([(round(x, 4), round(y, 4)) for x, y in [*corners, corners[0]]], "EPSG:4326")
    assume(drawn.geom.is_valid)
    assert area_from_text(text_of_area(drawn)).geom.symmetric_difference(drawn.geom).area < 1e-5


BOX = {"type": "Polygon", "coordinates": [[[8, 44], [9, 44], [9, 45], [8, 45], [8, 44]]]}
BESIDE = {"type": "Polygon", "coordinates": [[[9, 44], [10, 44], [10, 45], [9, 45], [9, 44]]]}
POINT = {"type": "Point", "coordinates": [20, 20]}


def features(*shapes: dict[str, object]) -> dict[str, object]:
    each = [{"type": "Feature", "properties": {"name": "a"}, "geometry": shape} for shape in shapes]
    return {"type": "FeatureCollection", "features": each}


@pytest.mark.parametrize(
    ("document", "bounds"),
    [
        (BOX, (8, 44, 9, 45)),
        (features(BOX)["features"][0], (8, 44, 9, 45)),  # type: ignore[index]
        (features(BOX, BESIDE, POINT), (8, 44, 10, 45)),
    ],
)
def test_pasted_geojson_is_the_area_of_its_polygons(
    document: dict[str, object], bounds: tuple[float, float, float, float]
) -> None:
    assert area_from_text(json.dumps(document, indent=1)).boundingbox.bbox == bounds


@pytest.mark.parametrize(
    "text",
    [
        "a house", "1, 2, 3", "9, 44, 8, 45", "8, 45, 9, 44", "8, 44, 8, 45", "8, 44, 9, 91", "-190, 44, 9, 45",
        "nan, 1, 2, 3", "POINT (1 2)", "LINESTRING (0 0, 1 1)", "POLYGON ((0 0, 1 1, 0 0))", "POLYGON EMPTY",
        "{", "{}", '{"type": "Point", "coordinates": [1, 2]}', '{"type": "FeatureCollection", "features": []}',
        '{"type": "Feature", "properties": {}, "geometry": null}', '{"type": "Polygon", "coordinates": "none"}',
    ],
)  # fmt: skip
def test_text_that_is_no_area_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(QueryError, match="is no area: write west, south, east, north"):
        area_from_text(text)
