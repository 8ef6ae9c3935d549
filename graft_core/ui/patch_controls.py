"""What is set in the sidebar of the pages that look at patches: one scene, who looks, and where."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from graft_core.models.registry import list_models
from graft_core.tasks.catalog import KnownScene
from graft_core.types import Level
from graft_core.ui import cached
from graft_core.ui.controls import choose_area, forget_missing, section, tell_missing
from graft_core.ui.state import OnMap

SUITS = "suits the scene"
"""The choice of encoder that leaves it to the scene: the pixel-level one for its sensor."""


@dataclass(frozen=True)
class Looking:
    """Where to look, and through whose eyes."""

    scene: str
    """Name of a known scene, or its path."""
    encoder: str | None
    """Its name; None for the pixel-level one that suits the scene."""
    area: str | None
    """Area of interest as typed; None for the whole scene."""


def choose_looking(known: Sequence[KnownScene], state: OnMap, level: Level = "patch") -> Looking:
    """The sidebar's upper part; Explore sends scene and area along.

    Args:
        known: scenes to choose from.
        state: of the page's map.
        level: what is looked at; only encoders that can are offered.
    """
    section("Where")
    names = [scene.name for scene in known]
    tell_missing("scene", names)
    first = next((scene.name for scene in known if scene.encoders), names[0])
    if st.session_state.get("scene") not in (None, *names):  # it was removed meanwhile
        del st.session_state["scene"]
    index = 0 if "scene" in st.session_state else names.index(first)  # stated twice, Streamlit would complain
    scene = st.selectbox(
        "Scene", names, index=index, key="scene", bind="query-params", format_func=_short, on_change=forget_missing
    )
    encoder = st.selectbox(
        "Encoder",
        [SUITS, *_encoders(str(scene), level)],
        key="patch-encoder",
        bind="query-params",
        help="Those trained pixel by pixel come first; one trained on whole tiles sees patches less well.",
    )
    return Looking(str(scene), None if encoder == SUITS else str(encoder), choose_area(state))


def _encoders(scene: str, level: Level) -> list[str]:
    """Encoders on this machine that were trained for such imagery, and those for any; pixel-level ones first."""
    sensor = cached.scene(scene).sensor
    here = [model for model in list_models() if model.kind == "encoder" and model.present]
    here = [model for model in here if level == "patch" or model.level == "tile"]
    fitting = [model for model in here if "rgb" in (sensor, model.sensor) or model.sensor in (sensor, None)]
    return [model.name for model in sorted(fitting, key=lambda model: (model.level != "patch", model.name))]


def _short(name: str) -> str:
    """A scene that is not indexed goes by its path."""
    return Path(name).name
