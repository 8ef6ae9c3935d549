"""Runs long work to its end and gives what it returns."""

from collections.abc import Generator
from typing import TypeVar

from graft_core.types import Progress

Result = TypeVar("Result")


def finish(work: Generator[Progress, None, Result]) -> Result:
    """The result alone."""
    return followed(work)[0]


def followed(work: Generator[Progress, None, Result]) -> tuple[Result, list[Progress]]:
    """The result, and every step on the way."""
    steps = []
    while True:
        try:
            steps.append(next(work))
        except StopIteration as end:
            return end.value, steps
