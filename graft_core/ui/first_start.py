"""The first start: nothing is known yet, so the demo world is made, and meanwhile said what happens."""

import streamlit as st

from graft_core.serve.jobs import list_jobs, start_job
from graft_core.ui.job_panel import show_jobs

DEMO = {"seed": 7}


def make_demo() -> None:
    """Make and index the demo world once, in a job of its own; the page shows how far it is."""
    st.subheader("Welcome")
    st.write(
        "GRAFT Explorer searches satellite and aerial imagery with words. Nothing is indexed yet, so a demo world is "
        "being drawn and indexed: about half a minute. Your own imagery comes in on the Library page, now or later."
    )
    if not any(job.kind == "demo" for job in list_jobs()):
        start_job("demo", "Draw and index the demo world", DEMO)
    show_jobs()
