"""What can be done with a tile, in the gallery and where the map was clicked."""

import streamlit as st

from graft_core.tasks.retrieve import Hit
from graft_core.ui.state import Exploring


def tile_actions(hit: Hit, state: Exploring, where: str, *, marks: bool = True) -> None:
    """Go there, thumb up, thumb down, find similar.

    Args:
        hit: the tile.
        state: this session's.
        where: tells this row of buttons apart from others for the same tile.
        marks: whether there is a query for the thumbs to refine.
    """

    def similar() -> None:
        st.session_state.query = f"tile:{hit.tile}"
        state.look_away()

    with st.container(horizontal=True, gap=None, key=f"actions-{where}-{hit.tile}"):
        st.button(
            "",
            icon=":material/my_location:",
            key=f"go-{where}-{hit.tile}",
            help=f"Show {hit.lat:.5f}, {hit.lon:.5f} in {hit.scene}",
            on_click=state.go_to,
            args=(hit,),
            type="tertiary",
        )
        if marks:
            _thumbs(hit, state, where)
        st.button(
            "",
            icon=":material/image_search:",
            key=f"like-{where}-{hit.tile}",
            help="Find similar places",
            on_click=similar,
            type="tertiary",
        )


def _thumbs(hit: Hit, state: Exploring, where: str) -> None:
    for right, icon, says in ((True, "thumb_up", "More like this"), (False, "thumb_down", "Not this")):
        marked = hit.tile in (state.likes if right else state.dislikes)
        st.button(
            "",
            icon=f":material/{icon}:",
            key=f"{icon}-{where}-{hit.tile}",
            help="Take the mark back" if marked else says,
            on_click=state.mark,
            args=(hit.tile,),
            kwargs={"right": right},
            type="primary" if marked else "tertiary",
        )
