"""The first start: nothing is known yet, so the demo world is made, and meanwhile said what happens."""

import streamlit as st

from graft_core.serve.jobs import jobs_dir, list_jobs, start_job
from graft_core.ui import cached
from graft_core.ui.errors import told
from graft_core.ui.job_panel import show_jobs

DEMO = {"seed": 136}
"""A world in spring, in whose two kilometres each suggestion of the query box finds something."""


def make_demo() -> None:
    """Make and index the demo world once, in a job of its own; the page shows how far it is."""
    st.subheader("Welcome")
    st.write("GRAFT Explorer searches satellite and aerial imagery with words.")
    with told():
        if not jobs_dir().exists():
            start_demo()
    if any(job.active for job in list_jobs()):
        st.write(
            "The first scenes are being indexed; the map opens by itself when one is there. The demo world takes about "
            "a minute. Your own imagery comes in on the Library page, now or later."
        )
    else:
        offer_demo("Nothing is indexed yet: add your own imagery on the Library page, or take the demo world.")
    _open_with_the_first_scene()
    show_jobs()


@st.fragment(run_every="1s")
def _open_with_the_first_scene() -> None:
    """The map is there as soon as one scene is, whatever is still to be indexed."""
    if any(scene.encoders for scene in cached.scenes()):
        st.rerun()


def offer_demo(says: str) -> None:
    """What is missing, and one click to something to look at."""
    st.info(says, icon=":material/satellite_alt:")
    if st.button("Make the demo world", icon=":material/landscape:"):
        with told():
            start_demo()
            st.rerun()


def start_demo() -> None:
    """Start the job; JobError where no process can be started."""
    start_job("demo", "Draw and index the demo world", DEMO)
