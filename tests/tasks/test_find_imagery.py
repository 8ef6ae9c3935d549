"""Areas as people give them, and the images that are chosen for one."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import shapely
from imagery_material import area_in, drawn, planetary_sentinel2
from stac_server import StacServer

from graft_core.errors import ExportError, ImageryError
from graft_core.io.imagery.item import ImageryItem
from graft_core.tasks.find_imagery import area_of, choose, coverage, find_imagery, uncovered

SMALL = drawn(side=8)
WHOLE = shapely.box(0, 0, 10, 1)


def test_a_box_and_a_file_are_the_same_area(tmp_path: Path) -> None:
    box = area_of("13.1,48.27,13.2,48.3")
    assert box.bounds == (13.1, 48.27, 13.2, 48.3)
    path = tmp_path / "area.geojson"
    path.write_text(f'{{"type": "Feature", "properties": {{}}, "geometry": {shapely.to_geojson(box)}}}')
    assert area_of(str(path)).equals(box)


def test_a_file_in_metres_becomes_degrees(tmp_path: Path) -> None:
    import geopandas

    path = tmp_path / "area.gpkg"
    square = shapely.box(600_000, 5_340_000, 610_000, 5_350_000)
    geopandas.GeoDataFrame(geometry=[square], crs="EPSG:32633").to_file(path)
    west, south, east, north = area_of(str(path)).bounds
    assert 16.3 < west < east < 16.5
    assert 48.1 < south < north < 48.4


def test_a_box_over_the_antimeridian_is_two_parts() -> None:
    area = area_of("179,-17,-179,-16")
    assert area.area == pytest.approx(2)
    assert area.contains(shapely.Point(179.5, -16.5))
    assert not area.contains(shapely.Point(0, -16.5))


@pytest.mark.parametrize("text", ["1,2,3,x", "13,49,14,48", "190,0,191,1", "0,80,1,91", "5,5,5,6", "1,nan,2,3"])
def test_numbers_that_are_no_box_are_refused(text: str) -> None:
    with pytest.raises(ImageryError, match="is no box"):
        area_of(text)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="does not exist"):
        area_of(str(tmp_path / "no.geojson"))


def test_a_search_that_finds_nothing_names_the_filter(catalogs: StacServer) -> None:
    area = area_in(planetary_sentinel2(catalogs, "2021-06-17", SMALL, cloud=34, stored=False))
    assert len(find_imagery("planetary-computer", "sentinel2", area).items) == 1
    with pytest.raises(ImageryError, match="the clearest, of 2021-06-17, has 34 %, so raise the cloud limit"):
        find_imagery("planetary-computer", "sentinel2", area, cloud=10)
    with pytest.raises(ImageryError, match="so change the dates"):
        find_imagery("planetary-computer", "sentinel2", area, start=date(2022, 1, 1))
    with pytest.raises(ImageryError, match="The area lies outside"):
        find_imagery("planetary-computer", "sentinel2", shapely.box(0, 0, 1, 1))


@pytest.fixture
def image(catalogs: StacServer) -> ImageryItem:
    area = area_in(planetary_sentinel2(catalogs, "2021-06-17", SMALL, stored=False))
    return find_imagery("planetary-computer", "sentinel2", area).items[0]


def at(image: ImageryItem, name: str, west: float, east: float, *, cloud: float = 0, day: int = 1) -> ImageryItem:
    box = shapely.box(west, -1, east, 2)
    return replace(image, id=name, footprint=box, cloud=cloud, acquired=image.acquired.replace(day=day))


def names(items: tuple[ImageryItem, ...]) -> str:
    return "".join(item.id for item in items)


def test_the_clearest_images_that_cover_the_area_are_chosen(image: ImageryItem) -> None:
    found = [
        at(image, "a", 0, 6, cloud=20),
        at(image, "b", 0, 6, cloud=5),
        at(image, "c", 5, 10, cloud=30),
        at(image, "d", 20, 30, cloud=0),
        at(image, "e", 0, 10, cloud=60),
    ]
    assert names(choose(found, WHOLE, "clearest")) == "bc"
    assert coverage(found[0], WHOLE) == pytest.approx(0.6)


def test_the_newest_images_that_cover_the_area_are_chosen(image: ImageryItem) -> None:
    found = [at(image, "a", 0, 10, day=1), at(image, "b", 0, 4, day=20), at(image, "c", 4, 8, day=20)]
    assert names(choose(found, WHOLE, "newest")) == "bca"


def test_among_equally_clear_images_the_one_that_covers_more_and_then_the_newer_is_chosen(image: ImageryItem) -> None:
    found = [at(image, "a", 0, 5), at(image, "b", 0, 10, day=2), at(image, "c", 0, 10, day=3)]
    assert names(choose(found, WHOLE, "clearest")) == "c"


def test_what_no_image_covers_is_told(image: ImageryItem) -> None:
    assert uncovered([at(image, "a", 0, 6)], WHOLE) == pytest.approx(0.4)
    assert uncovered([at(image, "a", 0, 6), at(image, "b", 5, 11)], WHOLE) == 0
