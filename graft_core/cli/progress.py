"""Long work on a terminal: a bar with rate and time left on stderr, or a line now and then in a log."""

import sys
import time
from collections.abc import Generator, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn
from rich.progress import Progress as Bars

from graft_core.types import Progress

Result = TypeVar("Result")

LOG_EVERY_S = 15.0
"""Seconds between two lines where stderr is a file."""
QUICK_S = 0.5
"""Work that is done sooner shows no bar."""
SLOW_RATE = 0.1
"""Units a second below which it is told how long each takes."""


def show(work: Iterator[Progress], label: str) -> None:
    """Run the work to its end and show how far it is; left early, the work is stopped, not forgotten."""
    try:
        if sys.stderr.isatty():
            _draw(work, label)
        else:
            _log(work, label)
    finally:
        if isinstance(work, Generator):
            work.close()


def shown(work: Generator[Progress, None, Result], label: str) -> Result:
    """``show`` for work that has a result, which is given."""
    kept: list[Result] = []

    def steps() -> Iterator[Progress]:
        kept.append((yield from work))

    show(steps(), label)
    return kept[0]


def describe(step: Progress) -> str:
    """``320 of 1,024 tiles, 35/s, 20 s left``, with what is known."""
    parts = [f"{_amount(step.done, step.unit)} of {_amount(step.total, step.unit)}"]
    if step.unit != "bytes":
        parts[0] += f" {step.unit}"
    if step.rate >= SLOW_RATE:
        parts.append(f"{_amount(step.rate, step.unit)}/s")
    elif step.rate > 0:
        parts.append(f"{_duration(1 / step.rate)} each")
    if step.seconds_left is not None and step.done < step.total:
        parts.append(f"{_duration(step.seconds_left)} left")
    return ", ".join(parts)


def _draw(work: Iterator[Progress], label: str) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[state]}"))
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task(label, total=None, state="", visible=False)
        for step in work:
            slow = step.elapsed_s > QUICK_S
            bars.update(bar, total=step.total, completed=step.done, state=describe(step), visible=slow)


def _log(work: Iterator[Progress], label: str) -> None:
    reported = time.monotonic()
    for step in work:
        if time.monotonic() - reported >= LOG_EVERY_S:
            reported = time.monotonic()
            sys.stderr.write(f"{label}: {describe(step)}\n")
            sys.stderr.flush()


def _amount(value: float, unit: str) -> str:
    if unit == "bytes":
        return f"{value / 1e6:,.1f} MB"
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
