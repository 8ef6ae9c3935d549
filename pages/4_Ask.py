"""Ask: a question becomes a program, the program an answer, and what it stands on lies on the map."""

import streamlit as st

from graft_core.ui import cached
from graft_core.ui.ask.answer import answer, ready, show_problem
from graft_core.ui.ask.box import ask_for_question
from graft_core.ui.ask.controls import choose_answering, choose_evidence_look
from graft_core.ui.ask.entries import opened, show_entries
from graft_core.ui.ask.history import load_entries
from graft_core.ui.ask.map import show_map
from graft_core.ui.ask.state import asking, history_folder
from graft_core.ui.errors import told
from graft_core.ui.first_start import make_demo
from graft_core.ui.job_panel import show_jobs
from graft_core.ui.patch_controls import choose_looking
from graft_core.ui.preload import ENCODERS, PAUSE_S, preload
from graft_core.ui.state import arrive

arrive()
known = cached.scenes()
if not known:
    make_demo()
    st.stop()

state = asking()
with st.sidebar:
    looking, answering, look = choose_looking(known, state), choose_answering(), choose_evidence_look()

folder = history_folder()
entries = load_entries(folder) if folder else []
text = ask_for_question(cached.scene(looking.scene).sensor, state)
state.arrives(text, looking, entries)
left, right = st.columns([7, 6], gap="medium")
with left, told():
    show_map(looking, opened(entries, state), state, look)

with right, st.container(height=600, border=False, key="answers"):
    at_work = st.container()
    show_jobs({"patches", "fetch", "ask"})
    show_entries(entries, state)
with at_work, told():  # last, so that everything else is there while one waits
    show_problem(state, empty=not entries)
    if state.wish is not None and ready(looking):
        answer(state.wish, looking, answering, state)
preload(ENCODERS, PAUSE_S)
