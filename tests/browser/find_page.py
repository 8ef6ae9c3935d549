"""What an analyst does in the Library's search for imagery, for the tests that do it."""

import re

from browser_page import Watched
from explore_page import draw_rectangle
from library_page import job
from playwright.sync_api import Locator, Page, expect

ROW_PX, HEAD_PX = 52, 36


def open_search(watched: Watched, address: str) -> None:
    """Go there and wait until it can be used."""
    watched.open(f"{address}/Library?view=Find+imagery")
    expect(watched.page.get_by_role("button", name="Search", exact=True)).to_be_visible()
    watched.map_frame()
    watched.settled()


def choose(watched: Watched, label: str, option: str) -> None:
    """Choose in a box of the form."""
    watched.page.get_by_role("combobox", name=label).click()
    watched.page.get_by_role("option", name=option, exact=True).click()
    watched.settled()


def type_area(watched: Watched, text: str) -> None:
    """Type the area, and have it taken."""
    box = area_box(watched.page)
    box.fill(text)
    box.press("Enter")
    watched.settled()


def area_box(page: Page) -> Locator:
    return page.get_by_role("textbox", name=re.compile("Area of interest"))


def draw_area(watched: Watched, bounds: tuple[float, float, float, float]) -> None:
    """Bring a place into view, and draw with the mouse around it."""
    west, south, east, north = bounds
    frame = watched.map_frame()
    frame.evaluate(f"map.fitBounds([[{south}, {west}], [{north}, {east}]], {{ animate: false }})")
    corners = frame.evaluate(
        f"[[{north}, {west}], [{south}, {east}]].map(at => map.latLngToContainerPoint(at)).flatMap(p => [p.x, p.y])"
    )
    draw_rectangle(watched, *map(round, corners))
    expect(area_box(watched.page)).not_to_have_value("")
    watched.settled()


def search(watched: Watched, says: str) -> None:
    """Press the button, and wait for what is said of what was found."""
    watched.press(watched.page.get_by_role("button", name="Search", exact=True))
    expect(watched.page.get_by_text(says).first).to_be_visible()
    watched.settled()


def tick(watched: Watched, place: int) -> None:
    """Tick a row of the table, or take its tick away."""
    watched.page.locator("[data-testid=stDataFrame]").click(position={"x": 16, "y": HEAD_PX + place * ROW_PX + 26})
    watched.settled()


def choose_way(watched: Watched, name: str) -> None:
    watched.page.get_by_text(name, exact=True).click()
    watched.settled()


def get(watched: Watched, button: str = "Get and index") -> Locator:
    """Start the job once the estimate is there; its box."""
    page = watched.page
    expect(page.get_by_role("button", name=button, exact=True)).to_be_enabled()
    watched.press(page.get_by_role("button", name=button, exact=True))
    expect(job(page, "Get ")).to_be_visible()
    return job(page, "Get ")


def show_form(watched: Watched) -> None:
    """Open the form again, which a search has made a line of."""
    form = watched.page.locator("[class*=st-key-find-form-] details")
    if form.get_attribute("open") is None:
        form.locator("summary").click()
    expect(area_box(watched.page)).to_be_visible()
