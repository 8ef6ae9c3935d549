"""What an analyst does on the Ask page, for the tests that do it."""

from pathlib import Path
from urllib.parse import quote_plus

from browser_page import Watched
from playwright.sync_api import Locator, Page, expect

CORNER = "0.00144, 0.00163, 0.00345, 0.00347"
"""Area of interest in the small world's aerial scene: a forest and a highway, few enough patches to be seen at once."""


def open_ask(watched: Watched, address: str, scene: Path) -> None:
    """Go to a corner of the scene and wait until it can be used."""
    watched.open(f"{address}/Ask?scene={quote_plus(str(scene))}&area={quote_plus(CORNER)}")
    expect(question_box(watched.page)).to_be_visible()
    watched.map_frame()
    watched.settled()


def question_box(page: Page) -> Locator:
    """Where the question is typed."""
    return page.get_by_role("textbox", name="Question")


def ask(watched: Watched, question: str) -> None:
    """Type a question and send it."""
    question_box(watched.page).fill(question)
    question_box(watched.page).press("Enter")


def answered(watched: Watched, question: str) -> None:
    """Wait for the answer to a question; the first one waits for the patches and the encoder."""
    expect(answer(watched.page).locator(".graft-asked")).to_have_text(question)
    watched.settled()


def answer(page: Page) -> Locator:
    """The answer that is open."""
    return page.locator(".st-key-answer")


def sentence(page: Page) -> Locator:
    """What it says."""
    return answer(page).locator(".graft-said")


def program(page: Page) -> Locator:
    """The program, to be read and changed."""
    return answer(page).get_by_role("textbox", name="Program")


def run_again(watched: Watched, text: str) -> None:
    """Change the program and run it."""
    program(watched.page).fill(text)
    answer(watched.page).get_by_role("button", name="Run again").click()


def steps(page: Page) -> Locator:
    """The steps of the open answer, a row each."""
    return answer(page).locator(".graft-step")


def switch(watched: Watched, step: int) -> None:
    """Put the layer of a step on the map, or take it off."""
    watched.page.locator(f".st-key-step-{step}").get_by_test_id("stCheckbox").locator("label").click()
    watched.settled()


def drawn(watched: Watched, layer: int | None = None) -> Locator:
    """Polygons of a layer on the map, or of all of them."""
    return watched.map_frame().locator(f"path.graft-polygon{'' if layer is None else f'.graft-group-{layer}'}")


def earlier(page: Page) -> Locator:
    """The answers that are not open."""
    return page.locator("[class*='st-key-closed-']")
