"""Library: scenes and their indexes, how to add and remove them, and the encoders."""

import streamlit as st

from graft_core.ui import cached
from graft_core.ui.errors import told
from graft_core.ui.job_panel import show_jobs
from graft_core.ui.library import add_scene, show_encoders, show_footprints, show_scenes

with told():
    show_scenes(cached.scenes())
    show_footprints()

left, right = st.columns(2, gap="large")
with left:
    st.subheader("Add a scene")
    with told():
        add_scene()
with right:
    st.subheader("Jobs")
    show_jobs()

st.subheader("Encoders")
show_encoders()
