"""Library: scenes and their indexes, how to add and remove them, imagery to be had, and the encoders."""

import streamlit as st

from graft_core.ui.errors import told
from graft_core.ui.find.view import find_and_get
from graft_core.ui.first_start import offer_demo
from graft_core.ui.job_panel import show_jobs
from graft_core.ui.library.add_scene import add_scene
from graft_core.ui.library.encoder_cards import show_encoders
from graft_core.ui.library.map import show_footprints
from graft_core.ui.library.table import holdings, offer_undo, show_scenes

mine, found = st.tabs(["My scenes", "Find imagery"], key="view", bind="query-params", on_change="rerun")
if mine.open:
    with mine:
        scenes, ticked = [], []
        with told():
            scenes = holdings()
            if scenes:
                ticked = show_scenes(scenes)

        left, right = st.columns([8, 5], gap="medium")
        with left, told():
            if scenes:
                show_footprints(scenes, ticked)
            else:
                offer_undo()
                offer_demo("No scene is known yet: add one on the right, or begin with the demo world.")
        with right:
            add_scene()
            show_jobs()

        st.subheader("Encoders")
        show_encoders()
if found.open:
    with found:
        find_and_get()
