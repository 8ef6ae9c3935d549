"""What the Segment page's sidebar sets besides scene and area: what counts as an object, and how it is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from graft_core.tasks.segment import THRESHOLD, SegmentOptions
from graft_core.ui.controls import section


@dataclass(frozen=True)
class ObjectsLook:
    """How the map is drawn; nothing of it is exported."""

    ramp: str
    """Colour ramp of the match probability."""
    opacity: float
    """Of that layer, in [0, 1]; 0 leaves it out."""
    filled: bool
    """Whether polygons are filled."""


def choose_objects() -> SegmentOptions:
    """Threshold, least area, simplification."""
    section("What counts")
    threshold = st.slider(
        "Match from",
        0.05,
        0.95,
        THRESHOLD,
        0.05,
        format="percent",
        key="match",
        bind="query-params",
        help="Match probability from which a place belongs to an object.",
    )
    left, right = st.columns(2, gap="small")
    least = left.number_input(
        "Least area, m²",
        min_value=0.0,
        value=None,
        step=50.0,
        format="%.0f",
        placeholder="one patch",
        key="least",
        bind="query-params",
        help="Smaller objects, and smaller holes in them, are left out.",
    )
    tolerance = right.number_input(
        "Simplify, m",
        min_value=0.0,
        value=None,
        step=0.5,
        format="%.1f",
        placeholder="¾ pixel",
        key="simplify",
        bind="query-params",
        help="How far a simplified outline may lie from the first; 0 keeps every corner.",
    )
    return SegmentOptions(float(threshold), least, tolerance)


def choose_objects_look(ramps: Sequence[str]) -> ObjectsLook:
    """The sidebar's lower part."""
    section("How it looks")
    left, right = st.columns(2, gap="medium")
    ramp = left.selectbox("Colours", ramps, key="colours", bind="query-params")
    opacity = right.slider("Match layer", 0.0, 1.0, 0.5, 0.05, format="percent", key="match-opacity")
    return ObjectsLook(str(ramp), float(opacity), st.toggle("Fill the polygons", value=True, key="filled"))
