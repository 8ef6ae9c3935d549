"""The map in a browser that reaches no other host."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from browser_page import ROOT, Serve, Watched
from PIL import Image
from playwright.sync_api import Frame, expect

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small page in a folder of its own, with what Streamlit is to serve beside it."""
    folder = tmp_path_factory.mktemp("app")
    shutil.copytree(ROOT / "static" / "vendor", folder / "static" / "vendor")
    shade = np.random.default_rng(0).normal(0, 6, (256, 256, 1)) + np.array([96, 112, 84])
    Image.fromarray(shade.clip(0, 255).astype(np.uint8)).save(folder / "static" / "tile.png")
    return Path(shutil.copy(HERE / "map_app.py", folder))


@pytest.fixture(scope="module")
def address(serve: Serve, script: Path) -> str:
    return serve(script, "--server.enableStaticServing=true")


def view_of(frame: Frame) -> list[float]:
    """Zoom, latitude and longitude of the map's centre."""
    at: list[float] = frame.evaluate("[map.getZoom(), map.getCenter().lat, map.getCenter().lng]")
    return at


def overlay_of(frame: Frame) -> str:
    return str(frame.locator(".leaflet-image-layer").get_attribute("src"))


def test_the_map_shows_and_asks_nobody_else(watched: Watched, address: str) -> None:
    asked: list[str] = []
    watched.page.on("request", lambda request: asked.append(request.url))
    watched.open(address)
    frame = watched.map_frame()
    box = frame.locator(".leaflet-container").bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 500
    expect(frame.locator(".leaflet-image-layer")).to_be_visible()
    expect(frame.locator("path.graft-outline")).to_have_count(12)
    expect(frame.locator("path.graft-chosen")).to_have_count(1)
    expect(frame.locator(".leaflet-draw-draw-rectangle")).to_be_visible()
    expect(frame.locator(".leaflet-draw-draw-polygon")).to_be_visible()
    assert frame.locator(".leaflet-draw-toolbar-top a").count() == 2
    expect(frame.locator(".leaflet-tile-loaded").first).to_be_visible()
    expect(frame.locator(".leaflet-control-scale")).to_contain_text("km")
    expect(watched.page.get_by_text('Density of "solar farm"')).to_be_visible()
    assert any("/app/static/vendor/leaflet/dist/leaflet.js" in url for url in asked)
    assert not any("openstreetmap" in url for url in asked)
    assert frame.evaluate("document.fonts.ready.then(() => getComputedStyle(document.body).overflow)") == "hidden"


def test_what_changes_leaves_map_and_view_in_place(watched: Watched, address: str) -> None:
    watched.open(address)
    frame = watched.map_frame()
    expect(frame.locator(".leaflet-image-layer")).to_be_visible()
    frame.evaluate("window.survived = true; map.setView([44.29, 9.05], 15, { animate: false })")
    before, overlay = view_of(frame), overlay_of(frame)
    watched.page.get_by_role("button", name="Another query").click()
    expect(watched.page.get_by_text("Query 1,")).to_be_visible()
    expect(frame.locator(".leaflet-image-layer")).not_to_have_attribute("src", overlay)
    expect(frame.locator(".leaflet-image-layer")).to_have_count(1)
    expect(frame.locator("path.graft-outline")).to_have_count(12)
    assert frame.evaluate("window.survived")
    assert view_of(frame) == before
    frame.wait_for_function("window.feature_group.length === 2")


def test_the_map_goes_to_a_tile_as_often_as_it_is_asked(watched: Watched, address: str) -> None:
    watched.open(address)
    frame = watched.map_frame()
    frame.evaluate("window.survived = true")
    for _ in range(2):
        frame.evaluate("map.setView([44.2, 9.0], 9, { animate: false })")
        watched.page.get_by_role("button", name="Go to tile 2").click()
        frame.wait_for_function("map.getZoom() === 16")
        assert frame.evaluate("window.survived")


def test_a_drawn_rectangle_comes_back(watched: Watched, address: str) -> None:
    watched.open(address)
    frame = watched.map_frame()
    frame.locator(".leaflet-draw-draw-rectangle").click()
    box = frame.locator(".leaflet-container").bounding_box()
    assert box is not None
    mouse = watched.page.mouse
    mouse.move(box["x"] + 300, box["y"] + 150)
    mouse.down()
    mouse.move(box["x"] + 500, box["y"] + 300, steps=5)
    mouse.up()
    expect(watched.page.get_by_text("Drawn: ")).to_be_visible()
    west, south, east, north = map(float, re.findall(r"[\d.]+", watched.page.get_by_text("Drawn: ").inner_text()))
    corners = frame.evaluate(
        "[[300, 300], [500, 150]].map(p => map.containerPointToLatLng(p)).flatMap(c => [c.lng, c.lat])"
    )
    assert (west, south, east, north) == pytest.approx(corners, abs=2e-4)


def test_a_click_on_an_outline_says_where_it_was(watched: Watched, address: str) -> None:
    watched.open(address)
    frame = watched.map_frame()
    watched.page.get_by_role("button", name="Go to tile 2").click()
    frame.wait_for_function("map.getZoom() === 16")
    place = frame.evaluate("map.containerPointToLatLng([600, 260])")
    frame.locator(".leaflet-container").click(position={"x": 600, "y": 260})
    expect(watched.page.get_by_text(f"clicked {place['lat']:.4f} {place['lng']:.4f}")).to_be_visible()


def test_the_map_shows_below_a_base_path(watched: Watched, serve: Serve, script: Path) -> None:
    address = serve(script, "--server.enableStaticServing=true", "--server.baseUrlPath=/some/path")
    watched.open(f"{address}/some/path")
    expect(watched.map_frame().locator(".leaflet-draw-draw-rectangle")).to_be_visible()


def test_a_marker_finds_its_icon(watched: Watched, address: str) -> None:
    watched.open(address)
    frame = watched.map_frame()
    frame.evaluate("L.marker(map.getCenter()).addTo(map)")
    frame.wait_for_function("document.querySelector('img.leaflet-marker-icon')?.naturalWidth > 0")
