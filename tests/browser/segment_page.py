"""What an analyst does on the Segment page, for the tests that do it."""

import re
import shutil
from pathlib import Path
from urllib.parse import quote_plus

from browser_page import Watched
from held_job import held
from playwright.sync_api import Locator, Page, expect
from train_page import write_small_world

SUMMARY = re.compile(r"(\d+) polygons?")


def put_small_scene(tiles: Path, world: Path) -> Path:
    """A known scene of a few seconds that nothing has looked at yet, and its truth beside the world it is from."""
    write_small_world(world)
    tiles.mkdir(parents=True)
    return Path(shutil.copy(world / "naip.tif", tiles / "naip.tif"))


def open_segment(watched: Watched, address: str, scene: Path, **settings: object) -> None:
    """Go there and wait until it can be used."""
    given = "".join(f"&{name}={quote_plus(str(value))}" for name, value in settings.items())
    watched.open(f"{address}/Segment?scene={quote_plus(str(scene))}{given}")
    expect(watched.page.get_by_role("textbox", name="Search")).to_be_visible()
    watched.map_frame()
    watched.settled()


def look_closely(watched: Watched, scene: Path) -> None:
    """Have the encoder look at the scene, and wait until it has."""
    button = watched.page.get_by_role("button", name="Look at this scene")
    button.click()
    with held(scene.parent):
        expect(watched.page.get_by_text(re.compile("of .* windows"))).to_be_visible()
    expect(button).to_have_count(0)


def polygons(watched: Watched) -> int:
    """How many polygons are found, once there is an answer."""
    found = watched.page.get_by_text(SUMMARY).first
    expect(found).to_be_visible()
    watched.settled()
    said = SUMMARY.search(found.inner_text())
    assert said is not None
    return int(said.group(1))


def drawn(watched: Watched) -> Locator:
    """The polygons on the map."""
    return watched.map_frame().locator("path.graft-polygon")


def chosen(page: Page) -> Locator:
    """The box of the chosen polygon."""
    return page.locator(".st-key-chosen")


def tool(page: Page, key: str) -> Locator:
    """A button of the row above the map: undo, redo, restart_alt."""
    return page.locator(f".st-key-{key} button").first


def mode(watched: Watched, name: str) -> None:
    """Set what a click on the map does."""
    watched.page.get_by_test_id("stButtonGroup").get_by_role("radio", name=name).click()
    watched.settled()


def click_inside(watched: Watched, nth: int = 0, *, again: bool = False) -> None:
    """Click a polygon on the map, well inside; elsewhere in it than before where it is clicked again."""
    at = watched.map_frame().evaluate(
        """([nth, first]) => {
            const path = document.querySelectorAll("path.graft-polygon")[nth], box = path.getBoundingClientRect();
            const frame = document.querySelector(".leaflet-container").getBoundingClientRect();
            for (let i = first; i < 400; i++) {
                const [x, y] = [box.left + box.width * (i * 0.618 % 1), box.top + box.height * (i * 0.414 % 1)];
                if ([[0, 0], [3, 3], [-3, -3], [3, -3], [-3, 3]].every(([right, down]) =>
                        document.elementFromPoint(x + right, y + down) === path)) {
                    return { x: Math.round(x - frame.left), y: Math.round(y - frame.top) };
                }
            }
        }""",
        [nth, 200 if again else 1],
    )
    watched.map_frame().locator(".leaflet-container").click(position=at)
