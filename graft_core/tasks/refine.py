"""Areas of the match map made into outlines by SAM, window by window on an absolute lattice.

An area that fits into half a window is outlined in one piece, in the window that holds it most centrally. A larger one
is outlined piece by piece: each window answers for its core, and the pieces are put together again. What a window is
asked depends on nothing but that window, so an outline is the same whatever extent is asked.
"""

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import numpy as np
import shapely
from scipy.ndimage import label

from graft_core.geo.pixels import PixelBox, PixelFrame, box_around, cells
from graft_core.io.scene import Scene
from graft_core.io.shapes import mask_of, polygons_of
from graft_core.models.sam import Segmenter
from graft_core.tasks.matching import MATCH, Values, parts
from graft_core.tasks.outlines import Outline
from graft_core.tasks.sam_prompts import Piece, best_answer, prompts_for
from graft_core.tasks.sam_windows import Look, WindowLooks, home_window
from graft_core.types import Bool, Progress


@dataclass(frozen=True)
class RefineOptions:
    """How areas are outlined."""

    threshold: float
    """Match probability from which a pixel belongs to an area."""
    patch_px: float
    """Side of the encoder's patch, pixels of the scene."""
    window_px: int
    """Side of SAM's windows, pixels of the scene; a multiple of 4."""


@dataclass(frozen=True, eq=False)
class _Job:
    """One question: the part of an area that lies in a window."""

    window: PixelBox
    """Window looked at."""
    number: int
    """Which area."""
    part: Any
    """Polygon in absolute pixels."""
    core: PixelBox | None
    """What of the answer is taken; None for all of it."""


def reach_px(options: RefineOptions) -> int:
    """Pixels around an area of interest on which the outlines in it may depend."""
    return options.window_px * 3 // 4 + round(options.patch_px)


def refine_areas(
    areas: Sequence[Any], values: Values, scene: Scene, segmenter: Segmenter, looks: WindowLooks, options: RefineOptions
) -> Generator[Progress, None, list[Outline]]:
    """Outline every area with SAM; where no answer is better by the match map, the area stays as it is.

    Args:
        areas: polygons in absolute pixels of the scene.
        values: match probability of the scene's pixels.
        scene: what SAM looks at.
        segmenter: SAM.
        looks: what it saw before.
        options: threshold and sizes.

    Yields:
        Progress in windows.

    Returns:
        One outline an area, in their order.
    """
    frame = PixelFrame(scene.geobox)
    jobs = sorted(
        (job for number, area in enumerate(areas) for job in _jobs(number, area, options)),
        key=lambda job: (job.window, job.number),
    )
    windows = [(window, list(group)) for window, group in groupby(jobs, key=lambda job: job.window)]
    answers: list[list[Outline]] = [[] for _ in areas]
    started = time.monotonic()
    for done, (window, group) in enumerate(windows, start=1):
        look = looks.see(scene, segmenter, window)
        match = values(frame.window(window))[MATCH]
        for job in group:
            answers[job.number].append(_answer(job, look, match, segmenter, options))
        yield Progress(done, len(windows), "SAM windows", time.monotonic() - started)
    return [_whole(area, found) for area, found in zip(areas, answers, strict=True)]


def _jobs(number: int, area: Any, options: RefineOptions) -> list[_Job]:
    """What SAM is asked about one area."""
    box, half = box_around(area), options.window_px // 2
    if max(box.shape) <= half:
        return [_Job(home_window(box, options.window_px), number, area, None)]
    shapely.prepare(area)
    near = round(options.patch_px)
    jobs = []
    for core in cells(box.grown(near), half, offset=half // 2):
        window, around = core.grown(half // 2), core.grown(near).polygon
        if shapely.covers(area, around):  # there is no edge to look for
            jobs.append(_Job(window, number, core.polygon, core))
            continue
        for part in parts(shapely.intersection(area, window.polygon)):
            if shapely.intersects(part, around):
                jobs.append(_Job(window, number, part, core))
    return jobs


def _answer(job: _Job, look: Look, match: Any, segmenter: Segmenter, options: RefineOptions) -> Outline:
    """SAM's outline of a part, or the part itself with the reason."""
    own = job.part if job.core is None else shapely.intersection(job.part, job.core.polygon)
    if look.seen is None or (job.core is not None and job.part.equals(job.core.polygon)):
        return Outline(own, refined=False, note="")
    piece = Piece(match, mask_of(job.part, job.window.geobox), options.patch_px, options.threshold)
    given = segmenter.outline(look.seen, prompts_for(piece))
    there = given.masks if look.valid is None else given.masks & look.valid
    answer = best_answer(piece, replace(given, masks=np.stack([connected_to(mask, piece.area) for mask in there])))
    if answer.mask is None:
        return Outline(own, refined=False, note=answer.note)
    taken = job.window if job.core is None else job.core
    drawn = polygons_of(answer.mask[job.window.slices(taken)], taken.geobox)
    return Outline(shapely.union_all(drawn), refined=True, note="")


def connected_to(mask: Bool, area: Bool) -> Bool:
    """The connected parts of a mask that meet an area: SAM throws in specks that lie elsewhere."""
    numbered, _ = label(mask)
    met = np.unique(numbered[area & mask])
    return np.isin(numbered, met[met > 0])


def _whole(area: Any, found: Sequence[Outline]) -> Outline:
    """An area put together from its pieces; what only hung on it by ground that no piece answers for is not of it."""
    whole = parts(shapely.union_all([each.shape for each in found])) if found else [area]
    shape = shapely.union_all([each for each in whole if shapely.intersection(each, area).area > 0])
    kept = [each.note for each in found if each.note]
    refined = any(each.refined for each in found)
    if kept and refined:
        return Outline(shape, True, f"{len(kept)} of {len(found)} pieces kept as they were: {kept[0]}")
    return Outline(shape, refined, kept[0] if kept else "")
