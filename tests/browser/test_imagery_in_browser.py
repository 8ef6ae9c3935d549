"""From an area on the map to a density: catalogues on this machine, their server killed in the middle."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from browser_page import ROOT, Serve, Watched
from explore_page import ask, click_map, thumbnails
from find_page import (
    area_box,
    choose,
    choose_way,
    draw_area,
    get,
    open_search,
    search,
    show_form,
    tick,
    type_area,
)
from imagery_material import area_in, drawn, planetary_naip, planetary_sentinel2
from library_page import job, row
from PIL import Image
from playwright.sync_api import expect
from stac_server import StacServer

Bounds = tuple[float, float, float, float]
FILE_SHARE = 0.5
"""Of the image's file, after which its server is gone."""


@pytest.fixture
def stac(tmp_path: Path) -> Iterator[StacServer]:
    (tmp_path / "served").mkdir()
    server = StacServer(tmp_path / "served")
    yield server
    server.stop()


@pytest.fixture
def tiles(tmp_path: Path) -> Path:
    return tmp_path / "tiles"


@pytest.fixture
def address(serve: Serve, stac: StacServer, tiles: Path) -> str:
    """A server whose known catalogues, with their tokens, are on this machine."""
    env = {
        "GRAFT_TILES": str(tiles),
        "GRAFT_WEIGHTS": str(tiles.parent / "weights"),
        "GRAFT_PLANETARY_COMPUTER": stac.stac,
        "GRAFT_EARTH_SEARCH": stac.stac,
        "VSICURL_PC_SAS_TOKEN_URL": f"{stac.sas}/",
        "VSICURL_PC_SAS_SIGN_HREF_URL": f"{stac.url}/sas/sign?href=",
        "NO_PROXY": "*",
    }
    return serve(ROOT / "app.py", env=env)


@pytest.fixture
def lake(stac: StacServer, shared_data: Path) -> Bounds:
    """An aerial image of forest and a lake in the catalogue, with a preview; the place of most of it."""
    item = planetary_naip(stac, "2020-04-18", shared_data / "naip" / "va_forest_lake.tif", quad="m_3707861_nw")
    with rasterio.open(next(stac.folder.rglob("m_*.tif"))) as source:
        colors = source.read([1, 2, 3], out_shape=(3, 120, 140))
    Image.fromarray(np.moveaxis(colors, 0, -1)).save(stac.folder / "preview.png")
    return tuple(area_in(item, 0.9).bounds)


def fields(server: StacServer) -> dict[str, Any]:
    """Months of Sentinel-2, one of them too cloudy; the last item."""
    for month, cloud in ((5, 4.0), (6, 31.0), (7, 12.0), (8, 17.0), (9, 2.0)):
        item = planetary_sentinel2(server, f"2026-{month:02}-17", drawn(1900), cloud=cloud)
    return item


def dies_soon(server: StacServer) -> None:
    """The server is gone after half of the image's bytes."""
    size = next(server.folder.rglob("m_*.tif")).stat().st_size
    server.sent, server.cut_after = 0, int(FILE_SHARE * size)


def comes_back(server: StacServer) -> None:
    server.stop()
    server.sent, server.cut_after = 0, None
    server.start()


def nothing_is_broken(tiles: Path) -> None:
    """No draft is left, every raster can be read, and no file has a token in it."""
    files = [path for path in tiles.rglob("*") if path.is_file()]
    assert [path for path in files if ".part" in path.name or path.suffix == ".tmp"] == []
    for path in files:
        assert b"SECRET" not in path.read_bytes(), path
    for path in tiles.glob("*.tif"):
        with rasterio.open(path) as raster:
            assert raster.read().any()


def finds_the_lake(watched: Watched) -> None:
    """The query's density lies on the map, and the best tile is a confident one."""
    ask(watched, "lake")
    expect(watched.map_frame().locator(".leaflet-image-layer")).to_have_count(1)
    thumbnails(watched.page)
    best = watched.page.locator(".st-key-gallery").get_by_text(re.compile(r"\d+% match")).first.inner_text()
    assert int(re.findall(r"(\d+)% match", best)[0]) > 50


def test_an_area_drawn_on_the_map_becomes_a_density_although_the_server_dies(
    watched: Watched, address: str, stac: StacServer, lake: Bounds, tiles: Path
) -> None:
    page = watched.page
    open_search(watched, address)
    expect(page.get_by_text("Draw or type an area first")).to_be_visible()
    watched.picture("imagery-empty")
    choose(watched, "Imagery", "NAIP")
    draw_area(watched, lake)
    assert stac.asked == [], "nothing is asked of any network before the button is pressed"
    search(watched, "1 image, 1 ticked · they cover the whole area")
    expect(page.get_by_text("Credit: USDA National Agriculture Imagery Program (NAIP) · public domain")).to_be_visible()
    expect(page.get_by_text(re.compile(r"Up to 1\.\d MB to fetch · 2\.\d MB on disk meanwhile"))).to_be_visible()
    watched.picture("imagery-found")

    dies_soon(stac)
    get(watched)
    watched.picture("imagery-running")
    failed = job(page, "Get 1 image of NAIP")
    expect(failed).to_contain_text("what is here already is kept, so run it again to go on")
    watched.picture("imagery-broken-off")
    assert list(tiles.glob("*.tif")) == []
    assert len(list(tiles.glob("*.part"))) == 1

    comes_back(stac)
    failed.get_by_role("button", name="Resume").click()
    expect(page.get_by_text(re.compile("is indexed with graft-demo-naip"))).to_be_visible()
    expect(page.get_by_text("Here already")).to_be_visible()
    assert stac.sent < 0.9 * next(stac.folder.rglob("m_*.tif")).stat().st_size, "what was here is not fetched again"
    nothing_is_broken(tiles)
    watched.picture("imagery-done")

    job(page, "Get 1 image").get_by_role("link", name="Explore it").click()
    finds_the_lake(watched)
    watched.picture("imagery-explored")


def test_an_image_used_in_place_is_asked_although_its_server_died_while_it_was_read(
    watched: Watched, address: str, stac: StacServer, lake: Bounds, tiles: Path
) -> None:
    page = watched.page
    open_search(watched, address)
    choose(watched, "Imagery", "NAIP")
    type_area(watched, ", ".join(f"{each:.5f}" for each in lake))
    search(watched, "1 image, 1 ticked")
    choose_way(watched, "Use in place")
    expect(page.get_by_text("Nothing to fetch · 1 scene of a few kB")).to_be_visible()

    dies_soon(stac)
    get(watched)
    failed = job(page, "Get 1 image of NAIP")
    expect(failed.get_by_test_id("stAlert")).to_contain_text("check the network and try again")
    page.get_by_role("tab", name="My scenes").click()
    expect(row(page, "remote.vrt")).to_contain_text("cannot be opened")

    comes_back(stac)
    failed.get_by_role("button", name="Resume").click()
    expect(page.get_by_text(re.compile("is indexed with graft-demo-naip"))).to_be_visible()
    expect(page.get_by_text("1 scene, 1 indexed")).to_be_visible()
    nothing_is_broken(tiles)
    assert list(tiles.glob("*.tif")) == []
    watched.settled()
    expect(watched.map_frame().locator(".leaflet-tile-loaded").first).to_be_visible()
    expect(watched.map_frame().locator(".leaflet-tile:not(.leaflet-tile-loaded)")).to_have_count(0)
    watched.picture("imagery-in-place")
    job(page, "Get 1 image").get_by_role("link", name="Explore it").click()
    finds_the_lake(watched)


def test_images_are_chosen_in_the_table_and_on_the_map_and_stay_chosen(
    watched: Watched, address: str, stac: StacServer
) -> None:
    page = watched.page
    item = fields(stac)
    west, south, east, north = area_in(item, 0.5).bounds
    open_search(watched, address)
    draw_area(watched, (west, south, 2 * east - west, north))
    area = area_box(page).input_value()
    search(watched, "4 images, 1 ticked")
    expect(page.get_by_text(re.compile(r"\d+% of the area is in none of them"))).to_be_visible()
    expect(row(page, "S2A_MSIL2A_20260917")).to_contain_text("2026-09-17")
    frame = watched.map_frame()
    expect(frame.locator("path.graft-found")).to_have_count(4)
    expect(frame.locator("path.graft-chosen")).to_have_count(1)
    tick(watched, 2)
    expect(page.get_by_text("4 images, 2 ticked")).to_be_visible()
    expect(frame.locator("path.graft-chosen")).to_have_count(2)
    for ticked in (1, 0, 1):
        click_map(watched, (south + north) / 2, west + (east - west) / 4)
        expect(page.get_by_text(f"4 images, {ticked} ticked")).to_be_visible()
        watched.settled()
    choose_way(watched, "Cloud-free median")
    expect(page.get_by_text("4 images, 4 ticked")).to_be_visible()
    expect(page.get_by_text(re.compile("^Up to .* to fetch"))).to_be_visible()
    watched.settled()
    tick(watched, 3)
    expect(page.get_by_text("4 images, 3 ticked")).to_be_visible()
    expect(page.get_by_text(re.compile("^Up to .* to fetch"))).to_be_visible()
    watched.picture("imagery-median")
    asked = len(stac.bodies)

    page.get_by_role("link", name="Train").click()
    expect(page.get_by_role("tab", name="Pairs")).to_be_visible()
    page.get_by_role("link", name="Library").click()
    page.get_by_role("tab", name="Find imagery").click()
    expect(page.get_by_text("4 images, 3 ticked")).to_be_visible()
    expect(page.get_by_role("radio", name="Cloud-free median")).to_be_checked()
    show_form(watched)
    expect(area_box(page)).to_have_value(area)
    assert len(stac.bodies) == asked, "it is not searched again"
    previews = [path for _, path in stac.asked if "preview" in path]
    assert len(previews) == len({*previews}) == 4, "each is fetched once, by the server"


def test_what_goes_wrong_is_told_and_nothing_is_lost(
    watched: Watched, address: str, stac: StacServer, lake: Bounds, tmp_path: Path
) -> None:
    page = watched.page
    open_search(watched, address)
    choose(watched, "Imagery", "NAIP")
    type_area(watched, "somewhere nice")
    expect(page.get_by_text("'somewhere nice' is no area: write west, south, east, north")).to_be_visible()
    expect(page.get_by_role("button", name="Search", exact=True)).to_be_disabled()
    (tmp_path / "area.geojson").write_text("<html>sign in</html>")
    page.locator(".stPopover").get_by_role("button").click()
    page.locator("input[type=file]").set_input_files(tmp_path / "area.geojson")
    page.get_by_role("button", name="Keep to it").click()
    expect(page.get_by_test_id("stAlert").filter(has_text=".geojson")).to_be_visible()
    page.keyboard.press("Escape")

    type_area(watched, "0, 0, 0.1, 0.1")
    search(watched, "The area lies outside of what naip covers; choose another collection or area.")
    type_area(watched, json.dumps({"type": "Polygon", "coordinates": [square(lake)]}))
    search(watched, "1 image, 1 ticked")

    show_form(watched)
    choose(watched, "Imagery", "Another collection")
    fill(watched, "Collection", "no-such-thing")
    expect(page.get_by_text("Changed since the last search.")).to_be_visible()
    search(watched, f"{stac.stac} has no collection no-such-thing with images in it; check its id.")
    choose(watched, "Catalogue", "Another address")
    (stac.folder / "other.json").write_text('{"jsonrpc": "2.0"}')
    fill(watched, "Address of a STAC API", f"{stac.url}/files/other.json")
    fill(watched, "Collection", "sentinel-2-l2a")
    search(watched, "does not answer like a STAC API with a search")
    fill(watched, "Address of a STAC API", "mars")
    search(watched, "There is no catalogue 'mars'")
    expect(page.get_by_text("1 image, 1 ticked")).to_be_visible()
    watched.picture("imagery-problem")
    fill(watched, "Address of a STAC API", stac.stac)
    type_area(watched, ", ".join(f"{each:.5f}" for each in area_in(fields(stac), 0.5).bounds))
    search(watched, "4 images, 1 ticked")
    expect(page.get_by_text("There is no catalogue 'mars'")).to_have_count(0)

    stac.items[0]["assets"]["image"]["file:size"] = 10**15
    show_form(watched)
    choose(watched, "Catalogue", "Planetary Computer")
    choose(watched, "Imagery", "NAIP")
    type_area(watched, ", ".join(f"{each:.5f}" for each in lake))
    search(watched, "1 image, 1 ticked")
    choose_way(watched, "Download whole files")
    expect(page.get_by_text("This takes up to 1000000.0 GB")).to_be_visible()
    expect(page.get_by_role("button", name="Get and index")).to_be_disabled()
    expect(page.get_by_text("Traceback")).to_have_count(0)


def fill(watched: Watched, label: str, text: str) -> None:
    box = watched.page.get_by_role("textbox", name=label, exact=True)
    box.fill(text)
    box.press("Enter")
    watched.settled()


def square(bounds: Bounds) -> list[list[float]]:
    west, south, east, north = bounds
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]
