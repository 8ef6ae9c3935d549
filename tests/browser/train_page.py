"""What an analyst does on the Train page, for the tests that do it."""

import re
from pathlib import Path
from urllib.parse import quote_plus

import pytest
from browser_page import Watched
from playwright.sync_api import Locator, Page, expect

from graft_core.world import scenes

SIDE = 768
"""Metres of the aerial scene: some thirty places of a tile each."""
PHOTOS = 180
SEED = 136
STEP = re.compile(r"([\d,]+) of ([\d,]+) steps")


def write_small_world(folder: Path) -> None:
    """A demo world of a few seconds: one aerial scene that is worth a look, and photos on it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scenes, "PHOTOS", PHOTOS)
        patch.setattr(scenes, "SENTINEL2_PX", 64)
        for _ in scenes.write_world(folder, SEED, SIDE):
            pass


def open_train(watched: Watched, address: str, step: str = "Pairs", run: str | None = None) -> None:
    """Go there and wait until it can be used."""
    watched.open(f"{address}/Train?step={quote_plus(step)}" + (f"&run={run}" if run else ""))
    expect(watched.page.get_by_role("tab", name=step)).to_have_attribute("aria-selected", "true")
    watched.settled()


def make_pairs(watched: Watched, name: str, photos: Path, scene: Path, *, share: int = 10) -> None:
    """Fill in what pairs are to be made of, and start."""
    page = watched.page
    page.get_by_label("Photos", exact=True).fill(str(photos))
    box = page.get_by_role("combobox", name="Scenes")
    box.fill(str(scene))
    box.press("Enter")
    box.press("Escape")
    named = page.get_by_label("Name of the pairs")
    expect(named).to_have_attribute("placeholder", re.compile(scene.stem))
    watched.settled()
    named.fill(name)
    named.press("Enter")
    watched.settled()
    page.get_by_text("What is left out, and what is for validation").click()
    page.get_by_label("Tiles to check with, %", exact=True).fill(str(share))
    page.get_by_label("Tiles to check with, %", exact=True).press("Enter")
    watched.settled()
    page.get_by_role("button", name="Make pairs", exact=True).click()


def set_number(watched: Watched, label: str, value: int) -> None:
    """Type a number in the sidebar."""
    box = watched.page.get_by_test_id("stSidebar").get_by_label(label, exact=True)
    box.fill(str(value))
    box.press("Enter")
    watched.settled()


def choose(watched: Watched, name: str, *, epochs: int) -> None:
    """Set in the sidebar what is trained: small batches, and looks at every twentieth of the way."""
    box = watched.page.get_by_test_id("stSidebar").get_by_label("Name of the encoder")
    box.fill(name)
    box.press("Enter")
    watched.settled()
    set_number(watched, "Batch", 4)
    set_number(watched, "Epochs", epochs)


def start(watched: Watched) -> None:
    """Start to train what is set."""
    watched.page.get_by_role("button", name="Start training").click()


def panel(page: Page) -> Locator:
    """The box of the run that is looked at."""
    return page.locator(".st-key-run-panel")


def curves(page: Page) -> Locator:
    """The charts of the run."""
    return page.get_by_test_id("stVegaLiteChart")


def press(watched: Watched, verb: str) -> None:
    """Press a button of the run."""
    watched.press(panel(watched.page).get_by_role("button", name=verb))


def act(watched: Watched, verb: str, then: str) -> None:
    """Press a button of the run, and wait for the state after it."""
    press(watched, verb)
    expect(panel(watched.page)).to_contain_text(then)


def steps_done(page: Page) -> int:
    """How far the run is."""
    expect(panel(page)).to_contain_text(STEP)
    found = STEP.search(panel(page).inner_text())
    assert found is not None
    return int(found.group(1).replace(",", ""))


def gets_beyond(page: Page, step: int) -> None:
    """Wait until a run is further than a step."""
    panel(page).page.wait_for_function(
        "step => Number((document.querySelector('.st-key-run-panel')?.innerText.match(/([\\d,]+) of [\\d,]+ steps/)"
        " || [0, '0'])[1].replaceAll(',', '')) > step",
        arg=step,
    )
