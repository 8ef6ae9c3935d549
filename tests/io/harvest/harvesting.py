"""A harvest as the program runs it, without waiting between requests."""

from pathlib import Path

import shapely
from long_work import followed
from photo_services import Served

from graft_core.io.harvest.harvest import HarvestReport, plan_harvest, run_harvest
from graft_core.io.harvest.services import open_service
from graft_core.types import Progress

AREA = shapely.box(2.0, 48.0, 2.02, 48.02)
"""Two kilometres near Paris."""


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
        plan, listing = followed(plan_harvest(provider, area, out, limit))
        report, fetching = followed(run_harvest(provider, plan))
    if steps is not None:
        steps += [*listing, *fetching]
    return report


def scattered(count: int, first: int = 1, **facts: str) -> list[Served]:
    """Photos along the diagonal of the area, each of its own second."""
    photos = []
    for i in range(count):
        share = (i + 0.5) / count
        moment = facts.get("taken", f"2021-06-05 14:{i // 60 % 60:02d}:{i % 60:02d}")
        photos.append(Served(str(first + i), 2.0 + 0.02 * share, 48.0 + 0.02 * share, **{**facts, "taken": moment}))
    return photos
