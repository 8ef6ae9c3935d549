"""The Library's way to new imagery: search a catalogue for an area, choose, and get."""

import streamlit as st

from graft_core.errors import GraftError
from graft_core.tasks.find_imagery import find_imagery
from graft_core.ui.errors import told
from graft_core.ui.find.form import choose_search
from graft_core.ui.find.get import offer_images
from graft_core.ui.find.map import show_search_map
from graft_core.ui.find.state import Asked, Finding, finding
from graft_core.ui.find.table import show_table
from graft_core.ui.job_panel import show_jobs


def find_and_get() -> None:
    """Form on the right, map and what was found on the left."""
    state = finding()
    left, right = st.columns([8, 5], gap="medium")
    area = None
    with right, told():
        # What was searched for becomes a line that opens: the images and how to get them need the room.
        with st.expander(headline(state), expanded=state.found is None, key=f"find-form-{state.searches}"):
            area, wanted = choose_search(state)
            if _press(wanted, state) and wanted is not None:
                _search(wanted, state)
        if state.problem:
            st.error(state.problem, icon=":material/error:")
        offer_images(state)
    with left, told():
        show_search_map(area, state)
        if state.found is None:
            st.caption(
                "Draw the area with the square or the polygon on the map, or type it on the right; then search. The "
                "layers button has OpenStreetMap, to find your way."
            )
        else:
            with st.container(key="found", gap="xsmall"):
                show_table(state)
    with right:
        show_jobs()


def headline(state: Finding) -> str:
    """What the images that are shown are the answer to."""
    if state.asked is None:
        return "**Search a catalogue**"
    asked, wanted = state.asked, state.asked.wanted
    since = f" since {wanted.start}" if wanted.start else ""
    until = f" until {wanted.end}" if wanted.end else ""
    return f"**Search** · {asked.product}, {asked.where}{since}{until}"


def _press(wanted: Asked | None, state: Finding) -> bool:
    """The button; what is shown may be the answer to something else by now."""
    new = wanted != state.asked
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(
            "Search", icon=":material/search:", type="primary" if new else "secondary", disabled=wanted is None
        )
        if wanted is None:
            st.caption("Draw or type an area first." if not state.area else "Something is missing above.")
        elif new and state.asked is not None:
            st.caption("Changed since the last search.")
    return pressed


def _search(wanted: Asked, state: Finding) -> None:
    """Ask; what was found before stays where nothing is found now."""
    what = wanted.wanted
    try:
        with st.spinner("Asking the catalogue"):
            found = find_imagery(
                wanted.catalog, wanted.collection, what.area, start=what.start, end=what.end, cloud=what.cloud
            )
    except GraftError as error:
        state.problem = str(error)
        return
    state.take(wanted, found)
    st.rerun()
