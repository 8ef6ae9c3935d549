"""Two scenes of one place under the same words: two resolutions and two dates, at a line and as a difference."""

import re
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from browser_page import ROOT, Serve, Watched
from explore_page import answered, ask, open_tab, query_box
from library_page import job, open_library
from long_work import finish
from odc.geo.geobox import GeoBox
from playwright.sync_api import Frame, expect

from graft_core.index.store import list_indexes
from graft_core.io.geotiff import write_raster
from graft_core.io.scene import open_scene
from graft_core.tasks.catalog import encoder_for
from graft_core.tasks.index_scene import index_scene
from graft_core.ui.explore.two_scenes import NOTHING
from graft_core.world.overhead import render_naip
from graft_core.world.scenes import KINDS, WORLD_CRS, write_scene
from graft_core.world.years import later

SEED = 2003


def index(path: Path, tiles: Path) -> None:
    """Index a scene by the encoder that suits it."""
    scene = open_scene(path)
    finish(index_scene(scene, encoder_for(scene), tiles / "indexes"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One place by two sensors, at two dates by the finer one, and another place; all of it indexed."""
    folder = tmp_path_factory.mktemp("two-scenes")
    write_scene(folder, "naip", SEED, 1536)
    write_scene(folder, "naip", later(SEED), 1536)
    write_scene(folder, "sentinel2", SEED, 1024)
    box = GeoBox((256, 256), Affine(1, 0, 400_000, 0, -1, 400_000), WORLD_CRS)
    pixels = np.moveaxis(render_naip(5, 0, 0, 256, 256)[0], 2, 0)
    write_raster(folder / "elsewhere.tif", pixels, box, descriptions=KINDS["naip"].bands, photometric="rgb")
    for path in sorted({*folder.glob("*.tif")} - {*folder.glob("truth*")}):
        index(path, folder / "tiles")
    return folder


@pytest.fixture(scope="module")
def names(folder: Path) -> dict[str, str]:
    """File name of each scene to its name in the index."""
    indexes = list_indexes(folder / "tiles" / "indexes")
    return {Path(record.source).stem: record.name for index in indexes for record in index.scenes}


@pytest.fixture(scope="module")
def address(serve: Serve, folder: Path) -> str:
    return serve(ROOT / "app.py", env={"GRAFT_TILES": str(folder / "tiles"), "GRAFT_WEIGHTS": str(folder / "weights")})


@pytest.fixture
def explore(watched: Watched, address: str, names: dict[str, str]) -> Watched:
    watched.open(f"{address}/?scenes={names['naip']}")
    expect(query_box(watched.page)).to_be_visible()
    watched.settled()
    return watched


def compare_with(watched: Watched, name: str) -> None:
    """Choose the other scene in the sidebar, and wait for the map that is made anew for the two."""
    page = watched.page
    page.get_by_role("combobox", name=re.compile("Compare with")).click()
    page.get_by_role("option", name=name, exact=True).click()
    line = page.frame_locator("iframe[title='streamlit_folium.st_folium']").locator(".graft-swipe")
    expect(line).to_have_count(0 if name == NOTHING else 1)
    watched.settled()


def clip(frame: Frame, pane: str) -> list[float]:
    """Left and right edge of what is seen of a pane, in pixels of the map."""
    found: list[float] = frame.evaluate(
        """pane => {
            const box = map.getPane(pane).style.clip.match(/-?[\\d.]+/g).map(Number);
            const from = map.containerPointToLayerPoint([0, 0]);
            return [box[3] - from.x, box[1] - from.x];
        }""",
        pane,
    )
    return found


def test_imagery_and_density_of_each_scene_lie_on_its_side_of_a_line(explore: Watched, names: dict[str, str]) -> None:
    page = explore.page
    compare_with(explore, names["sentinel2"])
    frame = explore.map_frame()
    expect(frame.locator(".graft-swipe-left")).to_have_text(f"{names['naip']}\n1 m · 2024-08-15")
    expect(frame.locator(".graft-swipe-right")).to_have_text(f"{names['sentinel2']}\n10 m · 2024-08-15")
    for side in ("left", "right"):
        expect(frame.locator(f".leaflet-graft-{side}-imagery-pane .leaflet-tile-loaded").first).to_be_visible()
    explore.picture("two-scenes-imagery")
    ask(explore, "forest")
    expect(page.get_by_text("both scenes, expected share")).to_be_visible()
    for side in ("left", "right"):
        expect(frame.locator(f".leaflet-graft-{side}-pane .leaflet-image-layer")).to_have_count(1)
    width = frame.evaluate("map.getSize().x")
    slider = frame.get_by_role("slider", name=re.compile("2024-08-15 \\| sentinel2", re.DOTALL))
    slider.focus()
    for _ in range(20):
        slider.press("ArrowLeft")
    for pane in ("graft-left", "graft-left-imagery"):
        assert clip(frame, pane) == pytest.approx([0, 0.4 * width], abs=2)
    for pane in ("graft-right", "graft-right-imagery"):
        assert clip(frame, pane) == pytest.approx([0.4 * width, width], abs=2)
    explore.picture("two-scenes-beside")
    ask(explore, "lake")
    assert not frame.is_detached(), "the same map"
    assert clip(frame, "graft-left") == pytest.approx([0, 0.4 * width], abs=2)
    expect(frame.locator(".leaflet-graft-left-pane .leaflet-image-layer")).to_have_count(1)


def test_line_is_moved_with_the_mouse(explore: Watched, names: dict[str, str]) -> None:
    compare_with(explore, names["sentinel2"])
    frame = explore.map_frame()
    box = frame.locator(".graft-swipe input").bounding_box()
    assert box is not None
    mouse, height = explore.page.mouse, box["y"] + box["height"] / 2
    mouse.move(box["x"] + box["width"] / 2, height)
    mouse.down()
    mouse.move(box["x"] + box["width"] * 0.75, height, steps=6)
    mouse.up()
    width = frame.evaluate("map.getSize().x")
    assert clip(frame, "graft-left-imagery")[1] == pytest.approx(0.75 * width, abs=0.02 * width)


def test_difference_of_two_dates_is_a_layer_and_a_file(explore: Watched, names: dict[str, str], folder: Path) -> None:
    page = explore.page
    compare_with(explore, names["naip_later"])
    expect(explore.map_frame().locator(".graft-swipe-right")).to_contain_text("1 m · 2030-")
    ask(explore, "downtown")
    page.get_by_role("radio", name="difference").click()
    expect(page.get_by_text("Change in density of downtown")).to_be_visible()
    expect(page.get_by_text(f"orange: denser in {names['naip_later']}")).to_be_visible()
    expect(page.get_by_text(re.compile(f"Before: {names['naip']}\\s+1 m · 2024-08-15"))).to_be_visible()
    explore.settled()
    frame = explore.map_frame()
    expect(frame.locator(".graft-swipe")).to_have_count(0)
    expect(frame.locator(".leaflet-image-layer")).to_have_count(1)
    explore.picture("two-scenes-difference")
    open_tab(explore, "Files")
    page.get_by_role("button", name="Write the change").click()
    link = page.get_by_role("button", name=re.compile("Change map, GeoTIFF"))
    expect(link).to_be_visible()
    explore.picture("two-scenes-files")
    with page.expect_download() as started:
        link.click()
    target = folder / "change.tif"
    started.value.save_as(target)
    with rasterio.open(target) as raster:
        assert raster.descriptions == ("change: downtown", "before: downtown", "after: downtown")
        tags = raster.tags()
        change, before, after = raster.read()
    assert (tags["GRAFT_BEFORE_SCENE"], tags["GRAFT_AFTER_SCENE"]) == (names["naip"], names["naip_later"])
    np.testing.assert_array_equal(change, after - before)
    assert np.nanmax(change) > 0.3, "a car park became part of the town"


def test_address_brings_the_comparison_back(explore: Watched, names: dict[str, str]) -> None:
    page = explore.page
    compare_with(explore, names["sentinel2"])
    ask(explore, "forest")
    page.get_by_role("radio", name="difference").click()
    expect(page.get_by_text("Change in density of forest")).to_be_visible()
    explore.settled()
    shared = page.url
    page.goto("about:blank")
    explore.open(shared)
    expect(page.get_by_text("Change in density of forest")).to_be_visible()
    expect(page.get_by_text(f"orange: denser in {names['sentinel2']}")).to_be_visible()
    compare_with(explore, NOTHING)
    answered(explore, "forest")
    expect(page.get_by_text("Change in density")).to_have_count(0)


def test_scene_of_another_place_is_not_offered_and_named_where_the_address_asks_for_it(
    watched: Watched, address: str, names: dict[str, str]
) -> None:
    watched.open(f"{address}/?scenes={names['naip']}&against={names['elsewhere']}")
    page = watched.page
    expect(page.get_by_text(f"{names['elsewhere']} shows another place than {names['naip']}")).to_be_visible()
    page.get_by_role("combobox", name=re.compile("Compare with")).click()
    expect(page.get_by_role("option", name=names["naip_later"], exact=True)).to_be_visible()
    expect(page.get_by_role("option", name=names["elsewhere"], exact=True)).to_have_count(0)


def test_two_sensors_together_point_to_the_comparison(watched: Watched, address: str, names: dict[str, str]) -> None:
    watched.open(f"{address}/?scenes={names['naip']}&scenes={names['sentinel2']}&query=forest")
    expect(watched.page.get_by_text('"Compare with"').first).to_be_visible()


def test_marked_tile_does_not_carry_over_to_another_sensor(explore: Watched, names: dict[str, str]) -> None:
    compare_with(explore, names["sentinel2"])
    ask(explore, "forest")
    explore.page.locator("[class*=st-key-thumb_up-gallery-] button").first.click()
    expect(explore.page.get_by_text("means something to one of the two encoders only")).to_be_visible()
    expect(explore.page.get_by_text("Traceback")).to_have_count(0)


def test_second_date_of_the_demo_world_is_drawn_indexed_and_compared(
    watched: Watched, address: str, folder: Path
) -> None:
    demo = folder / "tiles" / "demo"
    demo.mkdir()
    write_scene(demo, "naip", SEED, 512)
    write_scene(demo, "sentinel2", SEED, 256)
    open_library(watched, address)
    page = watched.page
    page.get_by_role("radio", name="Sample").click()
    expect(page.get_by_role("button", name=re.compile("Fetch it"))).to_be_visible()
    watched.settled()
    expect(page.get_by_role("button", name="Draw and index it")).to_have_count(0)
    index(demo / "naip.tif", folder / "tiles")
    open_library(watched, address)
    page.get_by_role("radio", name="Sample").click()
    page.get_by_role("button", name="Draw and index it").click()
    expect(job(page, "Draw and index the demo world some years later")).to_be_visible()
    link = page.get_by_role("link", name="Compare the two dates")
    expect(link).to_be_visible()
    watched.settled()
    watched.picture("library-second-date")
    link.click()
    frame = watched.map_frame()
    expect(frame.locator(".graft-swipe-left")).to_contain_text("1 m · 2024-08-15")
    expect(frame.locator(".graft-swipe-right")).to_contain_text("1 m · 2030-")
