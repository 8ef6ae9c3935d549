"""The query box above the map: words, suggestions, pictures."""

from pathlib import Path

import streamlit as st

from graft_core.search.query import Query
from graft_core.tasks.examples import RASTERS
from graft_core.ui import cached
from graft_core.ui.state import keep_upload

SUGGESTIONS = ("forest", "golf course", "solar panels", "harbour", "parked cars - houses", "lake - river")
BOX = "picture-box"
"""Key of the box that takes pictures; it closes when one is searched with."""


def ask_for_query() -> str:
    """What is typed; it also stands in the address, to be shared."""

    def take() -> None:
        if st.session_state.suggestion:
            st.session_state.query = st.session_state.suggestion
            st.session_state.suggestion = None

    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            "Search",
            key="query",
            placeholder="Search the imagery: solar farm, forest - orchard, 2*pool + house",
            label_visibility="collapsed",
            icon=":material/search:",
            bind="query-params",
        )
        with st.popover("", icon=":material/add_a_photo:", help="Search with a picture", key=BOX, on_change="rerun"):
            _picture()
    st.pills("Suggestions", SUGGESTIONS, key="suggestion", on_change=take, label_visibility="collapsed")
    return str(text).strip()


def show_examples(query: Query) -> None:
    """The pictures a query looks with, for a path in the box says little.

    Raises:
        PhotoError: one is no picture.
    """
    examples = [term for term in query.terms if term.kind == "image"]
    if not examples:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="examples"):
        for term in examples:
            if Path(term.value).suffix.lower() not in RASTERS:  # which a browser cannot show
                st.image(cached.example(term.value), width=72)
            taken = "from above" if term.view == "above" else "on the ground"
            st.caption(f"{'Not like' if term.weight < 0 else 'Like'} {Path(term.value).name}, taken {taken}")


def _picture() -> None:
    view = st.segmented_control("Taken", ["on the ground", "from above"], default="on the ground", required=True)
    picture = st.file_uploader("Picture", type=["jpg", "jpeg", "png", "tif", "tiff"])

    def search(content: bytes, name: str) -> None:
        path = keep_upload(content, name)
        st.session_state.query = f"{'photo' if view == 'on the ground' else 'chip'}:{path}"
        st.session_state[BOX] = False

    if picture is not None:
        st.button(
            "Search with it", on_click=search, args=(picture.getvalue(), picture.name), type="primary", width="stretch"
        )
