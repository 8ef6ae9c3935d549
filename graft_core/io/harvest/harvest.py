"""From a service and an area to photos on disk and their table, in two steps: list and choose, then download."""

import time
from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from graft_core.errors import PhotoError
from graft_core.io.atomic import write_json
from graft_core.io.harvest.area import MOST_BOXES, boxes_over, halves_within, too_large
from graft_core.io.harvest.choose import choose
from graft_core.io.harvest.files import bytes_left, check_room, fetch_photos
from graft_core.io.harvest.found import FoundPhoto, Provider
from graft_core.io.harvest.journal import Journal, opened_journal
from graft_core.io.harvest.table import write_photo_table
from graft_core.types import Progress

SMALLEST_M = 2.0
"""A box of this size is not cut further, however many photos it holds."""


@dataclass(frozen=True)
class Plan:
    """What a service has, and what of it is wanted."""

    out: Path
    """The table to be written."""
    found: int
    """Photos that the service lists."""
    photos: tuple[FoundPhoto, ...]
    """Those to download."""
    left_out: Counter[str]
    """Reason -> photos."""
    bytes_to_come: int
    """What is still to be downloaded, about."""
    crowded_spots: int
    """Spots where the service does not tell of all photos, however small the area it is asked for."""

    @property
    def folder(self) -> Path:
        """Where the photos go, with the journal."""
        return self.out.with_suffix("")


@dataclass(frozen=True)
class HarvestReport:
    """What became of the photos of an area."""

    service: str
    """Name of the service."""
    found: int
    """Photos that it lists."""
    kept: int
    """Photos in the table."""
    bytes: int
    """They take on disk."""
    left_out: dict[str, int]
    """Reason -> photos, the most frequent first."""
    licences: dict[str, int]
    """Short name -> photos of the table, the most frequent first."""
    authors: int
    """People to credit."""
    crowded_spots: int
    """As in the plan."""

    def to_json(self) -> dict[str, Any]:
        """Every field."""
        return dict(vars(self))


def plan_harvest(
    provider: Provider, area: BaseGeometry, out: Path, limit: int | None = None
) -> Generator[Progress, None, Plan]:
    """List the photos of an area and choose; boxes that an earlier run has listed are not asked for again.

    Args:
        provider: whom to ask.
        area: longitude and latitude, WGS 84.
        out: the GeoParquet table to be; photos and journal go into a folder of its name.
        limit: photos at most; None for all.

    Raises:
        PhotoError: the service does not answer or refuses, or the area is too large.
    """
    asked = f"{provider.name} {shapely.to_wkt(shapely.normalize(area), rounding_precision=7)}"
    boxes = boxes_over(area, provider.fits)
    folder = out.with_suffix("")
    with opened_journal(folder) as journal:
        try:
            journal.begin(asked, boxes)
        except PhotoError as error:
            raise PhotoError(f"{folder} {error}; give the table another name, or remove that folder.") from error
        yield from _list_boxes(provider, area, journal)
        listed = journal.photos()
        choice = choose(listed, area, limit)
        to_come = bytes_left(choice.photos, journal.outcomes(), provider.photo_bytes)
        spots = journal.crowded()
    return Plan(out, len(listed), choice.photos, choice.left_out, to_come, spots)


def run_harvest(provider: Provider, plan: Plan) -> Generator[Progress, None, HarvestReport]:
    """Download what a plan wants and is not there yet; write the table, and a report as JSON beside it.

    Raises:
        PhotoError: the service does not deliver, the disk has no room, or no photo is left.
        ExportError: a file cannot be written.
    """
    check_room(plan.folder, plan.bytes_to_come)
    with opened_journal(plan.folder) as journal:
        outcomes = yield from fetch_photos(provider, plan.photos, journal, plan.folder)
    kept = [photo for photo in plan.photos if not outcomes[photo.id].reason]
    lost = Counter(outcome.reason for outcome in outcomes.values() if outcome.reason)
    report = HarvestReport(
        service=provider.name,
        found=plan.found,
        kept=len(kept),
        bytes=sum(outcomes[photo.id].bytes for photo in kept),
        left_out=dict((plan.left_out + lost).most_common()),
        licences=dict(Counter(photo.licence for photo in kept).most_common()),
        authors=len({photo.author for photo in kept if photo.author}),
        crowded_spots=plan.crowded_spots,
    )
    write_json(plan.out.with_suffix(".report.json"), report.to_json())
    if not kept:
        raise PhotoError(_why_none(provider, report))
    write_photo_table(plan.out, plan.folder, provider.name, kept, outcomes)
    return report


def _list_boxes(provider: Provider, area: BaseGeometry, journal: Journal) -> Generator[Progress, None, None]:
    started = time.monotonic()
    before = journal.boxes()[0]
    while (opened := journal.open_box()) is not None:
        box, cursor = opened
        page = provider.page(box, cursor)
        divisible = page.crowded and max(box.sides_m) > SMALLEST_M
        journal.add_page(box, page, halves_within(box, area) if divisible else ())
        done, total = journal.boxes()
        if total > MOST_BOXES:
            raise too_large()
        yield Progress(done, total, "areas", time.monotonic() - started, resumed=before)


def _why_none(provider: Provider, report: HarvestReport) -> str:
    if not report.found:
        return f"{provider.title} has no photo in this area; try a larger one, or another service."
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in report.left_out.items())
    return f"None of the {report.found:,} photos of {provider.title} is left ({reasons}); try a larger area."
