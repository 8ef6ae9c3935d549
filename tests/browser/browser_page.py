"""A page that notes what must not happen on it; a module of its own, for every folder's conftest has one name."""

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from local_server import PATIENCE_S
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Frame,
    Locator,
    Page,
    Request,
    Route,
    ViewportSize,
    expect,
)

ROOT = Path(__file__).resolve().parents[2]
PROBES = ("/_stcore/health", "/_stcore/host-config")
OWN_HOSTS = ("localhost", "127.0.0.1", "::1")
WITHOUT_HOST = ("data", "blob", "about")
SCREEN = ViewportSize(width=1280, height=800)

Serve = Callable[..., str]
"""What the fixture ``serve`` gives."""
Servers = dict[str, "subprocess.Popen[bytes]"]
"""What the fixture ``servers`` gives."""


@dataclass
class Watched:
    """A page and everything that must not happen on it; the fixture fails a test in which any of it did."""

    page: Page
    """In a context of its own: no cookies, no cache of another test."""
    problems: list[str] = field(default_factory=list)
    """Requests to other hosts, errors thrown, errors on the console, in their order."""

    def open(self, url: str) -> None:
        """Go there and wait until Streamlit has run the script."""
        self.page.goto(url)
        self.settled()

    def settled(self) -> None:
        """Wait until the script's run is over, also one that was asked for just now and has not begun yet."""
        self.page.wait_for_timeout(200)
        self.page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()

    def press(self, button: Locator) -> None:
        """Press a button once it has its place: what no longer belongs above it goes away after the script's run."""
        expect(button).to_be_visible()
        self.settled()
        self.page.wait_for_timeout(500)
        self.settled()
        button.click()

    def map_frame(self) -> Frame:
        """The frame of the page's map, drawn."""
        self.page.frame_locator("iframe[title='streamlit_folium.st_folium']").locator(".leaflet-container").wait_for()
        return next(frame for frame in self.page.frames if "streamlit_folium" in frame.url)

    def picture(self, name: str) -> None:
        """Keep a picture of the page where a person, or CI, asked for pictures."""
        folder = os.environ.get("GRAFT_SCREENSHOTS")
        if folder:
            self.settled()
            self.page.screenshot(path=Path(folder) / f"{name}.png")

    def asks(self, route: Route, request: Request) -> None:
        """Let a request pass, or note it and stop it."""
        parts = urlsplit(request.url)
        if parts.hostname in OWN_HOSTS or parts.scheme in WITHOUT_HOST:
            route.continue_()
        else:
            self.problems.append(f"asks another host: {request.url}")
            route.abort()

    def says(self, message: ConsoleMessage) -> None:
        """Note an error on the console, but not Streamlit's own search for its base path from a page below it."""
        url = str(message.location.get("url", ""))
        if message.type == "error" and not url.endswith(PROBES):
            self.problems.append(f"console: {message.text} ({url})")


def new_person(browser: Browser) -> BrowserContext:
    """Somebody with a screen, without cookies and without a cache; close it when they go."""
    context = browser.new_context(viewport=SCREEN)
    context.set_default_timeout(1000 * PATIENCE_S)
    return context
