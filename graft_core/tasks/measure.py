"""Objects with what the match map says of each of them."""

import math
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from odc.geo.geom import Geometry

from graft_core.geo.pixels import PixelBox, PixelFrame, box_around, cells
from graft_core.io.shapes import mask_of
from graft_core.tasks.matching import CELL, MATCH, SCORE, Values, parts
from graft_core.tasks.outlines import Outline
from graft_core.types import Progress


@dataclass(frozen=True, eq=False)
class Segment:
    """One object."""

    number: int
    """From 1, the highest mean match probability first."""
    shape: Any
    """Polygon, or MultiPolygon where the area of interest cuts it in several, in the CRS of the scene."""
    area_m2: float
    """In the projection of the scene."""
    mean_score: float
    """Cosine with the query, mean over its pixels; NaN where nothing was asked."""
    max_score: float
    """The highest."""
    mean_match: float
    """Match probability, mean over its pixels."""
    max_match: float
    """The highest."""
    refined: bool
    """Whether SAM drew it."""
    note: str = ""
    """Why SAM's outline was not taken, or not everywhere; else empty."""


def measured_all(
    objects: Sequence[Outline], values: Values, frame: PixelFrame, area: Geometry | None
) -> Generator[Progress, None, tuple[Segment, ...]]:
    """Objects cut at the border of the area of interest, with what the map says of each."""
    cut = [each if area is None else _inside(each, frame.to_pixels(area.geom)) for each in objects]
    kept = [each for each in cut if not each.shape.is_empty]
    sums = _Sums(len(kept))
    tree = shapely.STRtree([each.shape for each in kept])
    wanted = [cell for cell in cells(frame.box, CELL) if len(tree.query(cell.polygon))]
    started = time.monotonic()
    for done, cell in enumerate(wanted, start=1):
        box = cell.overlap(frame.box)
        seen = values(frame.window(box))
        for i in tree.query(box.polygon).tolist():
            sums.add(i, kept[i].shape, box, seen)
        yield Progress(done, len(wanted), "cells", time.monotonic() - started)
    segments = [_segment(each, frame, sums.figures(i)) for i, each in enumerate(kept)]
    segments.sort(key=lambda each: (-each.mean_match, -each.area_m2, each.shape.bounds))
    return tuple(replace(each, number=number) for number, each in enumerate(segments, start=1))


def measured(outline: Outline, values: Values | None, frame: PixelFrame) -> Segment:
    """One object with what the map says of it, where there is a map; its number is 0."""
    sums = _Sums(1)
    for cell in cells(box_around(outline.shape), CELL):
        box = cell.overlap(frame.box)
        if values is not None and not box.empty:
            sums.add(0, outline.shape, box, values(frame.window(box)))
    return _segment(outline, frame, sums.figures(0))


class _Sums:
    """What is seen of each object, cell by cell."""

    def __init__(self, count: int) -> None:
        self._pixels = np.zeros(count, np.int64)
        self._total = np.zeros((count, 2))
        self._highest = np.full((count, 2), -np.inf)

    def add(self, i: int, shape: Any, cell: PixelBox, seen: Any) -> None:
        """Take in the values (2, h, w) of a cell."""
        part = box_around(shape).overlap(cell)
        if part.empty:
            return
        # A sliver that holds no pixel's centre is worth what the pixels are that it meets.
        touched = not self._pixels[i] and shape.area < max(part.shape)
        inside = mask_of(shape, part.geobox, touched=touched)
        known = seen[(slice(None), *cell.slices(part))][:, inside]
        known = known[:, np.isfinite(known).all(axis=0)]
        if known.size:
            self._pixels[i] += known.shape[1]
            self._total[i] += known.sum(axis=1, dtype=np.float64)
            self._highest[i] = np.maximum(self._highest[i], known.max(axis=1))

    def figures(self, i: int) -> dict[str, float]:
        """Means and maxima of one object; NaN where nothing is known of it."""
        if not self._pixels[i]:
            return dict.fromkeys(("mean_match", "max_match", "mean_score", "max_score"), math.nan)
        mean, highest = self._total[i] / self._pixels[i], self._highest[i]
        return {
            "mean_match": float(mean[MATCH]),
            "max_match": float(highest[MATCH]),
            "mean_score": float(mean[SCORE]),
            "max_score": float(highest[SCORE]),
        }


def _segment(outline: Outline, frame: PixelFrame, figures: dict[str, float]) -> Segment:
    shape = frame.to_crs(outline.shape)
    return Segment(0, shape, float(shape.area), refined=outline.refined, note=outline.note, **figures)


def _inside(outline: Outline, area: Any) -> Outline:
    found = parts(shapely.intersection(outline.shape, area))
    shape = found[0] if len(found) == 1 else shapely.MultiPolygon(found)
    return Outline(shape, outline.refined, outline.note)
