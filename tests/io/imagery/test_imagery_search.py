"""Searches of a real STAC API on this machine: pages, filters, refusals, rubbish, and what an empty answer means."""

import copy
import json
from collections import deque
from datetime import date

import pytest
import shapely
from imagery_material import LEFT, area_in, drawn, earth_search_sentinel2, planetary_sentinel2
from stac_server import StacServer

from graft_core.errors import ImageryError
from graft_core.io.imagery.catalogs import Catalog, find_catalog, find_product
from graft_core.io.imagery.search import Found, Patience, Wanted, items_by_id, search
from graft_core.io.imagery.why_empty import why_empty

HASTY = Patience(connect_s=2, read_s=2, retries=1, pause_s=0.01)
SMALL = drawn(side=8)


@pytest.fixture
def area(catalogs: StacServer) -> shapely.Geometry:
    """In the middle of seven images: one a month, clouds growing from 10 to 70 %."""
    for month in range(1, 8):
        item = planetary_sentinel2(catalogs, f"2021-{month:02}-17", SMALL, cloud=10.0 * month, stored=False)
    return area_in(item)


def run(wanted: Wanted, catalog: str = "planetary-computer") -> Found:
    where = find_catalog(catalog)
    return search(where, find_product(where, "sentinel2"), wanted, HASTY)


def months(found: Found) -> list[int]:
    return [item.acquired.month for item in found.items]


def test_every_page_is_read_and_the_newest_comes_first(catalogs: StacServer, area: shapely.Geometry) -> None:
    found = run(Wanted(area))
    assert months(found) == [7, 6, 5, 4, 3, 2, 1]
    assert not found.more
    assert len(catalogs.bodies) == 4  # two a page
    assert [body.get("token") for body in catalogs.bodies] == [None, 2, 4, 6]


def test_a_limit_stops_the_reading_of_pages_and_says_that_there_is_more(
    catalogs: StacServer, area: shapely.Geometry
) -> None:
    found = run(Wanted(area, limit=3))
    assert months(found) == [7, 6, 5]
    assert found.more
    assert len(catalogs.bodies) == 2


def test_a_catalogue_that_never_ends_is_left_at_the_limit(catalogs: StacServer, area: shapely.Geometry) -> None:
    catalogs.items = [{**item, "id": f"{item['id']}-{i}"} for item in catalogs.items for i in range(60)]
    assert run(Wanted(area, limit=20)).more
    assert len(catalogs.bodies) <= 11


def test_an_image_that_is_given_twice_counts_once(catalogs: StacServer, area: shapely.Geometry) -> None:
    catalogs.items += copy.deepcopy(catalogs.items[-1:] * 3)
    assert months(run(Wanted(area))) == [7, 6, 5, 4, 3, 2, 1]
    found = run(Wanted(area, limit=3))
    assert months(found) == [7, 6, 5]
    assert found.more
    assert not run(Wanted(area, limit=7)).more


def test_a_catalogue_that_goes_on_for_ever_without_what_is_wanted_is_left_and_that_is_told(
    catalogs: StacServer, area: shapely.Geometry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graft_core.io.imagery.search.MOST_READ", 12)
    catalogs.items *= 60  # the same again and again
    found = run(Wanted(area, limit=20))
    assert len(catalogs.bodies) <= 7
    assert not found.more
    assert found.unusable == (f"{catalogs.stac} has more than 12 images to sift; narrow the dates or the area.",)


def test_dates_are_whole_days_and_both_count(area: shapely.Geometry) -> None:
    assert months(run(Wanted(area, date(2021, 3, 17), date(2021, 5, 17)))) == [5, 4, 3]
    assert months(run(Wanted(area, start=date(2021, 6, 18)))) == [7]
    assert months(run(Wanted(area, end=date(2021, 2, 16)))) == [1]


def test_the_cloud_limit_is_asked_of_the_catalogue(catalogs: StacServer, area: shapely.Geometry) -> None:
    assert months(run(Wanted(area, cloud=30))) == [3, 2, 1]
    assert catalogs.bodies[0]["query"] == {"eo:cloud_cover": {"lte": 30}}


def test_an_api_without_queries_is_sifted_here(
    catalogs: StacServer, area: shapely.Geometry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stac_server.CONFORMS", ["https://api.stacspec.org/v1.0.0/item-search"])
    assert months(run(Wanted(area, cloud=30))) == [3, 2, 1]
    assert "query" not in catalogs.bodies[0]


def test_the_limit_counts_what_is_left_after_sifting(
    catalogs: StacServer, area: shapely.Geometry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stac_server.CONFORMS", ["https://api.stacspec.org/v1.0.0/item-search"])
    found = run(Wanted(area, cloud=30, limit=3))  # the four newest are cloudier
    assert months(found) == [3, 2, 1]
    assert not found.more
    fewer = run(Wanted(area, cloud=30, limit=2))
    assert months(fewer) == [3, 2]
    assert fewer.more


def test_an_api_that_only_takes_addresses_is_asked_so(catalogs: StacServer, area: shapely.Geometry) -> None:
    catalogs.page = 10
    catalogs.answers["/stac/search"] = deque([(405, b"Method Not Allowed")])
    assert months(run(Wanted(area))) == [7, 6, 5, 4, 3, 2, 1]
    assert catalogs.asked[-1][0] == "GET"


def test_an_outline_of_many_points_is_asked_by_its_hull_and_sifted_here(
    catalogs: StacServer, area: shapely.Geometry
) -> None:
    centre = area.centroid
    ring = centre.buffer(3).difference(centre.buffer(2, quad_segs=200))  # around the images, not over them
    assert shapely.get_num_coordinates(ring) > 300
    assert run(Wanted(ring)).items == ()
    asked = shapely.geometry.shape(catalogs.bodies[0]["intersects"])
    assert shapely.get_num_coordinates(asked) < 100


def test_the_limit_counts_what_lies_in_the_outline_itself(catalogs: StacServer, area: shapely.Geometry) -> None:
    centre = area.centroid
    ring = centre.buffer(3).difference(centre.buffer(2, quad_segs=200))
    planetary_sentinel2(catalogs, "2020-06-17", SMALL, left=LEFT + 180_000, stored=False)  # older, and in the ring
    found = run(Wanted(ring, limit=3))
    assert [item.acquired.year for item in found.items] == [2020]
    assert not found.more


def test_a_busy_catalogue_is_asked_again(catalogs: StacServer, area: shapely.Geometry) -> None:
    catalogs.answers["/stac/search"] = deque([(503, b"busy")])
    assert len(run(Wanted(area)).items) == 7


def test_a_catalogue_that_stays_busy_is_one_sentence(catalogs: StacServer, area: shapely.Geometry) -> None:
    catalogs.answers["/stac/search"] = deque([(429, b"slow down")] * 5)
    with pytest.raises(ImageryError, match=r"is busy \(it answers 429\); try again in a few minutes"):
        run(Wanted(area))


def test_a_refusal_is_told_with_its_reason(catalogs: StacServer, area: shapely.Geometry) -> None:
    catalogs.answers["/stac/search"] = deque([(400, b'{"detail": "bad bbox"}')])
    with pytest.raises(ImageryError, match=r"refuses the search \(it answers 400: .*bad bbox"):
        run(Wanted(area))


def test_no_server_is_one_sentence(catalogs: StacServer, area: shapely.Geometry) -> None:
    catalogs.stop()
    with pytest.raises(ImageryError, match=r"cannot be reached \(no connection\); check the address and the network"):
        run(Wanted(area))


def test_a_server_that_is_silent_is_given_up(area: shapely.Geometry) -> None:
    import socket

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        where = Catalog("silent", f"http://127.0.0.1:{silent.getsockname()[1]}", {})
        with pytest.raises(ImageryError, match=r"no answer within 0\.2 seconds"):
            search(where, find_product(where, "x"), Wanted(area), Patience(1, 0.2, 0, 0))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/stac", b"<html>sign in</html>"),
        ("/stac", b"[1, 2]"),
        ("/stac", b'{"type": "Feature"}'),
        ("/stac", b"\xff\xfe"),
        ("/stac/search", b"<html>sign in</html>"),
        ("/stac/search", b'{"features": 5}'),
        ("/stac/search", b'{"features": [1]}'),
        ("/stac/search", b'{"features": [{"type": "Feature"}]}'),
        ("/stac/search", b'["features"]'),
        ("/stac/search", b"null"),
        ("/stac/search", b'{"features": [{}], "links": [{}]}'),
    ],
)
def test_rubbish_is_one_sentence(catalogs: StacServer, area: shapely.Geometry, path: str, text: bytes) -> None:
    catalogs.answers[path] = deque([(200, text)] * 3)
    with pytest.raises(ImageryError, match=r"check the address|another catalogue") as caught:
        run(Wanted(area))
    assert "\n" not in str(caught.value)


def test_a_catalogue_without_a_search_is_one_sentence(catalogs: StacServer, area: shapely.Geometry) -> None:
    static = {"type": "Catalog", "id": "s", "stac_version": "1.0.0", "description": "files", "links": []}
    catalogs.answers["/stac"] = deque([(200, json.dumps(static).encode())])
    with pytest.raises(ImageryError, match="does not answer like a STAC API with a search"):
        run(Wanted(area))


def test_an_item_without_its_files_is_left_out_and_told(catalogs: StacServer, area: shapely.Geometry) -> None:
    catalogs.items[0]["assets"] = {}
    found = run(Wanted(area))
    assert months(found) == [7, 6, 5, 4, 3, 2]
    assert len(found.unusable) == 1


def test_one_damaged_item_does_not_hide_the_others(catalogs: StacServer, area: shapely.Geometry) -> None:
    catalogs.items[2]["assets"]["B04"]["proj:shape"] = [5]
    catalogs.items[3]["properties"]["datetime"] = "0001-01-01T00:00:00+10:00"
    found = run(Wanted(area))
    assert months(found) == [7, 6, 5, 2, 1]
    assert len(found.unusable) == 2


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"start": date(2021, 2, 1), "end": date(2021, 1, 1)}, r"end \(2021-01-01\) before they begin \(2021-02-01\)"),
        ({"cloud": 101}, "101 is no percentage"),
        ({"limit": 0}, "0 images finds nothing"),
    ],
)
def test_filters_that_cannot_be_meant_are_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(ImageryError, match=message):
        Wanted(shapely.box(0, 0, 1, 1), **given)  # type: ignore[arg-type]


def why(wanted: Wanted) -> str:
    where = find_catalog("planetary-computer")
    product = find_product(where, "sentinel2")
    assert search(where, product, wanted, HASTY).items == ()
    return why_empty(where, product, wanted, HASTY)


def test_a_cloud_limit_that_hides_everything_is_named_with_the_clearest(area: shapely.Geometry) -> None:
    sentence = why(Wanted(area, date(2021, 4, 1), date(2021, 6, 30), cloud=5))
    assert "All 3 images of sentinel-2-l2a that fit otherwise are cloudier than 5 %" in sentence
    assert "the clearest, of 2021-04-17, has 40 %" in sentence


def test_images_that_say_nothing_of_clouds_are_not_called_clear(catalogs: StacServer, area: shapely.Geometry) -> None:
    del catalogs.items[5]["properties"]["eo:cloud_cover"]
    assert "the clearest, of 2021-01-17, has 10 %" in why(Wanted(area, cloud=5))
    for item in catalogs.items:
        item["properties"].pop("eo:cloud_cover", None)
    assert "says nothing of clouds" in why(Wanted(area, cloud=5))


def test_dates_that_hide_everything_are_named_with_those_there_are(area: shapely.Geometry) -> None:
    sentence = why(Wanted(area, date(2019, 1, 1), date(2019, 12, 31), cloud=50))
    assert "no image of this area in the dates 2019-01-01 to 2019-12-31" in sentence
    assert "it has some from 2021-01-17 to 2021-07-17, so change the dates" in sentence


def test_an_area_outside_is_named(area: shapely.Geometry) -> None:
    sentence = why(Wanted(shapely.box(-100, 40, -99, 41), date(2021, 1, 1), date(2021, 12, 31), cloud=50))
    assert sentence.startswith("The area lies outside of what sentinel-2-l2a covers")


def test_a_collection_that_is_not_there_is_named(catalogs: StacServer) -> None:
    assert "has no collection sentinel-2-l2a with images" in why(Wanted(shapely.box(0, 0, 1, 1)))


def test_both_catalogues_are_asked_in_the_same_way(catalogs: StacServer) -> None:
    item = earth_search_sentinel2(catalogs, "2021-06-17", SMALL)
    found = run(Wanted(area_in(item), cloud=50), "earth-search")
    assert [each.id for each in found.items] == ["S2A_33UUP_20210617_0_L2A"]


def test_images_are_had_again_by_their_ids_in_their_order(catalogs: StacServer, area: shapely.Geometry) -> None:
    where = find_catalog("planetary-computer")
    product = find_product(where, "sentinel2")
    ids = [item["id"] for item in (catalogs.items[4], catalogs.items[1], catalogs.items[6])]
    assert [item.id for item in items_by_id(where, product, ids, HASTY)] == ids
    with pytest.raises(ImageryError, match="has no image gone in sentinel-2-l2a; search again"):
        items_by_id(where, product, [ids[0], "gone"], HASTY)
