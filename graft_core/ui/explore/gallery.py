"""The best tiles beside the map."""

from math import isnan

import streamlit as st

from graft_core.tasks.retrieve import Hit
from graft_core.ui.cached import Answer
from graft_core.ui.explore.tile_actions import tile_actions
from graft_core.ui.state import Exploring

COLUMNS = 3
FIRST = 12
"""Tiles shown at first: each brings buttons, which a browser takes longer to draw than the server to find them."""


def show_gallery(answer: Answer, state: Exploring) -> None:
    """Thumbnails in rank order, three in a row, each with what can be done with it."""
    hits = answer.found.hits
    if not hits:
        st.info("No tile lies in the area of interest; draw a larger one, or clear it in the sidebar.")
        return
    shown = hits if state.all_tiles else hits[:FIRST]
    for first in range(0, len(shown), COLUMNS):
        for column, hit, picture in zip(
            st.columns(COLUMNS), shown[first : first + COLUMNS], answer.pictures[first:], strict=False
        ):
            with column:
                st.image(picture, width="stretch")
                st.caption(caption(hit))
                tile_actions(hit, state, "gallery")
    if len(shown) < len(hits):
        st.button(f"Show all {len(hits)}", on_click=state.show_all_tiles, width="stretch")


def caption(hit: Hit) -> str:
    """Rank and match of a tile."""
    return f"**{hit.rank}** · " + (
        f"score {hit.score:.2f}" if isnan(hit.probability) else f"{hit.probability:.0%} match"
    )
