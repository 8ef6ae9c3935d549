"""Long jobs, as every session sees them: progress, time left, and what can be done about them."""

import streamlit as st

from graft_core.serve.jobs import Job, cancel_job, forget_job, list_jobs, resume_job
from graft_core.ui.errors import told

ICONS = {
    "waiting": ":material/hourglass_empty:", "running": ":material/autorenew:", "done": ":material/check_circle:",
    "failed": ":material/error:", "cancelled": ":material/cancel:", "interrupted": ":material/warning:",
}  # fmt: skip


def show_jobs() -> None:
    """All jobs, looked at every second while one is active."""
    active = any(job.active for job in list_jobs())

    @st.fragment(run_every="1s" if active else None)
    def panel() -> None:
        found = list_jobs()
        for job in found:
            show_job(job)
        if active and not any(job.active for job in found):
            st.rerun()  # what they made is there now

    panel()


def show_job(job: Job) -> None:
    """One line and a bar."""
    with st.container(border=True):
        head, action = st.columns([5, 2], vertical_alignment="center")
        head.markdown(f"{ICONS[job.state]} **{job.title}** · {job.state}")
        if job.state == "running" and job.progress is not None and job.progress.total:
            st.progress(min(job.progress.done / job.progress.total, 1.0), _progress_text(job))
        elif job.message:
            st.caption(job.message)
        with action, told():
            _actions(job)


def _actions(job: Job) -> None:
    """What is done here concerns the whole page: whether it goes on looking, and which scenes there are."""
    with st.container(horizontal=True, horizontal_alignment="right"):
        if job.active:
            if st.button("Cancel", key=f"cancel-{job.id}", icon=":material/stop:"):
                cancel_job(job.id)
                st.rerun()
            return
        if job.state != "done" and st.button("Resume", key=f"resume-{job.id}", icon=":material/play_arrow:"):
            resume_job(job.id)
            st.rerun()
        if st.button("", key=f"forget-{job.id}", icon=":material/close:", help="Forget it"):
            forget_job(job.id)
            st.rerun()


def _progress_text(job: Job) -> str:
    assert job.progress is not None  # asked for only then
    left = job.progress.seconds_left
    time_left = "" if left is None else f" · {left:.0f} s left" if left < 90 else f" · {left / 60:.0f} min left"
    return (
        f"{job.progress.done:,} of {job.progress.total:,} {job.progress.unit} · {job.progress.rate:,.0f}/s{time_left}"
    )
