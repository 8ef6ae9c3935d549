"""Explore: words, photos and tiles to a heat map, a gallery of the best places, and files."""

import streamlit as st

from graft_core.io.qml import RAMPS
from graft_core.ui import cached
from graft_core.ui.controls import choose_look, choose_search
from graft_core.ui.errors import told
from graft_core.ui.explore.answers import ask, show_answer, what_is_asked
from graft_core.ui.explore.map import show_map
from graft_core.ui.explore.place import show_place, tile_seen
from graft_core.ui.explore.two_scenes import sides_of
from graft_core.ui.first_start import make_demo
from graft_core.ui.preload import ENCODERS, PAUSE_S, preload
from graft_core.ui.query_box import ask_for_query
from graft_core.ui.state import exploring

known = [scene for scene in cached.scenes() if scene.encoders]
if not known:
    make_demo()
    st.stop()

state = exploring()
with st.sidebar:
    search, look = choose_search(known, state), choose_look(list(RAMPS))

text = ask_for_query()
left, right = st.columns([8, 5], gap="medium")
question = answer = seen = sides = None
with right, told():
    sides = sides_of(search.scenes, search.other)
    question = what_is_asked(text, search, state)
    if question is not None and state.history:
        answer = ask(question, state, sides)
    seen = tile_seen(search, answer, state)

with left, told():
    show_map(search, question, answer, seen, state, look, sides)

with right, told():
    if question is not None and not state.history:  # the imagery is on the map while the encoder loads
        ask(question, state, sides)
        st.rerun()
    if seen is not None:
        show_place(seen, search, answer, state)
    if question is not None and answer is not None:
        show_answer(question, answer, state, look, sides)
preload(ENCODERS, PAUSE_S)
