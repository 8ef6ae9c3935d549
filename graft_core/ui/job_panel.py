"""Long jobs, as every session sees them: progress, time left, and what can be done about them."""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from graft_core import settings
from graft_core.serve.job_status import State
from graft_core.serve.jobs import (
    FINISHED,
    Job,
    Kind,
    cancel_job,
    clear_finished_jobs,
    forget_job,
    list_jobs,
    pause_job,
    resume_job,
)
from graft_core.tasks.catalog import known_scenes
from graft_core.types import Progress
from graft_core.ui.errors import told
from graft_core.ui.figures import size_text, time_text

LOOKS: dict[State, tuple[str, str]] = {
    "waiting": (":material/hourglass_empty:", "gray"), "running": (":material/autorenew:", "blue"),
    "done": (":material/check_circle:", "green"), "failed": (":material/error:", "red"),
    "cancelled": (":material/cancel:", "gray"), "interrupted": (":material/warning:", "orange"),
    "paused": (":material/pause_circle:", "orange"),
}  # fmt: skip
"""Icon and colour of each state."""
BUSY_S, IDLE_S = 1, 5
"""Seconds between two looks: while a job is active, and while one may be started in another tab."""
LOG_BYTES = 20_000
"""End of a log that is shown."""
SHOWN = 20
"""Jobs in the list; the rest comes up when these are cleared."""


def show_jobs(kinds: Collection[Kind] | None = None) -> None:
    """Jobs, looked at every second while one is active, and now and then for those of other people.

    Args:
        kinds: those of a page that shows itself what was done, without a heading; all unless given.
    """
    watched = _active(_jobs(kinds))

    @st.fragment(run_every=BUSY_S if watched else IDLE_S)
    def panel() -> None:
        found = _jobs(kinds)
        if kinds is None:
            _head(found)
        for job in found[:SHOWN]:
            show_job(job)
        if len(found) > SHOWN:
            st.caption(f"{len(found) - SHOWN} earlier ones are not shown.")
        if _active(found) != watched:  # asked last: running the page again would forget what was clicked just now
            st.rerun()  # what they made is there now, and others are to be watched

    panel()


def at_work(kind: Kind, **arguments: object) -> bool:
    """Whether a job with these arguments, and maybe others, is active; what is None was left to the job."""
    stated = {name: value for name, value in arguments.items() if value is not None}
    return any(
        job.active and job.kind == kind and all(job.arguments.get(name) == value for name, value in stated.items())
        for job in list_jobs()
    )


def show_job(job: Job) -> None:
    """Title, bar or message, and what can be done."""
    with st.container(border=True, gap="xsmall", key=f"job-{job.id}"):
        title, actions = st.columns([3, 2], vertical_alignment="center", gap="xsmall")
        with title:
            show_head(job.title, job.state, job)
        with (
            actions,
            st.container(horizontal=True, horizontal_alignment="right", gap="xsmall"),
            told(),
        ):
            _actions(job)
        show_progress(job)


def show_head(title: str, state: State, job: Job | None) -> None:
    """What it is, and how it stands."""
    icon, color = LOOKS[state]
    st.markdown(f":{color}[{icon}] **{_plain(title)}**  \n:gray[:small[{state}{_when(job) if job else ''}]]")


def show_progress(job: Job) -> None:
    """Bar, or what it says and why it failed."""
    if job.active and job.progress is not None and job.progress.total:
        st.progress(min(job.progress.done / job.progress.total, 1.0), progress_text(job.progress))
    if job.state == "failed":
        st.error(_plain(job.message))
        _offer_log(job)
    elif job.message:
        st.caption(_plain(job.message))
    if job.kind == "imagery" and job.state == "done":
        _offer_to_explore(job)


def progress_text(progress: Progress) -> str:
    """How far, how fast, how long still."""
    size: Callable[[float], str] = size_text if progress.unit == "bytes" else "{:,.0f}".format
    unit = "" if progress.unit == "bytes" else f" {progress.unit}"
    parts = [f"{size(progress.done)} of {size(progress.total)}{unit}"]
    if progress.rate > 0:
        slow = progress.unit != "bytes" and progress.rate < 1
        parts.append(f"{size(60 * progress.rate)}{unit}/min" if slow else f"{size(progress.rate)}{unit}/s")
    if progress.seconds_left is not None and progress.done < progress.total:
        parts.append(f"{time_text(progress.seconds_left)} left")
    return " · ".join(parts)


def _head(found: Sequence[Job]) -> None:
    finished = [job for job in found if job.state in FINISHED]
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown("**Jobs**")
        if finished and st.button("Clear finished", type="tertiary", icon=":material/clear_all:"):
            with told():
                clear_finished_jobs()
                st.rerun()
    if not found:
        st.caption("No job yet: indexing and fetching appear here, with their progress, for everybody who looks.")


def _actions(job: Job) -> None:
    """What is done here concerns the whole page: whether it goes on looking, and which scenes there are."""
    if job.active:
        if job.kind == "train":
            act("Pause", lambda: pause_job(job.id), job.id, icon=":material/pause:")
        act("Cancel", lambda: cancel_job(job.id), job.id, icon=":material/stop:")
        return
    if job.state != "done":
        act("Resume", lambda: resume_job(job.id), job.id, icon=":material/play_arrow:")
    act("Forget", lambda: forget_job(job.id), job.id, says="Take it off this list; what it made stays.")


def act(label: str, do: Callable[[], Any], key: str, *, icon: str | None = None, says: str | None = None) -> None:
    """A button that does something about a job, and runs the page again."""
    if st.button(label, key=f"{label.lower()}-{key}", icon=icon, help=says, type="tertiary"):
        do()
        st.rerun()


def _offer_to_explore(job: Job) -> None:
    """What was fetched, once it can be asked."""
    made = job.arguments.get("scenes", ())
    names = [scene.name for scene in known_scenes(settings.indexes_dir()) if scene.encoders and scene.source in made]
    if names:
        st.page_link(
            "pages/1_Explore.py", label="Explore it", icon=":material/travel_explore:", query_params={"scenes": names}
        )


def _offer_log(job: Job) -> None:
    with st.expander("Log", icon=":material/article:"):
        try:
            with (job.folder / "log.txt").open("rb") as file:
                end = file.seek(0, 2)
                file.seek(max(0, end - LOG_BYTES))
                text = file.read().decode(errors="replace")
        except OSError:
            text = ""
        st.code(text or "The log is gone.", language=None, wrap_lines=True, height=220)


def _jobs(kinds: Collection[Kind] | None) -> list[Job]:
    return [job for job in list_jobs() if kinds is None or (job.kind in kinds and job.state != "done")]


def _active(jobs: Sequence[Job]) -> set[str]:
    return {job.id for job in jobs if job.active}


def _when(job: Job) -> str:
    if job.active or job.finished is None:
        return ""
    return f" {time_text((datetime.now(UTC) - job.finished).total_seconds())} ago"


def _plain(text: str) -> str:
    """Names of files as they are: what Markdown would take for its own marks is none."""
    return "".join(f"\\{char}" if char in "\\`*_{}[]()#+-.!$:~|<>" else char for char in text)
