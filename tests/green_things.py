"""A scene of green things on white ground, of every size: what a test of objects can check to the pixel."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from four_colors import LEFT, TOP
from known_encoder import COLORS

SIDE = 640
WINDOW = 256
"""Of the segmenter: the scene is several windows wide, and two things are larger than half of one."""
ROWS, COLS = np.ogrid[:SIDE, :SIDE]


def disc(row: int, col: int, radius: int) -> np.ndarray:
    return np.asarray((ROWS - row) ** 2 + (COLS - col) ** 2 <= radius**2)


RIVER = np.asarray(np.abs(ROWS - 320 - 60 * np.sin(COLS / 70)) <= 14)
DISCS = (disc(90, 110, 33), disc(130, 512, 25), disc(520, 140, 60), disc(500, 512, 41), disc(210, 300, 18))
GREEN = (*DISCS, RIVER)


def green_pixels(*shapes: np.ndarray) -> np.ndarray:
    """(3, h, w) the green things and a black stripe, which nobody looks for."""
    found = np.empty((3, SIDE, SIDE), np.uint8)
    found[:] = np.array(COLORS["white"], np.uint8)[:, None, None]
    found[:, :, 600:620] = 0
    for shape in shapes or GREEN:
        found[:, shape] = np.array(COLORS["green"], np.uint8)[:, None]
    return found


def outlined(mask: np.ndarray) -> Any:
    """A mask of the scene as a shape in its CRS, to the pixel."""
    rows = [np.flatnonzero(np.diff(np.pad(row.astype(np.int8), 1))).reshape(-1, 2) for row in mask]
    return shapely.union_all(
        [
            shapely.box(LEFT + start, TOP - row - 1, LEFT + stop, TOP - row)
            for row, runs in enumerate(rows)
            for start, stop in runs.tolist()
        ]
    )


def iou(one: Any, other: Any) -> float:
    return float(shapely.area(one & other) / shapely.area(one | other))


def write_corner(path: Path) -> Path:
    """An area of interest at the upper left, in the CRS of the scene, with one of the discs in it."""
    ring = [[LEFT, TOP], [LEFT + 220, TOP], [LEFT + 220, TOP - 250], [LEFT, TOP - 250], [LEFT, TOP]]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32631"}}
    shape = {"type": "Polygon", "coordinates": [ring]}
    features = [{"type": "Feature", "properties": {}, "geometry": shape}]
    path.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}))
    return path
