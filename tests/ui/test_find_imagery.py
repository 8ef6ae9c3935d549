"""What the search for imagery shows and asks; in a browser it is tests/browser/test_imagery_in_browser.py's."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import shapely
import shapely.geometry
from hypothesis import given
from hypothesis import strategies as st

from graft_core.io.imagery.catalogs import find_catalog
from graft_core.io.imagery.item import Asset, ImageryItem
from graft_core.io.imagery.search import Found, Wanted
from graft_core.tasks.imagery_plan import How, Piece, Plan
from graft_core.types import SensorName
from graft_core.ui.find.form import first_day, is_sentinel2
from graft_core.ui.find.get import WAYS, arguments, sizes, ways
from graft_core.ui.find.map import found_outlines, image_at, rings
from graft_core.ui.find.state import SHOWN, Asked, Finding
from graft_core.ui.find.table import remarks, row, summary
from graft_core.ui.find.view import headline
from graft_core.ui.library.map import PLAIN
from graft_core.ui.maps import CHOSEN

AREA = shapely.box(0, 0, 1, 1)
FILE = Asset("https://a.example/b.tif", None, None, 1, "uint16", None)


def image(
    name: str,
    *,
    cloud: float | None = 5.0,
    covers: float = 1.0,
    day: int = 1,
    sensor: SensorName = "sentinel2",
    thumbnail: str = "",
) -> ImageryItem:
    catalog = find_catalog("planetary-computer")
    return ImageryItem(
        id=name,
        catalog=catalog,
        product=catalog.products["naip" if sensor == "naip" else "sentinel2"],
        sensor=sensor,
        acquired=datetime(2026, 6, day, 10, tzinfo=UTC),
        cloud=cloud,
        footprint=shapely.box(0, 0, covers, 1),
        thumbnail=thumbnail,
        files={"image": FILE} if sensor == "naip" else {"red": FILE, "scl": FILE},
        baseline="05.10",
        offset=-1000,
        offset_doubtful=False,
        document="{}",
    )


def answered(*images: ImageryItem, more: bool = False, unusable: tuple[str, ...] = ()) -> Finding:
    state = Finding()
    wanted = Wanted(AREA, date(2026, 1, 1), None, 20)
    state.take(Asked("planetary-computer", "sentinel2", "0, 0, 1, 1", wanted), Found(images, more, unusable))
    return state


def drawn(group: object) -> list[dict[str, dict[str, object]]]:
    (part,) = group._children.values()  # type: ignore[attr-defined]
    return part.outlines  # type: ignore[no-any-return]


def test_what_covers_best_is_ticked_and_stands_first() -> None:
    state = answered(image("new", cloud=18, day=9), image("clear", cloud=1, day=3), image("half", cloud=0, covers=0.5))
    assert state.chosen == ("half", "clear")
    assert [item.id for item in state.items] == ["half", "clear", "new"]
    assert "3 images**, 2 ticked" in summary(state)
    assert "cover the whole area" in summary(state)


def test_what_the_ticked_images_leave_out_is_told() -> None:
    state = answered(image("half", covers=0.5))
    assert "50% of the area is in none of them" in summary(state)
    state.toggle("half")
    assert "tick those you want" in summary(state)
    assert state.images == ()


def test_a_tick_is_taken_back_by_the_same_click() -> None:
    state = answered(image("a"), image("b", day=2))
    before, table = state.chosen, state.ticked
    state.toggle("a")
    assert set(state.chosen) == {"a", "b"}
    state.toggle("a")
    assert state.chosen == before
    assert state.ticked > table, "the table is told"


def test_a_median_takes_all_dates_until_another_way_is_chosen() -> None:
    state = answered(image("a"), image("b", day=2), image("c", day=3))
    best = state.chosen
    state.tick_for(median=True)
    assert set(state.chosen) == {"a", "b", "c"}
    state.tick_for(median=False)
    assert state.chosen == best
    state.tick(["a", "b", "c"])
    state.tick_for(median=False)
    assert len(state.chosen) == 3, "ticked by hand"


def test_another_search_for_a_median_takes_all_dates_too() -> None:
    state = answered(image("a"))
    state.tick_for(median=True)
    assert state.asked is not None
    state.take(state.asked, Found((image("b"), image("c")), False, ()))
    assert set(state.chosen) == {"b", "c"}


def test_many_images_are_shown_in_part_but_never_without_the_ticked_ones() -> None:
    state = answered(*(image(f"{number:03}", day=1 + number % 28) for number in range(60)))
    assert len(state.rows) == SHOWN
    last = state.items[-1].id
    state.toggle(last)
    assert len(state.rows) == SHOWN + 1
    assert state.rows[-1].id == last
    state.all_rows = True
    assert len(state.rows) == 60


def test_a_row_says_what_one_chooses_by() -> None:
    said = row(image("a", cloud=None, covers=0.333, day=7), AREA, None)
    assert said == {"preview": None, "taken": date(2026, 6, 7), "clouds": None, "covers": 0.33, "id": "a"}


def test_what_was_left_out_and_who_is_to_be_named_is_told() -> None:
    state = answered(image("a"), more=True, unusable=("x has no file with red.", "y has none."))
    more, left_out, credit = remarks(state)
    assert "more than 100: narrow the dates" in more
    assert left_out == "Left out: x has no file with red. (and 1 more)"
    assert credit == "Credit: Contains modified Copernicus Sentinel data · Copernicus Sentinel data terms"


def test_ticked_outlines_lie_on_top_and_differ_by_more_than_their_colour() -> None:
    first, second = drawn(found_outlines([image("a"), image("b", cloud=31)], ["a"], AREA))
    assert (second["look"]["color"], second["look"]["dashArray"]) == (CHOSEN, None)
    assert (first["look"]["color"], first["look"]["dashArray"]) == (PLAIN, "4 5")
    assert first["text"] == "2026-06-01, 31 % clouds, covers 100%: click to take it"
    assert "click to leave it out" in str(second["text"])


def test_a_click_takes_the_ticked_image_before_others_and_nothing_beside_all() -> None:
    images = [image("a"), image("b"), image("half", covers=0.5)]
    assert image_at(images, [], 0.2, 0.5) == "a"
    assert image_at(images, ["half"], 0.2, 0.5) == "half"
    assert image_at(images, ["half"], 0.8, 0.5) == "a"
    assert image_at(images, ["half"], 2.0, 0.5) is None


@given(st.floats(-170, 170), st.floats(-80, 80), st.floats(0.001, 5))
def test_outlines_are_latitude_and_longitude_of_every_part(lon: float, lat: float, side: float) -> None:
    one, other = shapely.box(lon, lat, lon + side, lat + side), shapely.box(lon + 6, lat, lon + 7, lat + 1)
    found = rings(shapely.union_all([one, other]))
    assert len(found) == 2
    corners = [corner for ring in found for corner in ring]
    assert min(south for south, _ in corners) == pytest.approx(lat, abs=1e-6)
    assert min(west for _, west in corners) == pytest.approx(lon, abs=1e-6)


def test_dates_begin_a_year_ago_where_images_are_many() -> None:
    today = date(2026, 11, 22)
    assert first_day("sentinel2", today) == date(2025, 11, 22)
    assert first_day("sentinel-2-l2a", today) == date(2025, 11, 22)
    assert first_day("naip", today) is None
    assert not is_sentinel2("landsat-c2-l2")


def test_a_median_is_offered_where_clouds_are_known() -> None:
    assert ways([image("a")]) == list(WAYS)
    assert ways([image("a"), image("b", sensor="naip", cloud=None)]) == ["window", "place", "whole"]


def planned(how: How, folder: Path, *there: bool) -> Plan:
    pieces = [Piece(folder / f"{number}.tif", (), None, (), 3_000_000) for number in range(len(there))]
    for piece, made in zip(pieces, there, strict=True):
        if made:
            piece.target.touch()
            piece.record.touch()
    return Plan(how, AREA, tuple(pieces), folder, False)


def test_what_it_takes_is_told_in_a_line(tmp_path: Path) -> None:
    whole = sizes(planned("whole", tmp_path, False, True), 10**9)
    assert whole == "**3.0 MB to fetch** · 1 of 2 here already · 3.0 MB on disk meanwhile · 1.0 GB free"
    assert sizes(planned("place", tmp_path / "other", False), 10**9) == "**Nothing to fetch** · 1 scene of a few kB"
    assert sizes(planned("window", tmp_path, True), 10**9) == "**Here already** · 1 scene, nothing to fetch"


def test_the_job_is_told_what_its_process_needs(tmp_path: Path) -> None:
    asked = Asked("earth-search", "naip", "0, 0, 1, 1", Wanted(AREA))
    told = json.loads(json.dumps(arguments(asked, planned("place", tmp_path, False), index=True, encoder="a")))
    assert shapely.geometry.shape(told["area"]).equals(AREA)
    assert told["scenes"] == [str(tmp_path / "0.tif")]
    assert (told["catalog"], told["how"], told["index"], told["encoder"]) == ("earth-search", "place", True, "a")


def test_the_search_that_is_shown_is_told_in_a_line() -> None:
    assert headline(Finding()) == "**Search a catalogue**"
    assert headline(answered(image("a"))) == "**Search** · Sentinel-2 L2A, Planetary Computer since 2026-01-01"
