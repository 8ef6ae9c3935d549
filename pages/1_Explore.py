"""Explore: words, photos and tiles to a heat map, a gallery of the best places, and files."""

import streamlit as st

from graft_core.io.qml import RAMPS
from graft_core.ui import cached
from graft_core.ui.cached import Question
from graft_core.ui.controls import (
    ask_for_query,
    choose_area,
    choose_background,
    choose_look,
    choose_scale,
    choose_scenes,
)
from graft_core.ui.downloads import offer_downloads
from graft_core.ui.errors import told
from graft_core.ui.explore_map import show_map
from graft_core.ui.first_start import make_demo
from graft_core.ui.gallery import show_gallery
from graft_core.ui.histogram import show_histogram
from graft_core.ui.history import show_history
from graft_core.ui.relief import show_relief
from graft_core.ui.state import exploring

state = exploring()
known = [scene for scene in cached.scenes() if scene.encoders]
if not known:
    make_demo()
    st.stop()

with st.sidebar:
    scenes, encoder = choose_scenes(known)
    threshold, bandwidth = choose_scale()
    look = choose_look(list(RAMPS))
    choose_area(state)
    background = choose_background()

text = ask_for_query()
left, right = st.columns([8, 5], gap="medium")
answer = question = None
if text and scenes:
    with right, told(), st.spinner("Looking at every tile", show_time=True):
        query = state.query(text, background)
        question = Question(scenes, encoder, query.to_json(), threshold, bandwidth, state.area)
        answer = cached.answer(question)
        state.remember(question)

with left, told():
    show_map(scenes, question, answer, state, look)

with right:
    if answer is None or question is None:
        st.info(
            "Type what to look for, or pick a suggestion: the map shows where it is, and the best places stand here."
        )
        st.stop()
    if not answer.found.confident:
        st.warning(f"Low confidence: no tile matches better than {answer.found.best:.0%}. It may not occur here.")
    tiles, matches, layers, relief, files = st.tabs(
        ["Best tiles", "Matches", "History", "3-D", "Files"], on_change="rerun"
    )
    with tiles, st.container(height=640, border=False):
        show_gallery(answer, state)
    if matches.open:
        with matches:
            show_histogram(answer, threshold)
    if layers.open:
        with layers:
            show_history(state)
    if relief.open:
        with relief:
            show_relief(answer.maps[0], look.ramp)
    if files.open:
        with files, told():
            offer_downloads(answer, question)
