"""What the Ask page's sidebar sets besides scene, encoder and area: who writes programs, who outlines, how it looks."""

from dataclasses import dataclass
from typing import get_args

import streamlit as st

from graft_core.ask.planners import PlannerName, model_named
from graft_core.models.registry import segmenter_present
from graft_core.ui.controls import section
from graft_core.ui.errors import told


@dataclass(frozen=True)
class Answering:
    """How questions are answered."""

    refined: bool
    """Whether SAM outlines what is found."""
    planner: PlannerName
    """Who writes programs."""


@dataclass(frozen=True)
class EvidenceLook:
    """How the map is drawn; nothing of it is exported."""

    filled: bool
    """Whether polygons are filled."""


def choose_answering() -> Answering:
    """The sidebar's middle part."""
    section("How it answers")
    refined = _choose_refined()
    with told():
        return Answering(refined, _choose_planner(model_named()))
    return Answering(refined, "grammar")


def choose_evidence_look() -> EvidenceLook:
    """The sidebar's lower part."""
    section("How it looks")
    return EvidenceLook(st.toggle("Fill the evidence", value=True, key="evidence-filled"))


def _choose_refined() -> bool:
    present = segmenter_present()
    refined = st.toggle(
        "Outlines by SAM",
        key="ask-refined",
        disabled=not present,
        help="Objects are outlined by what is seen, and not patch by patch: sharper areas, and a second or two for "
        "each new window of the scene."
        if present
        else "SAM is not on this machine: `python -m graft_core fetch mobile-sam`, or fetch it on the Segment page.",
    )
    return present and bool(refined)


def _choose_planner(model: str | None) -> PlannerName:
    if model is None:
        st.caption(
            "Programs are written on this machine, from sentences it knows.",
            help="A language model understands more ways to ask: name an OpenAI-compatible endpoint in the "
            "environment, GRAFT_LLM_URL and GRAFT_LLM_MODEL, before the app is started.",
        )
        return "grammar"
    planner: PlannerName = (
        st.segmented_control(
            "Programs are written by",
            list(get_args(PlannerName)),
            default="llm",
            required=True,
            format_func={"grammar": "Grammar", "llm": model}.__getitem__,
            key="planner",
        )
        or "llm"
    )
    if planner == "llm":
        st.caption(
            f":material/public: Your question and the functions' signatures go to {model}. No imagery, no "
            "coordinates, no names of files."
        )
    else:
        st.caption("Nothing leaves this machine.")
    return planner
