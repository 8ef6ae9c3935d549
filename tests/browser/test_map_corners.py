"""Imagery and density lie on the web map where their scene lies, to the pixel; areas of interest are what was drawn."""

import io
import os
import re
import subprocess
import sys

import numpy as np
import pytest
import rasterio
from browser_page import ROOT, Serve, Watched
from explore_page import answered, area_box, ask, draw_rectangle
from PIL import Image
from playwright.sync_api import Frame, expect
from pyproj import Transformer

HEIGHT, WIDTH, MARK = 900, 1200, 30
LEFT, TOP = 720_000.0, 5_430_000.0
CRS = "EPSG:32632"
"""Far from its central meridian: seen on a web map, the scene is turned by two degrees."""
RED = (255, 0, 0)
EVERYWHERE = 12
"""Tiles of the gallery where no area is given."""


@pytest.fixture(scope="module")
def address(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A server with a scene of even green whose corners are marked in red."""
    folder = tmp_path_factory.mktemp("corners")
    pixels = np.zeros((3, HEIGHT, WIDTH), np.uint8)
    pixels[1] = np.random.default_rng(0).integers(90, 130, (HEIGHT, WIDTH))
    for rows in (slice(MARK), slice(-MARK, None)):
        for cols in (slice(MARK), slice(-MARK, None)):
            pixels[:, rows, cols] = np.array(RED)[:, None, None]
    tiles = folder / "tiles"
    tiles.mkdir()
    with rasterio.open(
        tiles / "marked.tif", "w", driver="GTiff", height=HEIGHT, width=WIDTH, count=3, dtype="uint8", crs=CRS,
        transform=rasterio.transform.from_origin(LEFT, TOP, 1, 1),
    ) as target:  # fmt: skip
        target.write(pixels)
    env = {"GRAFT_TILES": str(tiles), "GRAFT_WEIGHTS": str(folder / "weights")}
    index = [sys.executable, "-m", "graft_core", "index", str(tiles / "marked.tif")]
    subprocess.run(index, cwd=ROOT, env={**os.environ, **env}, check=True, capture_output=True)
    return serve(ROOT / "app.py", env=env)


def on_screen(frame: Frame, inwards: float) -> np.ndarray:
    """(4, 2) x and y on the map, with fractions, of points so many metres inside the corners: NW, NE, SW, SE."""
    x = np.array([LEFT + inwards, LEFT + WIDTH - inwards] * 2)
    y = np.repeat([TOP - inwards, TOP - HEIGHT + inwards], 2)
    lon, lat = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform(x, y)
    found: list[list[float]] = frame.evaluate(
        """places => places.map(place => {
            const at = map.project(place).subtract(map.getPixelOrigin()).add(map._getMapPanePos());
            return [at.x, at.y];
        })""",
        [[float(north), float(east)] for north, east in zip(lat, lon, strict=True)],
    )
    return np.array(found)


@pytest.mark.parametrize("zoom", [15, 16])
def test_marked_corners_of_the_imagery_lie_within_a_pixel_of_the_scenes(
    zoom: int, watched: Watched, address: str
) -> None:
    watched.open(address)
    frame = watched.map_frame()
    frame.add_style_tag(content=".leaflet-control-container { display: none }")
    checked = set()
    for number in range(4):
        corner = on_screen(frame, MARK / 2)[number].tolist()
        frame.evaluate(f"map.setView(map.containerPointToLatLng({corner}), {zoom}, {{ animate: false }})")
        frame.wait_for_function(
            "(all => all.length && all.every(tile => tile.classList.contains('leaflet-tile-loaded')))"
            "([...document.querySelectorAll('.leaflet-tile')])"
        )
        watched.page.wait_for_timeout(500)  # tiles fade in
        seen, start = _photographed(frame)
        height, width = seen.shape[:2]
        for which, expected in enumerate(on_screen(frame, MARK / 2) + start):
            if 40 < expected[0] < width - 40 and 40 < expected[1] < height - 40:
                assert np.abs(_middle_of_red(seen, expected) - expected).max() <= 1, which
                checked.add(which)
    assert checked == {0, 1, 2, 3}


def _photographed(frame: Frame) -> tuple[np.ndarray, np.ndarray]:
    """(H, W, 3) colours of the map, and x and y of its corner on them, for they begin with a whole pixel."""
    container = frame.locator(".leaflet-container")
    box = container.bounding_box()
    assert box is not None
    colors = np.asarray(Image.open(io.BytesIO(container.screenshot())).convert("RGB"))
    return colors, np.array([box["x"] % 1, box["y"] % 1])


def _middle_of_red(seen: np.ndarray, near: np.ndarray) -> np.ndarray:
    """(2,) x and y of the centre of gravity of what is red around a point."""
    left, top = (int(each) - 40 for each in near)
    part = seen[top : top + 80, left : left + 80].astype(float)
    red = np.clip(part[..., 0] - part[..., 1], 0, None)
    assert red.max() > 150, "the mark is seen"
    rows, cols = np.indices(red.shape) + 0.5
    return np.array([left + (cols * red).sum() / red.sum(), top + (rows * red).sum() / red.sum()])


def test_density_lies_over_the_whole_scene(watched: Watched, address: str) -> None:
    watched.open(address)
    ask(watched, "forest")
    frame = watched.map_frame()
    corners = on_screen(frame, 0)
    box = frame.evaluate(
        """() => {
            const inner = document.querySelector('.leaflet-image-layer').getBoundingClientRect();
            const outer = map.getContainer().getBoundingClientRect();
            return [inner.left - outer.left, inner.top - outer.top, inner.right - outer.left, inner.bottom - outer.top];
        }"""
    )
    (west, north), (east, south) = corners.min(axis=0), corners.max(axis=0)
    assert box == pytest.approx([west, north, east, south], abs=1)


def test_drawn_area_is_kept_to_and_cleared_and_the_view_stays(watched: Watched, address: str) -> None:
    watched.open(address)
    ask(watched, "red roof")
    page, frame = watched.page, watched.map_frame()
    gallery = page.locator(".st-key-gallery [data-testid=stImageContainer] img")
    expect(gallery).to_have_count(EVERYWHERE)
    draw_rectangle(watched, 120, 120, 260, 260)
    page.wait_for_url(re.compile("area=12"))
    answered(watched, "red roof")
    expect(gallery).not_to_have_count(EVERYWHERE)
    corners = frame.evaluate(
        "[[120, 260], [260, 120]].map(p => map.containerPointToLatLng(p)).flatMap(c => [c.lng, c.lat])"
    )
    assert [float(each) for each in area_box(page).input_value().split(",")] == pytest.approx(corners, abs=2e-5)
    expect(page.locator(".st-key-place")).to_have_count(0)
    before = frame.evaluate("map.getCenter()")
    page.get_by_role("button", name="ink_eraser").click()
    expect(gallery).to_have_count(EVERYWHERE)
    expect(area_box(page)).to_have_value("")
    assert not frame.is_detached()
    assert frame.evaluate("map.getCenter()") == before
    frame.wait_for_function("drawnItems.getLayers().length === 0")


def test_area_is_typed_and_nonsense_is_a_sentence(watched: Watched, address: str) -> None:
    watched.open(address)
    ask(watched, "red roof")
    page = watched.page
    gallery = page.locator(".st-key-gallery [data-testid=stImageContainer] img")
    expect(gallery).to_have_count(EVERYWHERE)
    box = area_box(page)
    box.fill("12.0, 48.98, 12.0135, 48.99")
    box.press("Enter")
    expect(gallery).not_to_have_count(EVERYWHERE)
    box.fill("0, 0, 1, 1")
    box.press("Enter")
    expect(page.get_by_test_id("stAlert").filter(has_text="area")).to_be_visible()
    box.fill("around the corner")
    box.press("Enter")
    expect(page.get_by_text("is no area: write west, south, east, north")).to_be_visible()
    expect(page.get_by_text("Traceback")).to_have_count(0)
