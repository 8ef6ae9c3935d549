"""The Explore page as an analyst uses it, from the first start on an empty machine."""

import json
import re
from pathlib import Path

import pytest
import rasterio
from browser_page import ROOT, Serve, Watched, new_person
from explore_page import answered, ask, click_map, open_tab, query_box, thumbnails, view_of
from held_job import held
from playwright.sync_api import Browser, expect


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("explore")


@pytest.fixture(scope="module")
def address(serve: Serve, folder: Path) -> str:
    """A server whose folder of scenes is empty at first."""
    return serve(ROOT / "app.py", env={"GRAFT_TILES": str(folder / "tiles"), "GRAFT_WEIGHTS": str(folder / "weights")})


@pytest.fixture
def explore(watched: Watched, address: str) -> Watched:
    """The page with the demo world indexed; the first test that needs it waits for it."""
    watched.open(address)
    expect(query_box(watched.page)).to_be_visible()
    watched.settled()
    return watched


def test_first_start_says_what_it_does_and_ends_with_a_map(watched: Watched, address: str, folder: Path) -> None:
    watched.page.goto(address)
    with held(folder / "tiles", unit="pixels"):
        expect(watched.page.get_by_text("Draw and index the demo world")).to_be_visible()
        expect(watched.page.get_by_text(re.compile("of .* pixels"))).to_be_visible()
        expect(watched.page.get_by_role("button", name="Cancel")).to_be_visible()
        watched.picture("first-start")
    expect(query_box(watched.page)).to_be_visible()
    expect(watched.map_frame().locator(".leaflet-tile-loaded").first).to_be_visible()
    expect(watched.page.get_by_text("Type what to look for")).to_be_visible()
    watched.picture("explore-empty")


def test_query_shows_heat_map_legend_and_gallery(explore: Watched) -> None:
    explore.page.get_by_text("golf course", exact=True).click()
    expect(explore.map_frame().locator(".leaflet-tile-loaded").first).to_be_visible()
    answered(explore, "golf course")
    frame = explore.map_frame()
    expect(frame.locator(".leaflet-image-layer")).to_have_count(1)
    expect(frame.locator("path.graft-outline").first).to_be_visible()
    assert len(set(thumbnails(explore.page))) == 12
    expect(explore.page.get_by_text("% match").first).to_be_visible()
    explore.picture("explore")
    explore.page.get_by_role("button", name="Show all 24").click()
    assert len(set(thumbnails(explore.page, 24))) == 24


def test_address_holds_query_settings_and_view(explore: Watched) -> None:
    page = explore.page
    ask(explore, "forest")
    slider = page.get_by_role("slider", name="Match from")
    for _ in range(6):
        slider.press("ArrowRight")
    expect(page.get_by_text("share of tiles that match")).to_be_visible()
    frame = explore.map_frame()
    frame.evaluate("map.setView([0.004, 0.003], 16, { animate: false })")
    page.wait_for_url(re.compile(r"at=0\.00400_0\.00300_16"))
    explore.settled()
    shared = page.url
    page.goto("about:blank")
    explore.open(shared)
    answered(explore, "forest")
    expect(page.get_by_text("share of tiles that match")).to_be_visible()
    expect(slider).to_have_value("0.3")
    again = explore.map_frame()
    again.wait_for_function("map.getZoom() === 16")
    assert view_of(again) == pytest.approx([16, 0.004, 0.003], abs=1e-4)


def test_gallery_goes_to_the_place_and_the_map_stays(explore: Watched) -> None:
    ask(explore, "forest")
    frame = explore.map_frame()
    before = view_of(frame)
    explore.page.locator("[class*=st-key-go-gallery-] button").nth(2).click()
    frame.wait_for_function("zoom => map.getZoom() > zoom", arg=before[0])
    explore.settled()
    expect(frame.locator("path.graft-chosen")).to_have_count(1)
    at = view_of(frame)
    ask(explore, "lake")
    assert not frame.is_detached(), "the same map"
    assert view_of(frame) == at, "a query does not move it"


def test_thumb_changes_the_ranking(explore: Watched) -> None:
    ask(explore, "crop field")
    before = thumbnails(explore.page)
    thumb = explore.page.locator("[class*=st-key-thumb_down-gallery-] button")
    thumb.first.click()
    image = ".st-key-gallery [data-testid=stImageContainer] img"
    explore.page.wait_for_function(
        "([image, src]) => document.querySelector(image).src !== src", arg=[image, before[0]]
    )
    explore.settled()
    assert thumbnails(explore.page) != before


def test_similar_places_are_found_from_a_tile(explore: Watched) -> None:
    ask(explore, "harbour")
    explore.page.locator("[class*=st-key-like-gallery-] button").first.click()
    expect(query_box(explore.page)).to_have_value(re.compile(r"^tile:.+/-?\d+/-?\d+$"))
    answered(explore, "a tile")
    expect(explore.page.get_by_text("% match").first).to_be_visible()


def test_click_on_the_map_tells_what_is_there_and_asks_for_more_of_it(explore: Watched) -> None:
    page = explore.page
    expect(explore.map_frame().locator(".leaflet-tile-loaded").first).to_be_visible()
    click_map(explore, 0.001, -0.002)
    expect(page.get_by_text("This place")).to_be_visible()
    place = page.locator(".st-key-place")
    place.get_by_role("button", name="close").first.click()
    expect(place).to_have_count(0)
    ask(explore, "forest")
    click_map(explore, 0.003, 0.002)
    expect(place.get_by_text(re.compile(r"% match · score -?0\.\d+"))).to_be_visible()
    expect(place.get_by_text(re.compile(r"tile [\d,]+"))).to_be_visible()
    explore.picture("explore-place")
    place.get_by_role("button", name="close").first.click()
    expect(place).to_have_count(0)
    click_map(explore, -0.002, 0.001)
    expect(place).to_be_visible()
    explore.settled()
    page.locator("[class*=st-key-like-place-] button").first.click()
    answered(explore, "a tile")


def test_threshold_that_hides_everything_is_named(explore: Watched) -> None:
    ask(explore, "glacier")
    expect(explore.page.get_by_text("Low confidence: no tile matches better than")).to_be_visible()
    explore.picture("explore-no-match")
    explore.page.get_by_role("slider", name="Match from").press("End")
    expect(explore.page.get_by_text(re.compile("No tile matches 95 ?% or more"))).to_be_visible()


def test_histogram_and_relief_are_drawn(explore: Watched) -> None:
    ask(explore, "forest")
    open_tab(explore, "Matches")
    expect(
        explore.page.locator("[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg").first
    ).to_be_visible()
    explore.picture("explore-matches")
    open_tab(explore, "3-D")
    expect(explore.page.locator("[data-testid=stDeckGlJsonChart] canvas").first).to_be_visible()
    explore.picture("explore-relief")


def test_earlier_queries_are_asked_again_laid_over_compared_and_subtracted(explore: Watched) -> None:
    page = explore.page
    ask(explore, "forest")
    ask(explore, "lake")
    open_tab(explore, "History")
    frame = explore.map_frame()
    page.locator("[class*=st-key-layer-] label").click()
    expect(frame.locator(".leaflet-image-layer")).to_have_count(2)
    page.locator("[class*=st-key-layer-] label").click()
    expect(frame.locator(".leaflet-image-layer")).to_have_count(1)
    less, beside = (page.locator(f"[class*=st-key-{how}-] button").first for how in ("less", "beside"))
    less.click()
    expect(page.get_by_text("Density of lake, less forest")).to_be_visible()
    explore.picture("explore-difference")
    beside.click()
    expect(page.get_by_text("Density of lake, beside forest")).to_be_visible()
    slider = frame.get_by_role("slider", name="forest | lake")
    middle = frame.evaluate("[...document.querySelectorAll('.graft-swipe-line')].map(line => line.offsetLeft)")
    slider.focus()
    slider.press("Home")
    assert frame.evaluate("document.querySelector('.graft-swipe-line').offsetLeft") < middle[0]
    assert frame.evaluate("map.getPane('graft-left').style.clip") != frame.evaluate(
        "map.getPane('graft-right').style.clip"
    )
    explore.picture("explore-beside")
    beside.click()
    expect(frame.locator(".graft-swipe")).to_have_count(0)
    page.get_by_role("button", name="forest", exact=True).last.click()
    answered(explore, "forest")


def test_photo_is_a_query(explore: Watched, folder: Path) -> None:
    page = explore.page
    photo = sorted((folder / "tiles" / "demo" / "photos").glob("*.jpg"))[4]
    page.locator("[data-testid=stPopover]").filter(has_text="add_a_photo").get_by_role("button").click()
    page.locator("[data-testid=stPopoverBody] input[type=file]").set_input_files(photo)
    page.get_by_role("button", name="Search with it").click()
    answered(explore, "a photo")
    expect(page.locator(".st-key-examples")).to_contain_text("taken on the ground")
    assert len(set(thumbnails(page))) == 12
    explore.picture("explore-photo")


def test_query_without_sense_is_a_sentence_and_nothing_breaks(explore: Watched) -> None:
    box = query_box(explore.page)
    box.fill("forest -")
    box.press("Enter")
    expect(explore.page.get_by_test_id("stAlert").first).to_be_visible()
    expect(explore.page.get_by_text("Traceback")).to_have_count(0)
    ask(explore, "forest")


def test_refresh_while_an_answer_is_made_brings_it_all_the_same(explore: Watched) -> None:
    box = query_box(explore.page)
    box.fill("vineyard + lake")
    box.press("Enter")
    explore.page.wait_for_url(re.compile("vineyard"))
    explore.page.reload()
    answered(explore, "vineyard + lake")


def test_three_people_and_a_second_tab_ask_at_once_and_each_gets_their_own(
    explore: Watched, browser: Browser, address: str
) -> None:
    alone = {}
    words = ("forest", "lake", "harbour", "golf course")
    for text in words:
        ask(explore, text)
        alone[text] = thumbnails(explore.page)
    contexts = [new_person(browser) for _ in range(2)]
    others = [Watched(context.new_page()) for context in contexts]
    people = [explore, *others, Watched(explore.page.context.new_page())]
    for person in people[1:]:
        person.page.goto(address)
    for person in people[1:]:
        expect(query_box(person.page)).to_be_visible()
    for round_ in range(len(words)):
        asked = [words[(number + round_) % len(words)] for number in range(len(people))]
        for person, text in zip(people, asked, strict=True):
            box = query_box(person.page)
            box.fill(text)
            box.press("Enter")
        for person, text in zip(people, asked, strict=True):
            answered(person, text)
            assert thumbnails(person.page) == alone[text]
    for context in contexts:
        context.close()


def test_files_are_written_and_valid(explore: Watched, folder: Path) -> None:
    ask(explore, "harbour")
    open_tab(explore, "Files")
    explore.page.get_by_role("button", name="Write files").click()
    link = explore.page.get_by_role("button", name=re.compile("Density map, GeoTIFF"))
    expect(link).to_be_visible()
    explore.picture("explore-files")
    with explore.page.expect_download() as started:
        link.click()
    target = folder / "download.tif"
    started.value.save_as(target)
    with rasterio.open(target) as raster:
        assert raster.tags()["GRAFT_QUERY"] == "harbour"
        assert raster.count == 2
    (layer,) = (folder / "tiles" / "layers").glob("harbour-*.tif")
    assert json.loads(layer.with_suffix(".json").read_text())["type"] == "Feature"
    assert layer.with_suffix(".gpkg").is_file()
    assert layer.with_suffix(".png").is_file()


def test_query_goes_to_the_segment_page_with_all_that_was_set(explore: Watched) -> None:
    page = explore.page
    page.get_by_text("What else may lie there").click()
    against = page.get_by_role("textbox", name="One a line")
    against.fill("farmland\na lake")
    against.press("Control+Enter")
    explore.settled()
    ask(explore, "forest")
    page.get_by_role("link", name="As polygons").click()
    expect(page).to_have_url(re.compile("/Segment"))
    expect(page.get_by_role("textbox", name="Search")).to_have_value("forest")
    page.get_by_text("What else may lie there").click()
    expect(page.get_by_role("textbox", name="One a line")).to_have_value("farmland\na lake")
