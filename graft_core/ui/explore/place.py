"""What lies where the map was clicked: look, ask for more of the same, say right or wrong."""

from math import isnan

import streamlit as st

from graft_core.tasks.retrieve import Hit, hit_at, unscored_at
from graft_core.ui import cached
from graft_core.ui.cached import Answer
from graft_core.ui.controls import Search
from graft_core.ui.explore.tile_actions import tile_actions
from graft_core.ui.outlines import contains, hit_bounds
from graft_core.ui.state import Exploring


def tile_seen(search: Search, answer: Answer | None, state: Exploring) -> Hit | None:
    """The tile that is looked into: a hit where one is there, else the nearest; None where no scene is.

    Raises:
        GraftError: as `cached.encoder` does.
    """
    place = state.place
    if place is None or not search.scenes:
        return None
    if answer is not None:
        within = [hit for hit in answer.found.hits if contains(hit_bounds(hit), *place)]
        return next(filter(None, [*within, *(hit_at(made.scores, *place) for made in answer.maps)]), None)
    grids = cached.grids(search.scenes, search.encoder)
    seen = (unscored_at(name, grid, *place, cached.scene(name).source) for name, grid in grids.items())
    return next(filter(None, seen), None)


def show_place(hit: Hit, search: Search, answer: Answer | None, state: Exploring) -> None:
    """The tile, how it matches, and what can be done with it."""
    with st.container(border=True, key="place"):
        picture, words, close = st.columns([3, 9, 1], vertical_alignment="center")
        picture.image(cached.thumbnail(hit, cached.grids(search.scenes, search.encoder)[hit.scene]), width="stretch")
        with words:
            st.markdown(_says(hit, answer))
            tile_actions(hit, state, "place", marks=answer is not None)
        close.button("", icon=":material/close:", type="tertiary", on_click=state.look_away, help="Close")


def _says(hit: Hit, answer: Answer | None) -> str:
    where = f"{hit.lat:.4f}, {hit.lon:.4f}"
    if answer is None:
        return f"**This place**  \n:gray[{where} in {hit.scene}]"
    tiles = next(len(made.scores.score) for made in answer.maps if made.scores.record.name == hit.scene)
    match = "no match probability" if isnan(hit.probability) else f"{hit.probability:.0%} match"
    rank = f"best tile {hit.rank}" if hit in answer.found.hits else f"tile {hit.rank:,} of {tiles:,}"
    return f"**{match}** · score {hit.score:.3f}  \n:gray[{rank} · {where}]"
