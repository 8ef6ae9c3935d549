"""The best tiles beside the map: look, go there, say right or wrong, ask for more of the same."""

from math import isnan

import streamlit as st

from graft_core.tasks.retrieve import Hit
from graft_core.ui.cached import Answer
from graft_core.ui.state import Exploring

COLUMNS = 3


def show_gallery(answer: Answer, state: Exploring) -> None:
    """Thumbnails in rank order, three in a row, each with what can be done with it."""
    if not answer.found.hits:
        st.info("No tile lies in the area of interest; draw a larger one, or clear it in the sidebar.")
        return
    for first in range(0, len(answer.found.hits), COLUMNS):
        for column, hit, pixels in zip(
            st.columns(COLUMNS), answer.found.hits[first : first + COLUMNS], answer.pictures[first:], strict=False
        ):
            with column:
                st.image(pixels, width="stretch")
                st.caption(_caption(hit))
                _actions(hit, state)


def _caption(hit: Hit) -> str:
    return f"**{hit.rank}** · " + (
        f"score {hit.score:.2f}" if isnan(hit.probability) else f"{hit.probability:.0%} match"
    )


def _actions(hit: Hit, state: Exploring) -> None:
    def similar() -> None:
        st.session_state.query = f"tile:{hit.tile}"

    with st.container(horizontal=True, gap=None, key=f"actions-{hit.rank}"):
        place = f"{hit.lat:.5f}, {hit.lon:.5f} in {hit.scene}, score {hit.score:.3f}"
        st.button(
            "",
            icon=":material/my_location:",
            key=f"go-{hit.tile}",
            help=f"Show {place}",
            on_click=state.go_to,
            args=(hit,),
            type="tertiary",
        )
        for right, icon, says in ((True, "thumb_up", "More like this"), (False, "thumb_down", "Not this")):
            marked = hit.tile in (state.likes if right else state.dislikes)
            st.button(
                "",
                icon=f":material/{icon}:",
                key=f"{icon}-{hit.tile}",
                help="Take the mark back" if marked else says,
                on_click=state.mark,
                args=(hit.tile,),
                kwargs={"right": right},
                type="primary" if marked else "tertiary",
            )
        st.button(
            "",
            icon=":material/image_search:",
            key=f"like-{hit.tile}",
            help="Find similar places",
            on_click=similar,
            type="tertiary",
        )
