"""The area that is wanted, as it is typed: a box in degrees, or a file in whatever CRS."""

from pathlib import Path

import geopandas
import pytest
import shapely

from graft_core.errors import ExportError, QueryError
from graft_core.io.search_area import search_area


def test_four_numbers_are_a_box() -> None:
    assert search_area("2.0,48,2.5,48.25").bounds == (2.0, 48.0, 2.5, 48.25)
    assert search_area("-1.5,-33,-1,-32").bounds == (-1.5, -33.0, -1.0, -32.0)


def test_a_box_whose_west_lies_east_of_its_east_crosses_the_180th_meridian() -> None:
    area = search_area("179,-17,-179,-16")
    assert [part.bounds for part in area.geoms] == [(-180.0, -17.0, -179.0, -16.0), (179.0, -17.0, 180.0, -16.0)]
    assert search_area("180,-17,-179,-16").bounds == (-180.0, -17.0, -179.0, -16.0)


@pytest.mark.parametrize(
    "text",
    [
        "1,2,3", "1,2,3,4,5", "1,2,3,north", "0,50,1,40", "0,50,1,95", "0,50,181,60", "1,50,1,60", "0,nan,1,60",
        "0,-inf,1,60",
    ],
)  # fmt: skip
def test_numbers_that_are_no_box_are_refused(text: str) -> None:
    with pytest.raises(QueryError, match=r"is no box.*west,south,east,north in degrees"):
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


def test_an_area_beyond_what_its_crs_is_for_is_told(tmp_path: Path) -> None:
    far = geopandas.GeoSeries([shapely.box(1e9, 1e9, 2e9, 2e9)], crs="EPSG:32631")
    far.to_file(tmp_path / "far.gpkg")
    with pytest.raises(QueryError, match="lies outside of what its CRS"):
        search_area(str(tmp_path / "far.gpkg"))


@pytest.mark.parametrize(
    "text", ["~nosuchuserhere/a.geojson", '{"type": "Polygon", "coordinates": [' + "[1, 2], " * 90 + "[1, 2]]}"]
)
def test_text_that_no_file_can_be_called_is_told_in_a_sentence(text: str) -> None:
    with pytest.raises(QueryError, match=r"names no file .*; give the path of a GeoJSON") as caught:
        search_area(text)
    assert len(str(caught.value)) < 250
