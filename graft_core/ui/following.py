"""Work that is done while one waits, with a bar."""

import time
from collections.abc import Generator
from typing import TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from graft_core.types import Progress
from graft_core.ui.job_panel import progress_text

Result = TypeVar("Result")

EVERY_S = 0.15
"""Seconds between two looks at the bar, where the run of a page also ends that is wanted no more."""


def followed(work: Generator[Progress, None, Result], says: str, bar: DeltaGenerator | None = None) -> Result:
    """Do the work and show how far it is; what it returns.

    Args:
        work: ends where the page is left, as any generator does that nobody goes on with.
        says: what is being done.
        bar: to draw on; one of its own, gone afterwards, unless given.
    """
    drawn, looked = bar or st.progress(0.0, says), 0.0
    while True:
        try:
            step = next(work)
        except StopIteration as end:
            if bar is None:
                drawn.empty()
            result: Result = end.value
            return result
        if time.monotonic() - looked >= EVERY_S:
            looked = time.monotonic()
            drawn.progress(min(step.done / max(step.total, 1), 1.0), f"{says} · {progress_text(step)}")
