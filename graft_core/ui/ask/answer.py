"""From a question to an answer on disk, with progress and a way to stop it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from graft_core.ask.answer import ANALYST, run_program
from graft_core.ask.language import parse
from graft_core.ask.planner import Plan, Planner
from graft_core.ask.planners import chosen_planner
from graft_core.errors import GraftError
from graft_core.serve.answers import write_answer
from graft_core.serve.jobs import start_job
from graft_core.tasks.segment import SegmentOptions
from graft_core.ui import cached
from graft_core.ui.ask import cached as ask_cached
from graft_core.ui.ask.controls import Answering
from graft_core.ui.ask.state import Asking, Wish, place_for
from graft_core.ui.following import EVERY_S, followed
from graft_core.ui.patch_controls import Looking
from graft_core.ui.patch_panel import patches_known, takes_long
from graft_core.ui.preload import ENCODERS, finish
from graft_core.ui.segment import cached as segment_cached


def ready(looking: Looking) -> bool:
    """Whether the scene was looked at closely enough; the page offers to where it was not.

    Raises:
        GraftError: the encoder or the scene cannot be opened.
    """
    options, spec = SegmentOptions(), segment_cached.encoder(looking).spec
    missing, total = segment_cached.missing(looking, options)
    return patches_known(looking, spec, missing, total, segment_cached.margin(looking, options))


def show_problem(state: Asking, *, empty: bool) -> None:
    """Why the last question has no answer; what to do where nothing was asked yet."""
    if state.problem:
        st.warning(state.problem, icon=":material/contact_support:")
    elif state.stopped:
        st.info(
            "Stopped. The question is still in the box; what was seen of the scene is kept.", icon=":material/stop:"
        )
    elif empty and state.wish is None:
        st.info(
            "Ask a question, or pick one. It becomes a short program that you can read, change and run again; the "
            "answer comes with how sure it is, and everything it stands on lies on the map.",
            icon=":material/contact_support:",
        )


def answer(wish: Wish, looking: Looking, answering: Answering, state: Asking) -> None:
    """Answer what is wanted, keep the answer, and run the page again.

    Args:
        wish: what is wanted.
        looking: scene, encoder, area of interest.
        answering: who writes the program where there is none yet, and who outlines.
        state: this session's.
    """
    place = st.empty()
    with place.container(border=True, key="asking"):
        says, stop = st.columns([4, 1], vertical_alignment="center")
        says.markdown(f"**{wish.question or 'Your program'}**")
        stop.button("Cancel", icon=":material/stop:", type="tertiary", on_click=state.cancel)
        bar = st.progress(0.0, "Writing the program")
    try:
        _answer(wish, looking, answering, state, bar)
    except GraftError as error:
        state.ends(str(error))
    else:
        state.ends()
    place.empty()
    st.rerun()


def _answer(wish: Wish, looking: Looking, answering: Answering, state: Asking, bar: DeltaGenerator) -> None:
    plan = (
        Plan(wish.program, ANALYST) if wish.program else _planned(chosen_planner(answering.planner), wish.question, bar)
    )
    if takes_long(looking):
        parse(plan.program)  # what is refused is told here, and not by the job
        _start(wish, plan, looking, answering, place_for(wish, state))
        return
    bar.progress(0.0, "Loading the encoder")
    finish(ENCODERS)
    with _turn(bar):
        eyes = ask_cached.eyes(looking, refined=answering.refined)
        work = run_program(plan.program, eyes, wish.question, plan.planner, plan.notices)
        reply = followed(work, "Looking", bar)
        write_answer(place_for(wish, state), reply, eyes, asdict(looking), refined=answering.refined)


def _start(wish: Wish, plan: Plan, looking: Looking, answering: Answering, out: Path) -> None:
    """A large area is looked at in a job, which outlives the page."""
    start_job(
        "ask",
        wish.question or "Your program",
        {
            **asdict(looking), "program": plan.program, "question": wish.question, "planner": plan.planner,
            "notices": plan.notices, "refine": "sam" if answering.refined else "none", "out": str(out),
        },
    )  # fmt: skip


def _planned(planner: Planner, question: str, bar: DeltaGenerator) -> Plan:
    """The program for a question; meanwhile the page looks now and then whether it is still wanted."""
    thread = ThreadPoolExecutor(1)
    planned = thread.submit(planner.plan, question)
    thread.shutdown(wait=False)
    while not wait([planned], timeout=EVERY_S).done:
        bar.progress(0.0, "Writing the program")
    return planned.result()


@contextmanager
def _turn(bar: DeltaGenerator) -> Iterator[None]:
    """One question of all sessions at a time."""
    while not cached.inference.acquire(timeout=EVERY_S):
        bar.progress(0.0, "Waiting for another answer")
    try:
        yield
    finally:
        cached.inference.release()
