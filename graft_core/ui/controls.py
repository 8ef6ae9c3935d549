"""What an analyst sets in the sidebar and types above the map."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from graft_core.tasks.catalog import KnownScene
from graft_core.ui.state import Exploring, keep_upload

SUGGESTIONS = ("forest", "golf course", "solar panels", "harbour", "parked cars - houses", "lake - river")


@dataclass(frozen=True)
class Look:
    """How the answer is drawn; nothing of it is exported."""

    ramp: str
    """Colour ramp of the density."""
    opacity: float
    """Of the density layer, in [0, 1]."""
    outlines: bool
    """Whether the best tiles are outlined."""


def ask_for_query() -> str:
    """The query box with its suggestions; what it says also stands in the address, to be shared."""

    def take() -> None:
        if st.session_state.suggestion:
            st.session_state.query = st.session_state.suggestion

    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            "Search",
            key="query",
            placeholder="Search the imagery: solar farm, forest - orchard, 2*pool + house",
            label_visibility="collapsed",
            icon=":material/search:",
            bind="query-params",
        )
        with st.popover("", icon=":material/add_a_photo:", help="Search with a picture"):
            _upload()
    st.pills("Suggestions", SUGGESTIONS, key="suggestion", on_change=take, label_visibility="collapsed")
    return str(text).strip()


def _upload() -> None:
    view = st.segmented_control("Taken", ["on the ground", "from above"], default="on the ground", required=True)
    picture = st.file_uploader("Picture", type=["jpg", "jpeg", "png", "tif", "tiff"])

    def search(content: bytes, name: str) -> None:
        path = keep_upload(content, name)
        st.session_state.query = f"{'photo' if view == 'on the ground' else 'chip'}:{path}"

    if picture is not None:
        st.button(
            "Search with it", on_click=search, args=(picture.getvalue(), picture.name), type="primary", width="stretch"
        )


def choose_scenes(known: Sequence[KnownScene]) -> tuple[tuple[str, ...], str | None]:
    """Scenes to search and the encoder; None for the one that suits the scenes."""
    names = [scene.name for scene in known]
    scenes = st.multiselect("Scenes", names, default=names[:1], key="scenes", bind="query-params")
    encoders = sorted({encoder for scene in known if scene.name in scenes for encoder in scene.encoders})
    chosen = st.selectbox("Encoder", ["suits the scene", *encoders], help="Only encoders the scenes are indexed with.")
    return tuple(scenes), None if chosen == "suits the scene" else str(chosen)


def choose_scale() -> tuple[float | None, float | None]:
    """Threshold and bandwidth; None for an expected share and for the encoder's own kernel."""
    threshold = None
    if st.toggle("Threshold", help="Off: the expected share of matching area. On: the share of tiles that match."):
        threshold = st.slider("Match from", 0.05, 0.95, 0.5, 0.05, format="percent")
    bandwidth = None
    if st.toggle("Own bandwidth", help="How far around each place its neighbourhood reaches."):
        bandwidth = float(st.slider("Bandwidth, metres", 0, 2000, 100, 20))
    return threshold, bandwidth


def choose_look(ramps: Sequence[str]) -> Look:
    """How the density is drawn."""
    ramp = st.selectbox("Colours", ramps)
    opacity = st.slider("Opacity", 0.0, 1.0, 0.7, 0.05)
    return Look(str(ramp), float(opacity), st.toggle("Outline the best tiles", value=True))


def choose_area(state: Exploring) -> None:
    """What the area of interest is, and the way out of it."""
    if state.area is None:
        st.caption("Draw a polygon or a rectangle on the map to keep to an area.")
    else:
        st.button(
            "Clear the area of interest", icon=":material/ink_eraser:", on_click=state.clear_area, width="stretch"
        )


def choose_background() -> tuple[str, ...]:
    """Prompts the query competes with; empty for the encoder's own."""
    with st.expander("What else may lie there"):
        lines = st.text_area(
            "One a line", key="background", help="The query competes with these. Empty: the encoder's own."
        )
    return tuple(line.strip() for line in str(lines).splitlines() if line.strip())
