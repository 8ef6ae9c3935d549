"""Classify: a list of classes becomes a label map, with areas, accuracy and files."""

import streamlit as st

from graft_core.ui import cached
from graft_core.ui.classify.accuracy import show_accuracy
from graft_core.ui.classify.answer import label, what_is_asked
from graft_core.ui.classify.classes import edit_classes, listed_classes
from graft_core.ui.classify.controls import choose_label_look, choose_labelling
from graft_core.ui.classify.map import show_map
from graft_core.ui.classify.results import TABS, offer_downloads, show_areas
from graft_core.ui.classify.state import classifying
from graft_core.ui.errors import told
from graft_core.ui.first_start import make_demo
from graft_core.ui.job_panel import show_jobs
from graft_core.ui.preload import ENCODERS, PAUSE_S, preload

known = cached.scenes()
if not known:
    make_demo()
    st.stop()

state = classifying()
with st.sidebar:
    labelled, look = choose_labelling(known, state), choose_label_look()
sensor = cached.scene(labelled.looking.scene).sensor

left, right = st.columns([8, 5], gap="medium")
asked = labels = None
with right:
    classes, areas, accuracy, files = st.tabs(TABS, on_change="rerun", key="classify-tab")
    if classes.open:
        with classes:
            edit_classes(sensor)
with right, told():
    asked = what_is_asked(listed_classes(sensor), labelled)
    if asked is not None and state.answered:
        label(asked)
        labels = asked

with left, told():
    clicked = show_map(labelled.looking, labels, state, look)
    if clicked is not None:
        state.place = clicked
        st.rerun()

with right, told():
    if asked is not None and not state.answered:  # the imagery is on the map while the encoder loads
        label(asked)
        state.answered = True
        st.rerun()
with right:
    show_jobs({"patches", "index", "classify"})
    for tab, show in ((areas, show_areas), (accuracy, show_accuracy), (files, offer_downloads)):
        if tab.open and labels is not None:
            with tab, told():
                show(labels, state)
preload(ENCODERS, PAUSE_S)
