"""Photos of an area from each of the services: whole tables, every trouble of the network, and resuming."""

import json
import logging
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely
from full_disk import largest_file
from harvesting import AREA, harvest, scattered
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from long_work import finish
from photo_services import Served, Services, Trouble, jpeg

from graft_core.errors import ExportError, GraftError, PhotoError
from graft_core.io.harvest.area import Box
from graft_core.io.harvest.choose import choose
from graft_core.io.harvest.files import LATE
from graft_core.io.harvest.found import found_photo
from graft_core.io.harvest.harvest import plan_harvest, run_harvest
from graft_core.io.harvest.services import NAMES, open_service
from graft_core.io.photos import list_photos
from graft_core.types import Progress


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "photos.parquet"


@pytest.mark.parametrize("name", NAMES)
def test_a_harvest_is_a_table_with_licence_author_page_time_and_place_of_every_photo(
    services: Services, out: Path, name: str
) -> None:
    services.photos = scattered(7)
    report = harvest(name, out)
    assert (report.found, report.kept, report.left_out, report.authors) == (7, 7, {}, 1)
    table = geopandas.read_parquet(out)
    assert table.crs == "EPSG:4326"
    assert sorted(table.id) == [each.id for each in services.photos]
    by_id = {each.id: each for each in services.photos}
    for row in table.itertuples():
        assert (row.geometry.x, row.geometry.y) == pytest.approx((by_id[row.id].lon, by_id[row.id].lat), abs=1e-6)
        assert str(row.time) == by_id[row.id].taken
        assert (out.parent / row.path).read_bytes() == by_id[row.id].body
        assert row.author == ("Ada & co" if name == "commons" else "Ada")
        assert row.licence == ("CC BY-SA 2.0" if name == "flickr" else "CC BY-SA 4.0")
        assert row.licence_url.startswith("https://creativecommons.org/licenses/by-sa/")
        assert row.page.startswith("https://")
        assert row.id in row.page
        assert (row.time_zone, row.service) == ("UTC" if name == "mapillary" else "local", name)
    assert report.licences == dict(table.licence.value_counts())
    assert json.loads(out.with_suffix(".report.json").read_text()) == report.to_json()


@pytest.mark.parametrize("name", NAMES)
def test_the_table_is_a_list_of_photos_for_pairs_as_it_is(services: Services, out: Path, name: str) -> None:
    services.photos = scattered(5)
    harvest(name, out)
    listed = finish(list_photos([out]))
    assert listed.problems == {}
    assert [Path(place).is_file() for place in listed.places] == [True] * 5
    assert np.allclose(np.sort(listed.lonlat[:, 0]), [each.lon for each in services.photos])
    assert sorted(map(str, listed.taken)) == [each.taken.replace(" ", "T") for each in services.photos]
    assert np.isnan(listed.accuracy_m).all(), "no service states metres"


@pytest.mark.parametrize("name", NAMES)
def test_an_area_without_photos_is_told_in_a_sentence(services: Services, out: Path, name: str) -> None:
    services.photos = [Served("1", 40.0, 10.0)]
    with pytest.raises(PhotoError, match="has no photo in this area; try a larger one, or another service"):
        harvest(name, out)
    assert not out.exists()
    assert json.loads(out.with_suffix(".report.json").read_text())["found"] == 0


@pytest.mark.parametrize("name", ["flickr", "commons"])
def test_photos_without_a_licence_are_left_out_and_counted(services: Services, out: Path, name: str) -> None:
    services.photos = scattered(4) + scattered(3, first=50, licence="none", author="Bob")
    report = harvest(name, out)
    assert (report.kept, report.left_out) == (4, {"no licence": 3})
    assert set(services.images()) == {"1", "2", "3", "4"}, "what may not be used is not downloaded"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "trouble",
    [
        Trouble(500, b'{"error": "oops"}'),
        Trouble(503),
        Trouble(200, b"<html>A page of somebody else</html>"),
        Trouble(200, b'["a list"]'),
        Trouble(cut=30),
    ],
    ids=["500", "503", "html", "list", "cut"],
)
def test_a_trouble_that_passes_is_waited_out(services: Services, out: Path, name: str, trouble: Trouble) -> None:
    services.photos = scattered(3)
    services.listing_troubles = [trouble, trouble]
    waits: list[float] = []
    assert harvest(name, out, waits=waits).kept == 3
    assert [wait for wait in waits if wait in (1.0, 2.0)] == [1.0, 2.0], "longer each time"


@pytest.mark.parametrize("name", NAMES)
def test_a_service_that_asks_for_patience_gets_it(services: Services, out: Path, name: str) -> None:
    services.photos = scattered(3)
    services.listing_troubles = [Trouble(429, headers={"Retry-After": "77"})]
    services.image_troubles["2"] = [Trouble(429, headers={"Retry-After": "88"})]
    waits: list[float] = []
    assert harvest(name, out, waits=waits).kept == 3
    assert {77.0, 88.0} <= set(waits)


def test_a_service_that_wants_a_long_pause_gets_it_between_two_runs(services: Services, out: Path) -> None:
    services.photos = scattered(3)
    services.listing_troubles = [Trouble(429, headers={"Retry-After": "3600"})]
    with pytest.raises(PhotoError, match="wants a pause of 60 minutes; run the same command again after that"):
        harvest("commons", out)
    assert harvest("commons", out).kept == 3


@pytest.mark.parametrize("name", NAMES)
def test_patience_has_an_end_and_the_next_run_goes_on(services: Services, out: Path, name: str) -> None:
    services.photos = scattered(3)
    services.listing_troubles = [Trouble(502)] * 5
    with pytest.raises(PhotoError, match=r"does not deliver \(.*, 5 times\); run the same command again later"):
        harvest(name, out)
    assert len(services.asked) == 5
    assert harvest(name, out).kept == 3


def test_no_network_is_told_in_a_sentence(services: Services, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAFT_COMMONS", "http://127.0.0.1:9/w/api.php")
    with pytest.raises(PhotoError, match=r"Wikimedia Commons does not deliver .the connection broke, 5 times"):
        harvest("commons", out)


@pytest.mark.parametrize(("name", "variable"), [("mapillary", "MAPILLARY_TOKEN"), ("flickr", "FLICKR_KEY")])
def test_a_missing_key_is_told_with_its_variable_and_where_to_get_one(
    services: Services, monkeypatch: pytest.MonkeyPatch, name: str, variable: str
) -> None:
    monkeypatch.delenv(variable)
    with pytest.raises(PhotoError, match=rf"wants a key: get one \(free\) at https://.* variable {variable}\."):
        open_service(name)
    monkeypatch.setenv(variable, "two\nlines")
    with pytest.raises(PhotoError, match=f"The key in {variable} holds characters that no key has") as refused:
        open_service(name)
    assert "lines" not in str(refused.value)


@pytest.mark.parametrize(("name", "variable"), [("mapillary", "MAPILLARY_TOKEN"), ("flickr", "FLICKR_KEY")])
@pytest.mark.parametrize("status", [None, 401, 403])
def test_a_wrong_key_stops_at_once_and_is_not_repeated(
    services: Services, out: Path, monkeypatch: pytest.MonkeyPatch, name: str, variable: str, status: int | None
) -> None:
    monkeypatch.setenv(variable, "MLY|wrong|secret")
    if status:
        body = b'{"error": {"message": "no token MLY|wrong|secret, nor MLY%7Cwrong%7Csecret", "code": 0}}'
        services.listing_troubles = [Trouble(status, body)]
    with pytest.raises(PhotoError, match=f"does not accept the key in {variable} .*; check it, or get one at") as said:
        harvest(name, out)
    assert len(services.asked) == 1
    assert "secret" not in str(said.value)


def test_commons_that_refuses_says_what_may_help(services: Services, out: Path) -> None:
    services.listing_troubles = [Trouble(403, b"Requests of this kind are not served")]
    with pytest.raises(PhotoError, match=r"Commons refuses the request \(403\); .* set GRAFT_CONTACT to your mail"):
        harvest("commons", out)


@pytest.mark.parametrize("name", NAMES)
def test_keys_are_in_no_file_no_log_and_no_address(
    services: Services, out: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    services.photos = scattered(3)
    services.listing_troubles = [Trouble(500)]
    harvest(name, out)
    assert caplog.messages, "the HTTP library logs its requests"
    assert not [message for message in caplog.messages if "0123456789abcdef" in message]
    files = [path for path in out.parent.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"photos.parquet", "photos.report.json", ".journal.sqlite", "1.jpg"}
    assert not [path for path in files if b"0123456789abcdef" in path.read_bytes()]
    assert not services.key_in_address
    assert not [asked for path, _, asked in services.asked if "/image/" in path and "Authorization" in asked]


def test_the_program_says_who_it_is_and_whom_to_write_to(
    services: Services, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.photos = scattered(1)
    monkeypatch.setenv("GRAFT_CONTACT", "ada@example.org")
    harvest("commons", out)
    agents = {headers["User-Agent"] for _, _, headers in services.asked}
    assert len(agents) == 1
    assert agents.pop().startswith("graft-explorer/0.1.0 (ada@example.org)")


def test_the_same_bytes_are_kept_once(services: Services, out: Path) -> None:
    services.photos = [*scattered(2), *scattered(1, first=8)]
    services.photos[2].body = services.photos[0].body
    services.photos[2].author = "Bob"
    report = harvest("commons", out)
    assert (report.kept, report.left_out) == (2, {"copy of another photo": 1})
    assert sorted(path.name for path in (out.parent / "photos").glob("*.jpg")) == ["1.jpg", "2.jpg"]


def test_a_photo_that_two_boxes_list_is_one_photo(services: Services, out: Path) -> None:
    services.photos = [Served("1", 2.05, 48.1), Served("2", 2.05, 48.3)]
    wide = shapely.box(2.0, 48.0, 2.1, 48.4)
    report = harvest("mapillary", out, area=wide)
    assert len(services.listings()) > 1
    assert (report.found, report.kept) == (2, 2)


def test_a_truncated_image_is_fetched_again_and_left_out_when_it_stays_so(services: Services, out: Path) -> None:
    services.photos = scattered(3)
    half = Trouble(200, services.photos[0].body[:200])
    services.image_troubles = {"1": [half], "2": [half] * 9, "3": [Trouble(200, b"<html>no photo</html>")] * 9}
    report = harvest("commons", out)
    assert report.left_out == {"damaged image": 1, "not an image": 1}
    assert services.images().count("2") == 2
    assert [path.name for path in (out.parent / "photos").glob("*.jpg")] == ["1.jpg"]


def test_a_photo_whose_connection_is_cut_arrives_whole(services: Services, out: Path) -> None:
    services.photos = scattered(2)
    services.image_troubles["1"] = [Trouble(cut=100), Trouble(cut=300)]
    assert harvest("commons", out).kept == 2
    assert (out.parent / "photos" / "1.jpg").read_bytes() == services.photos[0].body


def test_a_photo_that_is_gone_is_left_out_and_not_asked_for_again(services: Services, out: Path) -> None:
    services.photos = scattered(2)
    services.image_troubles["1"] = [Trouble(404)]
    assert harvest("flickr", out).left_out == {"the photo's address answers 404": 1}
    before = len(services.images())
    assert harvest("flickr", out).kept == 1
    assert len(services.images()) == before


def test_a_photo_that_does_not_come_is_tried_again_by_the_next_run(services: Services, out: Path) -> None:
    services.photos = scattered(3)
    services.image_troubles["2"] = [Trouble(503)] * 5
    report = harvest("commons", out)
    assert (report.kept, report.left_out) == (2, {LATE: 1})
    report = harvest("commons", out)
    assert (report.kept, report.left_out) == (3, {})


def test_when_no_photo_comes_any_more_the_run_ends_and_nothing_is_lost(services: Services, out: Path) -> None:
    services.photos = scattered(9)
    services.image_troubles = {str(i): [Trouble(503)] * 5 for i in range(4, 10)}
    with pytest.raises(PhotoError, match=r"do not come any more .the photo's address answers 503.; run the same"):
        harvest("commons", out)
    assert not out.exists()
    first = set(services.images())
    assert {"1", "2", "3"} <= first
    services.image_troubles, services.asked = {}, []
    assert harvest("commons", out).kept == 9
    assert not {"1", "2", "3"} & set(services.images()), "what was downloaded is not asked for again"


def test_a_refusal_of_all_images_stops_the_run_and_marks_none_as_lost(services: Services, out: Path) -> None:
    services.photos = scattered(6)
    services.image_troubles = {photo.id: [Trouble(403)] * 2 for photo in services.photos}
    with pytest.raises(PhotoError, match=r"do not come any more .the photo's address answers 403"):
        harvest("commons", out)
    with pytest.raises(PhotoError, match=r"do not come any more"):
        harvest("commons", out)
    services.image_troubles = {}
    assert harvest("commons", out).kept == 6


@pytest.mark.parametrize(("first", "last"), [(1, 4), (4, 7), (7, 10)], ids=["first", "among others", "last"])
def test_photos_that_are_refused_for_good_do_not_keep_the_others_from_coming(
    services: Services, out: Path, first: int, last: int
) -> None:
    services.photos = scattered(9)
    refused = {str(i) for i in range(first, last)}
    services.image_troubles = {photo: [Trouble(403)] * 99 for photo in refused}
    for _ in range(2):
        report = harvest("commons", out)
        assert (report.kept, report.left_out) == (6, {LATE: 3})
        assert not refused & set(geopandas.read_parquet(out).id)
    services.image_troubles = {}
    assert harvest("commons", out).kept == 9, "what was refused is asked for again"


def test_photos_that_never_come_stop_one_run_and_are_tried_last_by_the_next(services: Services, out: Path) -> None:
    services.photos = scattered(9)
    services.image_troubles = {str(i): [Trouble(500)] * 99 for i in range(1, 5)}
    with pytest.raises(PhotoError, match=r"do not come any more .the photo's address answers 500"):
        harvest("commons", out)
    services.asked = []
    report = harvest("commons", out)
    assert (report.kept, report.left_out) == (5, {LATE: 4})
    assert set(services.images()[-15:]) == {"1", "2", "3"}, "five tries each, after all others"


def test_a_service_that_has_had_enough_of_us_is_left_in_peace(services: Services, out: Path) -> None:
    services.photos = scattered(90)
    services.image_troubles = {photo.id: [Trouble(403)] * 99 for photo in services.photos if photo.id > "1"}
    with pytest.raises(PhotoError, match=r"do not come any more .the photo's address answers 403"):
        harvest("commons", out)
    assert len(services.images()) < 40
    services.image_troubles = {}
    assert harvest("commons", out).kept == 90


def test_a_listing_that_broke_off_goes_on_with_the_next_page(services: Services, out: Path) -> None:
    services.photos, services.most = scattered(9), 3
    provider = open_service("flickr", sleep=lambda _: None)
    with provider.opened():
        work = plan_harvest(provider, AREA, out)
        next(work)
        work.close()
    assert [asked.get("page") for asked in services.listings()] == [None, "1"]
    services.asked = []
    steps: list[Progress] = []
    assert harvest("flickr", out, steps=steps).kept == 9
    assert [asked.get("page") for asked in services.listings()] == [None, "2", "3"]


def test_a_download_that_was_stopped_goes_on_and_its_progress_says_so(services: Services, out: Path) -> None:
    services.photos = scattered(20)
    provider = open_service("commons", sleep=lambda _: None)
    with provider.opened():
        plan = finish(plan_harvest(provider, AREA, out))
        work = run_harvest(provider, plan)
        first = next(work)
        work.close()
    assert (first.unit, first.total, first.resumed) == ("photos", 20, 0)
    assert 0 < first.done < 20
    assert len(list((out.parent / "photos").glob("*.jpg"))) == first.done
    services.asked = []
    steps: list[Progress] = []
    assert harvest("commons", out, steps=steps).kept == 20
    assert services.listings() == [], "what was listed is not asked for again"
    assert len(services.images()) == 20 - first.done
    downloads = [step for step in steps if step.unit == "photos"]
    assert (downloads[0].resumed, downloads[-1].done) == (first.done, 20)


def test_a_finished_harvest_asks_for_nothing_and_gives_the_same_table(services: Services, out: Path) -> None:
    services.photos = scattered(4)
    harvest("commons", out)
    before = geopandas.read_parquet(out)
    services.asked = []
    harvest("commons", out)
    assert services.asked == []
    assert geopandas.read_parquet(out).equals(before)


def test_a_photo_that_somebody_removed_is_fetched_again(services: Services, out: Path) -> None:
    services.photos = scattered(3)
    harvest("commons", out)
    (out.parent / "photos" / "2.jpg").unlink()
    services.asked = []
    assert harvest("commons", out).kept == 3
    assert services.images() == ["2"]


def test_another_area_or_service_does_not_mix_with_an_earlier_harvest(services: Services, out: Path) -> None:
    services.photos = scattered(3)
    harvest("commons", out)
    for name, area in (("flickr", AREA), ("commons", shapely.box(2.0, 48.0, 2.01, 48.02))):
        with pytest.raises(PhotoError, match=r"photos was made of another service or another area; give the table ano"):
            harvest(name, out, area=area)


def test_two_runs_do_not_write_to_one_place_at_a_time(services: Services, out: Path) -> None:
    services.photos = scattered(3)
    provider = open_service("commons", sleep=lambda _: None)
    with provider.opened():
        work = plan_harvest(provider, AREA, out)
        next(work)
        with pytest.raises(PhotoError, match="Another run is writing to"):
            harvest("commons", out)
        work.close()


def test_a_damaged_journal_is_told_with_the_way_out(services: Services, out: Path) -> None:
    (out.parent / "photos").mkdir()
    (out.parent / "photos" / ".journal.sqlite").write_bytes(b"not a database, however long it may be" * 99)
    with pytest.raises(PhotoError, match=r"cannot be used .* remove that folder to begin anew"):
        harvest("commons", out)


def test_a_limit_takes_a_share_that_a_larger_limit_adds_to(services: Services, out: Path) -> None:
    services.photos = scattered(40)
    report = harvest("commons", out, limit=10)
    assert (report.kept, report.left_out) == (10, {"beyond the number asked for": 30})
    few = geopandas.read_parquet(out)
    assert few.geometry.x.max() - few.geometry.x.min() > 0.01, "from all over the area"
    services.asked = []
    assert harvest("commons", out, limit=15).kept == 15
    assert len(services.images()) == 5
    assert set(few.id) < set(geopandas.read_parquet(out).id)


def test_a_disk_without_room_is_told_before_anything_is_downloaded(services: Services, out: Path) -> None:
    services.photos = scattered(3)
    provider = open_service("commons", sleep=lambda _: None)
    provider.photo_bytes = 10**18
    with provider.opened():
        plan = finish(plan_harvest(provider, AREA, out))
        assert plan.bytes_to_come == 3 * 10**18
        with pytest.raises(PhotoError, match=r"need about 3000000000\.0 GB and .* free some space, .* to fewer"):
            finish(run_harvest(provider, plan))
    assert services.images() == []


def test_what_is_expected_follows_the_photos_that_are_there(services: Services, out: Path) -> None:
    services.photos = scattered(60)
    harvest("commons", out, limit=30)
    provider = open_service("commons", sleep=lambda _: None)
    with provider.opened():
        plan = finish(plan_harvest(provider, AREA, out, 60))
    mean = sum(path.stat().st_size for path in (out.parent / "photos").glob("*.jpg")) / 30
    assert plan.bytes_to_come == pytest.approx(30 * mean, abs=1)


def test_a_photo_that_did_not_come_is_still_expected(services: Services, out: Path) -> None:
    services.photos = scattered(2)
    services.image_troubles["1"] = [Trouble(403)]
    harvest("commons", out)
    provider = open_service("commons", sleep=lambda _: None)
    provider.photo_bytes = 1000
    with provider.opened():
        assert finish(plan_harvest(provider, AREA, out)).bytes_to_come == 1000


def test_an_area_beyond_reason_is_refused_before_anything_is_asked(services: Services, out: Path) -> None:
    with pytest.raises(PhotoError, match=r"too large, or holds too many photos: .* more than 20,000 times; give a sm"):
        harvest("mapillary", out, area=shapely.box(-10, 35, 30, 60))
    assert services.asked == []


def test_answers_that_make_no_sense_never_become_rows(services: Services, out: Path) -> None:
    services.photos = scattered(5)
    services.photos[0].more = {"coordinates": [{"lat": "north", "lon": None}], "imageinfo": "none"}
    services.photos[1].more = {"coordinates": [{"lat": 91.0, "lon": 2.0}]}
    services.photos[2].more = {"coordinates": [{"lat": 0, "lon": 0}]}
    services.photos[3].more = {"coordinates": [{"lat": 48.01, "lon": 2.01, "globe": "moon"}]}
    report = harvest("commons", out)
    assert report.kept == 1
    assert report.left_out == {
        "no JPEG photo": 1,
        "position out of range": 1,
        "position 0, 0": 1,
        "no position": 1,
    }


MEMBERS = {
    "mapillary": (
        "computed_geometry",
        "geometry",
        "captured_at",
        "compass_angle",
        "is_pano",
        "creator",
        "thumb_1024_url",
    ),
    "flickr": ("license", "accuracy", "longitude", "latitude", "owner", "ownername", "datetaken", "title", "url_l"),
    "commons": ("coordinates", "imageinfo", "title"),
}
SCALARS = (
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.integers()
    | st.text(st.characters(), max_size=4)
)
LISTS = st.lists(SCALARS, max_size=2)
ANY_JSON = SCALARS | LISTS | st.dictionaries(st.sampled_from(["value", "coordinates"]), SCALARS | LISTS)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_stands_in_a_listing_the_photo_is_kept_or_left_out(
    services: Services, name: str, data: st.DataObject
) -> None:
    one = Served("7", 2.01, 48.01, b"x")
    one.more = data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(MEMBERS[name], ANY_JSON)))
    services.photos = [one]
    provider = open_service(name, sleep=lambda _: None)
    with provider.opened():
        (photo,) = provider.page(Box(*AREA.bounds), "").photos
    choice = choose([photo], AREA, None)
    assert len(choice.photos) + sum(choice.left_out.values()) == 1
    assert found_photo(photo.to_json()).to_json() == photo.to_json()


def test_half_a_character_in_a_name_does_not_stop_a_harvest(services: Services, out: Path) -> None:
    services.photos = scattered(1)
    services.photos[0].author = "Zo\ud83d"
    harvest("mapillary", out)
    assert list(geopandas.read_parquet(out).author) == ["Zo?"]


def test_a_full_disk_is_told_and_the_next_run_goes_on(services: Services, out: Path) -> None:
    services.photos = scattered(3)
    services.photos[1].body = jpeg(2, side=700)
    provider = open_service("commons", sleep=lambda _: None)
    with provider.opened():
        plan = finish(plan_harvest(provider, AREA, out))
        with largest_file(200_000), pytest.raises(ExportError, match=r"Cannot write .*2\.jpg: the disk is full; free"):
            finish(run_harvest(provider, plan))
    services.asked = []
    assert harvest("commons", out).kept == 3
    assert "1" not in services.images()


def test_an_address_that_is_none_is_told_without_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    for address in ("file:///etc/passwd", "https://", "commons"):
        monkeypatch.setenv("GRAFT_COMMONS", address)
        with pytest.raises(PhotoError, match="GRAFT_COMMONS holds no http or https address"):
            open_service("commons")
    with pytest.raises(GraftError, match="no service 'instagram' for photos; choose one of mapillary, flickr, commons"):
        open_service("instagram")
