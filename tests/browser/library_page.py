"""What an analyst does on the Library page, for the tests that do it."""

from pathlib import Path

from browser_page import Watched
from playwright.sync_api import Locator, Page, expect

from graft_core.ui.figures import size_text

ROW_PX = 35
"""Height of a row of the table."""


def open_library(watched: Watched, address: str) -> None:
    """Go there and wait until it can be used."""
    watched.open(f"{address}/Library")
    expect(watched.page.get_by_text("Add a scene")).to_be_visible()
    watched.settled()


def add(watched: Watched, source: Path | str) -> None:
    """Type where a scene is, and send it."""
    box = watched.page.get_by_label("Path, folder or address")
    box.fill(str(source))
    box.press("Enter")


def upload(watched: Watched, path: Path) -> None:
    """Choose a file, and send it."""
    page = watched.page
    if page.locator("input[type=file]").count() == 0:
        page.get_by_role("radio", name="Upload").click()
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name=f"Add and index ({size_text(path.stat().st_size)})").click()


def tick(watched: Watched, scene: str) -> None:
    """Tick the row of a scene; the table is a picture, whose cells stand in the page for screen readers."""
    page = watched.page
    labels = page.locator("[data-testid=stDataFrame] canvas tbody tr")
    expect(labels.filter(has_text=scene)).to_have_count(1)
    row = next(number for number, text in enumerate(labels.all_text_contents()) if scene in text)
    page.locator("[data-testid=stDataFrame]").click(position={"x": 16, "y": (row + 1) * ROW_PX + 17})
    watched.settled()


def row(page: Page, scene: str) -> Locator:
    """The row of a scene, which has its text but is not seen itself."""
    return page.locator("[data-testid=stDataFrame] canvas tbody tr").filter(has_text=scene)


def job(page: Page, title: str) -> Locator:
    """The box of the newest job whose title begins like that."""
    return page.locator("[class*=st-key-job-]").filter(has_text=title).first
