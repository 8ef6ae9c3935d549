"""The map of the Ask page: imagery, and what the steps of the open answer looked at."""

from graft_core.ui.ask.controls import EvidenceLook
from graft_core.ui.ask.history import Entry
from graft_core.ui.ask.overlay import evidence_overlay
from graft_core.ui.ask.state import Asking
from graft_core.ui.ask.steps import shown_layers
from graft_core.ui.map_frame import show_frame, taken_click
from graft_core.ui.patch_controls import Looking


def show_map(looking: Looking, entry: Entry | None, state: Asking, look: EvidenceLook) -> None:
    """Draw the map; what is drawn on it becomes the area of interest.

    Args:
        looking: scene and area of interest.
        entry: the open answer; its evidence is drawn where it was asked of this scene.
        state: this session's.
        look: how it is drawn.
    """
    overlays = []
    if entry is not None and entry.looking.scene == looking.scene:
        overlays.append(evidence_overlay(entry, shown_layers(entry), filled=look.filled))
    taken_click(show_frame("ask", (looking.scene,), looking.area, overlays, state), state)
