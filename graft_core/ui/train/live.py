"""Step three: runs while they are at work, and what can be done about them."""

import streamlit as st

from graft_core.serve.jobs import cancel_job, pause_job
from graft_core.serve.runs import Run, list_runs, metrics_of, remove_run, resume_run
from graft_core.train.metrics import Metrics
from graft_core.ui.errors import told
from graft_core.ui.figures import time_text
from graft_core.ui.job_panel import BUSY_S, IDLE_S, act, show_head, show_progress
from graft_core.ui.train.curves import show_curves
from graft_core.ui.train.state import open_step

EVENTS = 8
"""Latest events that are shown."""


def show_run(name: str) -> None:
    """State, curves and buttons of a run, looked at every second while it is at work."""
    watched, run = _seen(name), _find(name)
    busy = run is not None and (run.active or (run.job is not None and run.job.stopping))

    @st.fragment(run_every=BUSY_S if busy else IDLE_S)
    def panel() -> None:
        run = _find(name)
        if run is not None:
            _show(run)
        if _seen(name) != watched:  # asked last: running the page again would forget what was clicked just now
            st.rerun()  # the sidebar, the estimate and the list of encoders depend on it

    panel()


def _seen(name: str) -> list[tuple[str, ...]]:
    """What makes the whole page run again when it changes: the runs there are, and how the one looked at stands."""
    return [
        (run.name, run.state, str(run.job is not None and run.job.stopping)) if run.name == name else (run.name,)
        for run in list_runs()
    ]


def _find(name: str) -> Run | None:
    return next((run for run in list_runs() if run.name == name), None)


def _show(run: Run) -> None:
    with st.container(border=True, gap="xsmall", key="run-panel"):
        title, actions = st.columns(2, vertical_alignment="center", gap="xsmall")
        with title:
            show_head(run.name, run.state, run.job)
        with actions, st.container(horizontal=True, horizontal_alignment="right", gap="xsmall"), told():
            _actions(run)
        st.caption(_configured(run))
        if run.job is not None:
            show_progress(run.job)
            step = run.job.progress
            if step is not None and not run.job.active and run.state != "done":
                st.caption(f"{step.done:,} of {step.total:,} {step.unit}")
    metrics = metrics_of(run.name)
    if metrics.steps or metrics.validations:
        _figures(run, metrics)
        show_curves(metrics, int(run.config["optimizer"]["steps"]), run.name)
    elif run.active:
        st.caption("The curves begin with the first validation: photos are embedded and tiles cut before that.")
    for event in metrics.events[-EVENTS:]:
        st.caption(f"Step {event.step:,}: {event.text}")


def _configured(run: Run) -> str:
    """What is trained, in a line."""
    optimizer, level = run.config["optimizer"], run.config.get("level", "tile")
    parts = [
        "pixel level" if level == "patch" else "image level",
        f"from {run.config.get('teacher')}",
        f"{optimizer['steps']:,} steps of {optimizer['batch']} tiles",
        f"peak rate {optimizer['learning_rate']:g}",
        *([run.job.device] if run.job is not None and run.job.device else []),
    ]
    return " · ".join(parts)


def _actions(run: Run) -> None:
    job = run.job
    if job is not None and job.active:
        act("Pause", lambda: pause_job(job.id), run.name, icon=":material/pause:")
        act("Cancel", lambda: cancel_job(job.id), run.name, icon=":material/stop:")
        return
    if job is not None and job.stopping:
        st.caption("Writing its checkpoint")
        return
    if run.state == "done":
        if st.button(
            "Before and after",
            type="primary",
            icon=":material/compare:",
            on_click=open_step,
            args=("Before and after",),
        ):
            st.rerun()
    else:
        act("Resume", lambda: resume_run(run), run.name, icon=":material/play_arrow:")
    _offer_removal(run)


def _offer_removal(run: Run) -> None:
    """Asked once more, for hours of work may hang on it."""
    with st.popover("Remove", icon=":material/delete:", type="tertiary"):
        st.markdown(
            f"Remove the checkpoints, curves and jobs of **{run.name}**? "
            + ("The encoder it made stays." if run.state == "done" else "It cannot be resumed after that.")
        )
        act("Remove for good", lambda: remove_run(run), run.name, icon=":material/delete_forever:")


def _figures(run: Run, metrics: Metrics) -> None:
    """The newest figures, and how far they have come."""
    loss, check, right, rate, left = st.columns(5)
    if metrics.steps:
        loss.metric("Loss", f"{metrics.steps[-1].loss:.3f}")
        rate.metric("Tiles a second", f"{metrics.steps[-1].tiles_per_second:,.0f}")
    if metrics.validations:
        first, last = metrics.validations[0], metrics.validations[-1]
        change = [f"{last.loss - first.loss:+.3f}", f"{100 * (last.top1 - first.top1):+.0f} points"]
        less, more = change if last.step > first.step else (None, None)
        check.metric("Validation", f"{last.loss:.3f}", less, delta_color="inverse")
        right.metric(
            "Right",
            f"{last.top1:.0%}",
            more,
            help="Validation tiles that find one of their own photos first; the change is since before the training.",
        )
    if run.active and run.job and run.job.progress and run.job.progress.seconds_left is not None:
        left.metric("Time left", time_text(run.job.progress.seconds_left))
