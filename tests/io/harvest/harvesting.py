"""A harvest as the program runs it, without waiting between requests."""

from collections.abc import Generator
from pathlib import Path
from typing import TypeVar

import shapely
from photo_services import Served

from graft_core.io.harvest.harvest import HarvestReport, plan_harvest, run_harvest
from graft_core.io.harvest.services import open_service
from graft_core.types import Progress

T = TypeVar("T")
AREA = shapely.box(2.0, 48.0, 2.02, 48.02)
"""Two kilometres near Paris."""


def finished(work: Generator[Progress, None, T], steps: list[Progress] | None = None) -> T:
    """What long work returns in the end; its steps are added to a list."""
    while True:
        try:
            step = next(work)
        except StopIteration as end:
            return end.value
        if steps is not None:
            steps.append(step)


def harvest(
    name: str,
    out: Path,
    area: shapely.Geometry = AREA,
    limit: int | None = None,
    waits: list[float] | None = None,
    steps: list[Progress] | None = None,
) -> HarvestReport:
    """List, choose and download; how long it would have waited is added to a list."""
    provider = open_service(name, sleep=(waits if waits is not None else []).append)
    with provider.opened():
        plan = finished(plan_harvest(provider, area, out, limit), steps)
        return finished(run_harvest(provider, plan), steps)


def scattered(count: int, first: int = 1, **facts: str) -> list[Served]:
    """Photos along the diagonal of the area, each of its own second."""
    photos = []
    for i in range(count):
        share = (i + 0.5) / count
        moment = facts.get("taken", f"2021-06-05 14:{i // 60 % 60:02d}:{i % 60:02d}")
        photos.append(Served(str(first + i), 2.0 + 0.02 * share, 48.0 + 0.02 * share, **{**facts, "taken": moment}))
    return photos
