"""Step two: what a training will take, and its start."""

import json
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import streamlit as st
import tomli_w

from graft_core import settings
from graft_core.serve.jobs import list_jobs
from graft_core.serve.queue import device_of
from graft_core.serve.runs import start_run
from graft_core.train.config import config_table, train_config
from graft_core.ui.errors import told
from graft_core.ui.figures import free_bytes, free_memory, size_text, time_text
from graft_core.ui.preload import ENCODERS, finish
from graft_core.ui.train.settings import Chosen
from graft_core.ui.train.state import go_to_run

if TYPE_CHECKING:
    from graft_core.train.estimate import Estimate

_one_by_one = ThreadPoolExecutor(1, "estimate")
"""Two measured at once would be measured wrong."""


def offer_start(chosen: Chosen) -> None:
    """The estimate, the button, and the same as a file for another machine."""
    with st.container(border=True, key="new-training"):
        st.markdown("**New training**")
        if not chosen.tiles:
            st.caption("Choose pairs in the sidebar, or make some on the first tab.")
            return
        with told():
            config = train_config(chosen.config, where="the sidebar")
            table, schedule = config_table(config), config.optimizer
            size = f"{schedule.steps:,} steps of {schedule.batch} tiles"
            st.caption(f"{config.name}: {size}, from {config.teacher}'s photo tower.")
            if st.button("Start training", type="primary", icon=":material/play_arrow:", width="stretch"):
                start_run(table, chosen.device)
                go_to_run(config.name)
            _offer_file(table)
            _estimate(table, chosen.device)


def _offer_file(table: dict[str, object]) -> None:
    name = f"{table['name']}.toml"
    st.download_button(
        "Configuration as TOML",
        lambda: tomli_w.dumps(table),
        file_name=name,
        mime="application/toml",
        icon=":material/download:",
        on_click="ignore",
        type="tertiary",
        help=f"Run it elsewhere: `python -m graft_core train {name}`, on several GPUs `torchrun --nproc-per-node 8 -m "
        f"graft_core train {name}`. The tables of pairs, their photos and scenes have to be there too.",
    )


def _estimate(table: dict[str, object], device: str) -> None:
    """Measured with one small step, so not beside another training."""
    at_work = next((job for job in list_jobs() if job.kind == "train" and job.state == "running"), None)
    if at_work is not None:
        st.caption(
            f"What it takes is measured when '{at_work.title}' no longer runs: beside it, the figures are wrong."
        )
        return
    measured = _measured(json.dumps({**table, "name": "any"}), device)  # whatever it is called

    @st.fragment(run_every=None if measured.done() else 1)
    def panel() -> None:
        if not measured.done():
            st.caption("Measuring one step, to say how long it takes.")
            return
        with told():
            _show(measured.result(), device)

    panel()


def _show(found: "Estimate", device: str) -> None:
    st.table(
        {
            "Time": f"{time_text(found.seconds)}, once {found.photos:,} photos are embedded",
            "Memory": size_text(found.memory_bytes),
            "Disk": size_text(found.disk_bytes),
            "On": found.device,
        },
        border="horizontal",
    )
    _warn(found, device_of(device))


def _warn(found: "Estimate", device: str) -> None:
    """Say what will not suffice."""
    memory, disk = free_memory(device), free_bytes(settings.weights_dir())
    if memory is not None and found.memory_bytes > memory:
        st.warning(
            f"It needs {size_text(found.memory_bytes)} of memory and {size_text(memory)} are free on {device}: "
            "choose a smaller batch, or another device.",
            icon=":material/memory:",
        )
    if found.disk_bytes > disk:
        st.warning(
            f"It writes {size_text(found.disk_bytes)} and {size_text(disk)} are free for {settings.weights_dir()}: "
            "free some space first.",
            icon=":material/hard_drive:",
        )


@st.cache_resource(max_entries=64, show_spinner=False, ttl="1h")
def _measured(table: str, device: str) -> "Future[Estimate]":
    """In a thread: meanwhile the page answers, or what is clicked during the seconds it takes would be lost."""

    def measure() -> "Estimate":
        finish(ENCODERS)
        from graft_core.train.estimate import estimate

        return estimate(train_config(json.loads(table), where="the sidebar"), device=device)

    return _one_by_one.submit(measure)
