"""Outlines made into objects: each one once, none smaller than wanted, with as many corners as it needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from graft_core.types import I64

SAME = 0.5
"""Share of the smaller of two outlines that lies in the other, from which both are one object."""


@dataclass(frozen=True, eq=False)
class Outline:
    """One area of the match map, as it was outlined."""

    shape: Any
    """Polygons in absolute pixels."""
    refined: bool
    """Whether SAM drew at least a part of it."""
    note: str
    """Why SAM's outline was not taken, where it was not; else empty."""


def objects_of(outlines: Sequence[Outline], *, min_area_px: float, tolerance_px: float) -> list[Outline]:
    """The objects that outlines show: connected, apart from each other, large enough, simplified.

    Args:
        outlines: those that show the same thing are united, and what two others share goes to the smaller one.
        min_area_px: smaller objects and smaller holes are dropped, square pixels.
        tolerance_px: how far the simplified outline may lie from the first, pixels; 0 for not at all.
    """
    found = []
    for outline in _apart(_united(outlines)):
        for part in shapely.get_parts(outline.shape):
            if part.geom_type == "Polygon" and part.area >= min_area_px:
                shape = simplified(_without_small_holes(part, min_area_px), tolerance_px)
                found.append(Outline(shape, outline.refined, outline.note))
    return found


def simplified(polygon: Any, tolerance: float) -> Any:
    """A polygon with fewer corners, still valid; as it was where that cannot be."""
    if tolerance <= 0:
        return polygon
    fewer = shapely.simplify(polygon, tolerance, preserve_topology=True)
    return fewer if fewer.is_valid and not fewer.is_empty else polygon


def _united(outlines: Sequence[Outline]) -> list[Outline]:
    first, second, shared, areas = _overlaps(outlines)
    same = shared >= SAME * np.minimum(areas[first], areas[second])
    if not same.any():
        return list(outlines)
    pairs = (np.ones(np.count_nonzero(same), np.int8), (first[same], second[same]))
    count, group = connected_components(coo_array(pairs, shape=(len(outlines),) * 2), directed=False)
    members: list[list[Outline]] = [[] for _ in range(count)]
    for which, outline in zip(group.tolist(), outlines, strict=True):
        members[which].append(outline)
    return [_one(each) if len(each) > 1 else each[0] for each in members]


def _one(outlines: Sequence[Outline]) -> Outline:
    notes = [each.note for each in outlines if each.note]
    refined = any(each.refined for each in outlines)
    return Outline(shapely.union_all([each.shape for each in outlines]), refined, "" if refined else notes[0])


def _apart(outlines: Sequence[Outline]) -> list[Outline]:
    """What two outlines share is taken from the larger one, so that no ground is counted twice."""
    first, second, shared, areas = _overlaps(outlines)
    shapes = [each.shape for each in outlines]
    for i, j in zip(first[shared > 0].tolist(), second[shared > 0].tolist(), strict=True):
        larger, smaller = (i, j) if areas[i] >= areas[j] else (j, i)
        shapes[larger] = shapely.difference(shapes[larger], shapes[smaller])
    return [Outline(shape, each.refined, each.note) for shape, each in zip(shapes, outlines, strict=True)]


def _overlaps(outlines: Sequence[Outline]) -> tuple[I64, I64, npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Of the pairs of outlines that meet: first, second, area shared; and the area of every outline."""
    shapes = np.array([each.shape for each in outlines], dtype=object)
    areas = np.asarray(shapely.area(shapes), np.float64)
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    once = first < second
    first, second = first[once].astype(np.int64), second[once].astype(np.int64)
    return first, second, np.asarray(shapely.area(shapely.intersection(shapes[first], shapes[second]))), areas


def _without_small_holes(polygon: Any, min_area_px: float) -> Any:
    kept = [ring for ring in polygon.interiors if shapely.Polygon(ring).area >= min_area_px]
    return polygon if len(kept) == len(polygon.interiors) else shapely.Polygon(polygon.exterior, kept)
