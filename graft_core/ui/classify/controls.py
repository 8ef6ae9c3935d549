"""What the Classify page's sidebar sets besides scene and area."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from graft_core.tasks.catalog import KnownScene
from graft_core.tasks.classify import MARGIN
from graft_core.types import Level
from graft_core.ui.controls import section
from graft_core.ui.patch_controls import Looking, choose_looking
from graft_core.ui.state import OnMap

LEVELS: dict[Level, str] = {"patch": "Patches", "tile": "Whole tiles"}


@dataclass(frozen=True)
class Labelled:
    """Where to look, and how classes are told apart."""

    looking: Looking
    """Scene, encoder, area of interest."""
    level: Level
    """What gets a label."""
    margin: float
    """Below this difference of the two highest class probabilities a pixel is unsure."""


@dataclass(frozen=True)
class LabelLook:
    """How the map is drawn; nothing of it is exported."""

    opacity: float
    """Of the label map, in [0, 1]."""
    beside: bool
    """Whether it lies on one side of a line, with the imagery on the other."""


def choose_labelling(known: Sequence[KnownScene], state: OnMap) -> Labelled:
    """The sidebar's upper part."""
    chosen: Level = st.session_state.get("level", "patch")
    looking = choose_looking(known, state, chosen)
    section("What counts")
    level: Level = st.segmented_control(
        "What gets a class", list(LEVELS), default="patch", required=True, format_func=LEVELS.__getitem__, key="level",
        help="Patches show more; whole tiles are surer, and need the index of an image-level encoder.",
    ) or "patch"  # fmt: skip
    margin = st.slider(
        "Unsure below", 0.0, 0.5, MARGIN, 0.05, format="percent", key="unsure", bind="query-params",
        help="Where the two most probable classes are nearer to each other than this, the map says unsure.",
    )  # fmt: skip
    return Labelled(looking, level, float(margin))


def choose_label_look() -> LabelLook:
    """The sidebar's lower part."""
    section("How it looks")
    opacity = st.slider("Opacity", 0.0, 1.0, 0.65, 0.05, format="percent", key="label-opacity")
    return LabelLook(float(opacity), st.toggle("Swipe against the imagery", key="label-beside"))
