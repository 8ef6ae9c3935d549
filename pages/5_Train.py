"""Train: photos and scenes to pairs, pairs to an encoder, and the same query before and after."""

import streamlit as st

from graft_core.serve.runs import list_runs
from graft_core.ui import cached
from graft_core.ui.errors import told
from graft_core.ui.job_panel import show_jobs
from graft_core.ui.preload import ENCODERS, PAUSE_S, preload
from graft_core.ui.train.compare import compare
from graft_core.ui.train.live import show_run
from graft_core.ui.train.pairs import make_pairs, offer_first_pairs
from graft_core.ui.train.report import show_report
from graft_core.ui.train.settings import choose_training
from graft_core.ui.train.start import offer_start
from graft_core.ui.train.state import STEPS, arrive, choose_run, first_step
from graft_core.ui.train.tables import list_tables, pair_names

arrive()
tables, reports, runs = list_tables(), pair_names(), list_runs()
with st.sidebar:
    chosen = choose_training(tables)
teacher = str(chosen.config["teacher"])

first = first_step(has_pairs=bool(tables), has_runs=bool(runs))
pairs, training, comparison = st.tabs(STEPS, default=first, key="step", bind="query-params")
if pairs.open:
    with pairs:
        left, right = st.columns([5, 8], gap="medium")
        with left:
            make_pairs(teacher, chosen.device)
            show_jobs({"photos", "pairs", "demo", "index"})
        with right, told():
            if reports:
                show_report(reports)
            else:
                offer_first_pairs(teacher, chosen.device)
if training.open:
    with training:
        left, right = st.columns([8, 5], gap="medium")
        with left, told():
            if runs:
                show_run(choose_run(runs).name)
            else:
                st.info("Nothing was trained yet: choose in the sidebar, and start.", icon=":material/model_training:")
        with right:
            offer_start(chosen)
if comparison.open:
    with comparison, told():
        if runs:
            compare(runs, cached.scenes())
        else:
            st.info("Train an encoder first: then the same query is shown before and after.", icon=":material/compare:")
preload(ENCODERS, PAUSE_S)
