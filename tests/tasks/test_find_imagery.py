"""Areas as people give them, and the images that are chosen for one."""

from dataclasses import replace
from datetime import date

import pytest
import shapely
from imagery_material import area_in, drawn, planetary_sentinel2
from stac_server import StacServer

from graft_core.errors import ImageryError
from graft_core.io.imagery.item import ImageryItem
from graft_core.tasks.find_imagery import choose, coverage, find_imagery, uncovered

SMALL = drawn(side=8)
WHOLE = shapely.box(0, 0, 10, 1)


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
