"""Which step of the Train page is open, and which run is looked at; the address holds both."""

from collections.abc import Sequence
from typing import Literal, NoReturn, get_args

import streamlit as st

from graft_core.serve.runs import Run

Step = Literal["Pairs", "Training", "Before and after"]
STEPS: tuple[Step, ...] = get_args(Step)


def first_step(*, has_pairs: bool, has_runs: bool) -> Step:
    """Where somebody who opens the page wants to be; what appears meanwhile does not change it."""
    step: Step = st.session_state.setdefault("first-step", "Training" if has_pairs or has_runs else "Pairs")
    return step


def open_step(step: Step) -> None:
    """Open another step from the next run of the page on."""
    st.session_state["next-step"] = step


def go_to_run(name: str) -> NoReturn:
    """Look at a run, now."""
    st.session_state["next-run"] = name
    open_step("Training")
    st.rerun()


def arrive() -> None:
    """Take up where the last run of the page wanted to go; before any widget is drawn."""
    for wanted, key in (("next-step", "step"), ("next-run", "run")):
        if wanted in st.session_state:
            st.session_state[key] = st.session_state.pop(wanted)


def choose_run(runs: Sequence[Run]) -> Run:
    """The run that is looked at, the newest unless another is chosen."""
    known = {run.name: run for run in runs}
    wanted = st.session_state.get("run", st.query_params.get("run"))
    st.session_state["run"] = wanted if wanted in known else runs[0].name
    name = str(st.selectbox("Run", list(known), key="run", help="The newest first."))
    # Streamlit's own binding leaves out what is the default, and what the page itself has set.
    if st.query_params.get("run") != name:
        st.query_params["run"] = name
    return known[name]
