"""The Segment page from a query to corrected polygons in a file, with SAM and without."""

import re
import shutil
from pathlib import Path

import pytest
from browser_page import ROOT, Serve, Watched
from needed import mobile_sam
from playwright.sync_api import expect
from segment_page import (
    chosen,
    click_inside,
    drawn,
    look_closely,
    mode,
    open_segment,
    polygons,
    put_small_scene,
    tool,
)

from graft_core.io.vector import read_segments


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("segment")
    (made / "weights").mkdir()
    shutil.copy(mobile_sam(), made / "weights")
    return made


@pytest.fixture(scope="module")
def scene(folder: Path) -> Path:
    return put_small_scene(folder / "tiles", folder / "world")


@pytest.fixture(scope="module")
def address(serve: Serve, folder: Path, scene: Path) -> str:
    env = {"GRAFT_TILES": str(folder / "tiles"), "GRAFT_WEIGHTS": str(folder / "weights"), "OMP_NUM_THREADS": "1"}
    return serve(ROOT / "app.py", env=env)


def test_query_becomes_polygons_that_are_refined_corrected_undone_and_exported(
    watched: Watched, address: str, scene: Path, tmp_path: Path
) -> None:
    page = watched.page
    open_segment(watched, address, scene)
    expect(page.get_by_text("Type what to outline")).to_be_visible()
    watched.picture("segment-empty")
    page.get_by_text("forest", exact=True).click()
    look_closely(watched, scene)
    found = polygons(watched)
    assert found > 0
    expect(drawn(watched)).to_have_count(found)
    expect(watched.map_frame().locator(".leaflet-image-layer")).to_have_count(1)

    page.get_by_role("button", name="Refine with SAM").click()
    expect(page.get_by_text("Refined by SAM")).to_be_visible()
    refined = polygons(watched)
    expect(drawn(watched)).to_have_count(refined)

    view = watched.map_frame().evaluate("[map.getZoom(), map.getCenter().lat, map.getCenter().lng]")
    click_inside(watched)
    expect(chosen(page)).to_contain_text("Polygon")
    expect(watched.map_frame().locator("path.graft-polygon.graft-chosen")).to_have_count(1)
    before = chosen(page).inner_text()
    mode(watched, "Take away")
    click_inside(watched, refined - 1, again=True)  # the chosen one is drawn last
    expect(chosen(page)).to_contain_text("Corrected by 1 click")
    expect(watched.map_frame().locator(".graft-minus")).to_have_count(1)
    expect(page.get_by_text("1 by hand")).to_be_visible()
    assert watched.map_frame().evaluate("[map.getZoom(), map.getCenter().lat, map.getCenter().lng]") == view
    watched.picture("segment-corrected")

    tool(page, "undo").click()
    expect(chosen(page)).to_have_text(re.compile(re.escape(before.splitlines()[0])))
    expect(page.get_by_text("by hand")).to_have_count(0)
    tool(page, "redo").click()
    expect(page.get_by_text("1 by hand")).to_be_visible()
    page.reload()
    expect(page.get_by_text("1 by hand")).to_be_visible()
    kept = polygons(watched)

    page.get_by_role("tab", name="Files").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Polygons, GeoPackage").click()
    download.value.save_as(tmp_path / "polygons.gpkg")
    rows, _, _ = read_segments(tmp_path / "polygons.gpkg")
    assert len(rows) == kept
    assert any("click" in row.note for row in rows), "the correction is in the file"
    page.get_by_role("button", name="Write the label raster").click()
    expect(page.get_by_role("button", name="Label raster, GeoTIFF")).to_be_visible()


def test_click_beside_every_polygon_outlines_a_new_one(watched: Watched, address: str, scene: Path) -> None:
    page = watched.page
    open_segment(watched, address, scene, query="forest", least=1e7)
    expect(page.get_by_text(re.compile("is smaller than 10.0 km² everywhere.*Least area"))).to_be_visible()
    mode(watched, "New object")
    watched.map_frame().locator(".leaflet-container").click(position={"x": 300, "y": 200})
    expect(chosen(page)).to_contain_text("Drawn by SAM from 1 click")
    expect(drawn(watched)).to_have_count(1)
    tool(page, "restart_alt").click()
    expect(drawn(watched)).to_have_count(0)


@pytest.fixture(scope="module")
def bare_address(serve: Serve, folder: Path, scene: Path) -> str:
    """An app without SAM, and with room for no more than a few patches."""
    env = {
        "GRAFT_TILES": str(folder / "bare-tiles"), "GRAFT_WEIGHTS": str(folder / "none"), "OMP_NUM_THREADS": "1",
        "GRAFT_PATCH_CACHE_GB": "0.001",
    }  # fmt: skip
    (folder / "bare-tiles").mkdir()
    shutil.copy(scene, folder / "bare-tiles")
    return serve(ROOT / "app.py", env=env)


def test_without_sam_polygons_come_with_a_notice_and_the_command(
    watched: Watched, bare_address: str, folder: Path, scene: Path
) -> None:
    page = watched.page
    open_segment(watched, bare_address, folder / "bare-tiles" / scene.name, query="forest")
    notice = page.locator(".st-key-no-sam")
    expect(notice).to_contain_text("python -m graft_core fetch mobile-sam")
    expect(notice.get_by_role("button", name="Fetch it now")).to_be_visible()


def test_scene_whose_patches_cannot_be_kept_is_not_offered_in_vain(
    watched: Watched, bare_address: str, folder: Path, scene: Path
) -> None:
    page = watched.page
    open_segment(watched, bare_address, folder / "bare-tiles" / scene.name, query="forest")
    expect(page.get_by_text(re.compile("GiB are kept. Draw a smaller area of interest"))).to_be_visible()
    expect(page.get_by_role("button", name="Look at this scene")).to_have_count(0)
    watched.picture("segment-no-room")
