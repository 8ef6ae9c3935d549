"""Where a query matches, as shapes: the connected areas of the pixels that match, whole across the cells they cross."""

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry

from graft_core.geo.masks import inside
from graft_core.geo.pixels import PixelBox, PixelFrame, cells
from graft_core.io.shapes import polygons_of
from graft_core.types import F32, Progress

CELL = 512
"""Side of the cells that are looked at one by one, pixels of the scene."""
MATCH, SCORE = 0, 1
"""What a window of values holds: match probability, cosine."""

Values = Callable[[GeoBox], F32]
"""A window of the scene -> (2, h, w) match probability and cosine, NaN where there is no imagery."""


@dataclass(frozen=True, eq=False)
class Matching:
    """Where a scene matches."""

    areas: list[Any]
    """Polygons in absolute pixels, from north to south."""
    best: float
    """Highest match probability in the area of interest; NaN where there is no imagery in it."""


def matching_areas(
    values: Values, frame: PixelFrame, region: PixelBox, threshold: float, area: Geometry | None = None
) -> Generator[Progress, None, Matching]:
    """The connected areas whose match probability reaches a threshold.

    Args:
        values: what the scene's pixels are worth.
        frame: the scene's pixels.
        region: pixels looked at.
        threshold: match probability.
        area: area of interest in the CRS of the frame; what lies around it in the region is looked at too.

    Yields:
        Progress in cells.

    Returns:
        The areas. Pixels that share an edge are one area, across cells too.
    """
    whole: list[Any] = []
    cut: list[Any] = []
    best = float("nan")
    started = time.monotonic()
    wanted = list(cells(region, CELL))
    for done, cell in enumerate(wanted, start=1):
        box = cell.overlap(region)
        match = values(frame.window(box))[MATCH]
        best = float(np.fmax(best, _highest(match, frame.window(box), area)))
        for polygon in polygons_of(match >= threshold, box.geobox):  # NaN never is
            (cut if _meets_edge(polygon, box) else whole).append(polygon)
        yield Progress(done, len(wanted), "cells", time.monotonic() - started)
    return Matching(in_order(whole + parts(shapely.union_all(cut))), best)


def parts(shape: Any) -> list[Any]:
    """The polygons of a shape, whatever kind it is; lines and points are none."""
    return [each for each in shapely.get_parts(shape) if each.geom_type == "Polygon" and not each.is_empty]


def in_order(shapes: list[Any]) -> list[Any]:
    """From north to south, then from west to east."""
    return sorted(shapes, key=lambda shape: (shape.bounds[1], shape.bounds[0], shape.bounds[3], shape.area))


def _highest(match: F32, window: GeoBox, area: Geometry | None) -> float:
    within = None if area is None else inside(area, window)
    known = np.isfinite(match) if within is None else np.isfinite(match) & within
    return float(match[known].max()) if known.any() else float("nan")


def _meets_edge(polygon: Any, box: PixelBox) -> bool:
    left, top, right, bottom = polygon.bounds
    return bool(np.any(np.array([top, left, -bottom, -right]) <= [box.top, box.left, -box.bottom, -box.right]))
