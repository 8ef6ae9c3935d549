"""What an analyst does on the Explore page, for the tests that do it."""

import re

from browser_page import Watched
from playwright.sync_api import Frame, Locator, Page, expect


def query_box(page: Page) -> Locator:
    """Where the query is typed."""
    return page.get_by_role("textbox", name="Search")


def ask(watched: Watched, text: str) -> None:
    """Type a query and wait for its answer."""
    box = query_box(watched.page)
    box.fill(text)
    box.press("Enter")
    answered(watched, text)


def answered(watched: Watched, text: str) -> None:
    """Wait for the answer to a query."""
    expect(watched.page.get_by_text(f"Density of {text}", exact=False).first).to_be_visible()
    watched.settled()


def open_tab(watched: Watched, name: str) -> None:
    """Open one of the tabs beside the map."""
    watched.page.get_by_role("tab", name=name).click()
    expect(watched.page.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")
    watched.settled()


def thumbnails(page: Page, count: int = 12) -> list[str]:
    """The gallery's pictures, of which so many are wanted."""
    images = page.locator(".st-key-gallery [data-testid=stImageContainer] img")
    expect(images).to_have_count(count)
    return [str(image.get_attribute("src")) for image in images.all()]


def view_of(frame: Frame) -> list[float]:
    """Zoom, latitude and longitude of the map's centre."""
    at: list[float] = frame.evaluate("[map.getZoom(), map.getCenter().lat, map.getCenter().lng]")
    return at


def click_map(watched: Watched, lat: float, lon: float) -> None:
    """Click a place on the map."""
    frame = watched.map_frame()
    at = frame.evaluate(f"map.latLngToContainerPoint([{lat}, {lon}])")
    frame.locator(".leaflet-container").click(position={"x": round(at["x"]), "y": round(at["y"])})


def draw_rectangle(watched: Watched, left: int, top: int, right: int, bottom: int) -> None:
    """Draw an area of interest, in pixels of the map."""
    frame = watched.map_frame()
    frame.locator(".leaflet-draw-draw-rectangle").click()
    box = frame.locator(".leaflet-container").bounding_box()
    assert box is not None
    mouse = watched.page.mouse
    mouse.move(box["x"] + left, box["y"] + top)
    mouse.down()
    mouse.move(box["x"] + right, box["y"] + bottom, steps=5)
    mouse.up()


def area_box(page: Page) -> Locator:
    """Where the area of interest stands in the sidebar."""
    return page.get_by_role("textbox", name=re.compile("Area of interest"))
