"""What takes seconds to import, imported while nobody waits: before the first page, and before the first answer."""

import gc
from importlib import import_module
from threading import Event, Thread

from starlette.types import ASGIApp

from graft_core.serve.later import Later

PAGES = (
    "graft_core.ui.explore.place", "graft_core.ui.explore.relief", "graft_core.ui.explore.histogram",
    "graft_core.train.config", "graft_core.train.metrics",
)  # fmt: skip
"""Maps, rasters, charts; not streamlit_folium, which finds its place in a server that runs."""
ENCODERS = ("graft_core.models.clip",)
"""torch and what builds encoders with it."""
PAUSE_S = 3.0
"""Until the browser has the imagery of the page that was just drawn."""

_begun: dict[tuple[str, ...], tuple[Thread, Event]] = {}


def preload(modules: tuple[str, ...], after_s: float = 0.0) -> None:
    """Begin to import modules in a thread, once in the life of the server."""
    if modules in _begun:
        return
    wanted = Event()

    def work() -> None:
        wanted.wait(after_s)
        for module in modules:
            import_module(module)
        # Streamlit collects garbage after every run of a page; what was imported is none, and looking through all of
        # it again takes longer than most runs.
        gc.collect()
        gc.freeze()

    thread = Thread(target=work, name=f"preload {modules[0]}", daemon=True)
    _begun[modules] = (thread, wanted)
    thread.start()


def finish(modules: tuple[str, ...]) -> None:
    """Wait for what was begun: two threads that import the same things at once may see them half made."""
    if modules in _begun:
        thread, wanted = _begun[modules]
        wanted.set()
        thread.join()


def tiles_when_asked(prefix: str) -> ASGIApp:
    """The tile service, imported when the first tile is asked for."""

    def build() -> ASGIApp:
        finish(PAGES)
        service: ASGIApp = import_module("graft_core.serve.tiles").tile_service(prefix)
        return service

    return Later(build)
