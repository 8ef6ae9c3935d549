"""What an analyst does on the Classify page, for the tests that do it."""

from pathlib import Path
from urllib.parse import quote_plus

from browser_page import Watched
from playwright.sync_api import Locator, Page, expect


def open_classify(watched: Watched, address: str, scene: Path) -> None:
    """Go there and wait until it can be used."""
    watched.open(f"{address}/Classify?scene={quote_plus(str(scene))}")
    expect(watched.page.get_by_role("tab", name="Classes")).to_be_visible()
    watched.map_frame()
    watched.settled()


def lines(page: Page) -> Locator:
    """The names in the list of classes."""
    return page.locator(".st-key-classes").get_by_role("textbox", name="Class")


def paste(watched: Watched, text: str) -> None:
    """Put another list in the place of this one."""
    page = watched.page
    page.get_by_role("button", name="Paste a list").click()
    box = page.get_by_role("textbox", name="One a line")
    box.fill(text)
    box.press("Control+Enter")
    watched.settled()
    page.get_by_role("button", name="Take this list").click()
    watched.settled()


def legend(page: Page) -> Locator:
    """The legend under the map."""
    return page.locator(".graft-legend")


def areas(page: Page) -> dict[str, float]:
    """Hectares of each class, as the table says."""
    rows = page.locator(".graft-areas tbody tr").all()
    cells = [row.locator("td").all_inner_texts() for row in rows]
    return {name.strip(): float(hectares.replace(",", "")) for name, _, _, hectares in cells}
