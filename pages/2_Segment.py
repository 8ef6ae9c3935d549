"""Segment: what a query finds as polygons, outlined by SAM, corrected by clicks, and taken away as files."""

import streamlit as st

from graft_core.io.qml import RAMPS
from graft_core.ui import cached
from graft_core.ui.controls import choose_background
from graft_core.ui.errors import told
from graft_core.ui.first_start import make_demo
from graft_core.ui.job_panel import show_jobs
from graft_core.ui.patch_controls import choose_looking
from graft_core.ui.preload import ENCODERS, PAUSE_S, preload
from graft_core.ui.query_box import ask_for_query
from graft_core.ui.segment.answer import find, show_answer, what_is_wanted
from graft_core.ui.segment.clicks import act_on_click, choose_mode
from graft_core.ui.segment.controls import choose_objects, choose_objects_look
from graft_core.ui.segment.map import show_map
from graft_core.ui.segment.state import segmenting
from graft_core.ui.state import arrive

arrive()
known = cached.scenes()
if not known:
    make_demo()
    st.stop()

state = segmenting()
with st.sidebar:
    looking = choose_looking(known, state)
    options, background = choose_objects(), choose_background()
    look = choose_objects_look(list(RAMPS))

text = ask_for_query()
left, right = st.columns([8, 5], gap="medium")
wanted = shown = clicked = None
with right, told():
    wanted = what_is_wanted(text, looking, options, background)
    if wanted is not None and state.answered:
        shown = find(wanted, state)

with left, told():
    mode = choose_mode(wanted, shown, state)
    clicked = show_map(looking, wanted, shown, state, look)
    if clicked is not None and wanted is not None and shown is not None:
        act_on_click(clicked, mode, wanted, shown, state)

with right, told():
    if wanted is not None and not state.answered:  # the imagery is on the map while the encoder loads
        find(wanted, state)
        state.answered = True
        st.rerun()
with right:
    show_jobs({"patches", "segment", "fetch"})
    with told():
        if wanted is not None and shown is not None:
            show_answer(wanted, shown, state)
preload(ENCODERS, PAUSE_S)
