"""Areas as people give them, and the images that are chosen for one."""

from dataclasses import replace
from datetime import date

import pytest
import shapely
from imagery_material import area_in, drawn, planetary_sentinel2
from stac_server import StacServer

from graft_core.errors import ImageryError
from graft_core.io.imagery.item import ImageryItem
from graft_core.tasks.find_imagery import choose, clearest_dates, coverage, find_imagery, uncovered

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


def at(
    image: ImageryItem, name: str, west: float, east: float, *, cloud: float | None = 0, day: int = 1
) -> ImageryItem:
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


def test_an_image_whose_clouds_nobody_knows_comes_last(image: ImageryItem) -> None:
    found = [at(image, "a", 0, 10, cloud=None, day=9), at(image, "b", 0, 10, cloud=80)]
    assert names(choose(found, WHOLE, "clearest")) == "b"
    assert names(clearest_dates(found, WHOLE, 5)) == "ba"


def test_every_part_of_the_area_gets_its_clearest_dates(image: ImageryItem) -> None:
    west = [at(image, name, -1, 6, cloud=i) for i, name in enumerate("abcd")]
    east = [at(image, name, 4, 11, cloud=50 + i) for i, name in enumerate("efgh")]
    beside = at(image, "x", 20, 30)
    assert names(clearest_dates([*east, *west, beside], WHOLE, 2)) == "abef"
    assert names(clearest_dates([*east, *west], WHOLE, 3)) == "abcefg"
    assert names(clearest_dates([*west, *east], WHOLE, 9)) == "abcdefgh"
    assert clearest_dates([beside], WHOLE, 2) == ()


def test_of_many_dates_of_a_place_those_are_left_out_that_show_nothing_more(image: ImageryItem) -> None:
    all_over = [at(image, name, 0, 10, cloud=i) for i, name in enumerate("abc")]
    assert names(clearest_dates([*all_over, at(image, "d", 0, 4, cloud=1.5)], WHOLE, 2)) == "ab"
    assert names(clearest_dates([*all_over, at(image, "d", 0, 4, cloud=0.5)], WHOLE, 2)) == "adb"


def test_the_dates_of_those_that_were_chosen_are_all_chosen_again(image: ImageryItem) -> None:
    """A job looks for the images of a plan by their ids and plans again."""
    found = [at(image, f"{i}", i % 7, i % 7 + 3 + i % 4, cloud=i * 37 % 50) for i in range(40)]
    chosen = clearest_dates(found, WHOLE, 3)
    assert 3 < len(chosen) < 40
    assert clearest_dates(chosen[::-1], WHOLE, 3) == chosen


def test_of_a_point_the_clearest_dates_are_those_that_hold_it(image: ImageryItem) -> None:
    found = [at(image, "a", 0, 6, cloud=20), at(image, "b", 0, 6, cloud=5), at(image, "c", 5, 10, cloud=1)]
    assert names(clearest_dates(found, shapely.Point(2, 0), 1)) == "b"
