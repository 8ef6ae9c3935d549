"""What stands in which cell: shares by quota, neighbours by sense.

Two grids of cells carry one land. Around the origin a mosaic of small cells holds every class many times; further out
cells of kilometres hold one class each. Independent draws would lose classes, so each group of cells gets every class
equally often, and swaps then move towards neighbourhoods that make sense (harbours at lakes, car parks by shops).
"""

from functools import lru_cache

import numpy as np

from graft_core.world.lines import courses
from graft_core.world.noise import U8, rng

CLASSES: tuple[str, ...] = (
    "forest", "lake", "river", "crop field", "orchard", "meadow", "residential area", "downtown", "industrial area",
    "highway", "parking lot", "airport", "solar farm", "beach", "desert", "wetland", "baseball field", "golf course",
    "quarry", "cemetery", "greenhouse", "harbour",
)  # fmt: skip
"""Names of the classes; a class id is the position here plus 1, and 0 means nothing."""

ID: dict[str, int] = {name: position + 1 for position, name in enumerate(CLASSES)}
"""Class id by name."""

FINE = 350.0
"""Mean side of a cell of the mosaic, metres."""
COARSE = 2200.0
"""Mean side of a cell outside the mosaic, metres."""
MOSAIC_RADIUS = 3500.0
"""The mosaic ends about this far from the origin, metres."""
FINE_CELLS = 24
"""The mosaic's plan has this many cells a side, the origin in its middle."""
REGION = 10
"""Coarse cells are planned in squares of this many cells a side; one such square has the origin in its middle."""

_LIKES = (
    ("parking lot", "downtown", 3), ("parking lot", "industrial area", 2), ("parking lot", "airport", 2),
    ("parking lot", "baseball field", 1), ("parking lot", "residential area", 1), ("parking lot", "desert", -2),
    ("harbour", "lake", 5), ("harbour", "industrial area", 2), ("harbour", "downtown", 1), ("harbour", "beach", 1),
    ("harbour", "desert", -2), ("beach", "lake", 5), ("beach", "harbour", 1), ("beach", "golf course", 1),
    ("wetland", "lake", 2), ("wetland", "meadow", 1), ("wetland", "desert", -3), ("wetland", "downtown", -2),
    ("residential area", "downtown", 2), ("residential area", "residential area", 2), ("downtown", "downtown", 2),
    ("residential area", "golf course", 1), ("residential area", "cemetery", 1), ("residential area", "quarry", -2),
    ("residential area", "baseball field", 1), ("downtown", "crop field", -2), ("downtown", "quarry", -2),
    ("crop field", "crop field", 2), ("crop field", "meadow", 2), ("crop field", "orchard", 2),
    ("crop field", "greenhouse", 1), ("crop field", "solar farm", 1), ("orchard", "greenhouse", 1),
    ("forest", "forest", 2), ("forest", "meadow", 2), ("forest", "lake", 1), ("forest", "quarry", 1),
    ("forest", "downtown", -2), ("desert", "desert", 2), ("desert", "solar farm", 2), ("desert", "quarry", 2),
    ("desert", "forest", -2), ("industrial area", "industrial area", 1), ("industrial area", "airport", 1),
    ("airport", "meadow", 1), ("greenhouse", "greenhouse", 1), ("airport", "downtown", -1),
)  # fmt: skip
_LIKES_RIVER = (
    ("harbour", 3),
    ("wetland", 2),
    ("meadow", 1),
    ("downtown", 1),
    ("desert", -4),
    ("airport", -2),
    ("beach", -1),
)
_COMMON = ("forest", "crop field", "residential area", "meadow", "lake", "industrial area", "downtown", "desert")


def _affinity() -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    table = np.zeros((len(CLASSES) + 1, len(CLASSES) + 1), np.int64)
    for first, second, liking in _LIKES:
        table[ID[first], ID[second]] = table[ID[second], ID[first]] = liking
    return table


def _by_quota(dice: np.random.Generator, cells: int, extra: tuple[str, ...]) -> list[int]:
    """As many class ids as cells: every area class equally often, the rest by extra, shuffled."""
    area = [position + 1 for position, name in enumerate(CLASSES) if name not in ("river", "highway")]
    area += [ID["highway"]] if cells <= REGION * REGION else []
    every = cells // len(area)
    rest = [ID[extra[k % len(extra)]] for k in range(cells - every * len(area))]
    return [int(v) for v in dice.permutation(np.array(area * every + rest))]


def _settle(plan: U8, groups: list[list[tuple[int, int]]], wet: U8, dice: np.random.Generator, swaps: int) -> None:
    """Swap cells inside their group while the neighbourhoods gain by it."""
    likes = _affinity().tolist()
    by_river = dict.fromkeys(range(len(CLASSES) + 1), 0) | {ID[name]: 2 * liking for name, liking in _LIKES_RIVER}
    rows, columns = plan.shape
    held: list[list[int]] = plan.tolist()

    def worth(row: int, column: int, class_id: int) -> int:
        total = by_river[class_id] if wet[row, column] else 0
        for r, c in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
            if 0 <= r < rows and 0 <= c < columns:
                total += likes[class_id][held[r][c]]
        return total

    sizes = np.array([len(group) for group in groups], np.float64)
    for group in dice.choice(len(groups), swaps, p=sizes / sizes.sum()):
        cells = groups[group]
        (r1, c1), (r2, c2) = cells[int(dice.integers(len(cells)))], cells[int(dice.integers(len(cells)))]
        one, two = held[r1][c1], held[r2][c2]
        if one != two and worth(r1, c1, two) + worth(r2, c2, one) > worth(r1, c1, one) + worth(r2, c2, two):
            held[r1][c1], held[r2][c2] = two, one
    plan[:] = np.array(held, np.uint8)


def _near_river(
    seed: int,
    x: np.ndarray[tuple[int, int], np.dtype[np.float32]],
    y: np.ndarray[tuple[int, int], np.dtype[np.float32]],
    reach: float,
) -> U8:
    return (np.abs(courses(seed)[0].locate(x, y).across) < reach).astype(np.uint8)


@lru_cache(maxsize=256)
def mosaic(seed: int) -> U8:
    """(24, 24) class ids of the mosaic's cells, [row j going north, column i going east]; treat as read-only."""
    dice = rng(seed, "mosaic")
    half = FINE_CELLS // 2
    centre = [(j, i) for j in range(half - 6, half + 6) for i in range(half - 6, half + 6)]
    inside = set(centre)
    ring = [(j, i) for j in range(FINE_CELLS) for i in range(FINE_CELLS) if (j, i) not in inside]
    plan = np.zeros((FINE_CELLS, FINE_CELLS), np.uint8)
    for group in (centre, ring):
        for (j, i), class_id in zip(group, _by_quota(dice, len(group), _COMMON), strict=True):
            plan[j, i] = class_id
    middle = ((np.arange(FINE_CELLS) - half + 0.5) * FINE).astype(np.float32)
    x, y = np.meshgrid(middle, middle)
    _settle(plan, [centre, ring], _near_river(seed, x, y, 0.8 * FINE), dice, 4000)
    return plan


@lru_cache(maxsize=256)
def region(seed: int, east: int, north: int) -> U8:
    """(10, 10) class ids of the coarse cells of one planning square; square (0, 0) has the origin in its middle."""
    dice = rng(seed, "region", east, north)
    cells = [(j, i) for j in range(REGION) for i in range(REGION)]
    # The mosaic takes the middle of the first square: classes must reach their quota in what remains.
    gone = [(j, i) for j, i in cells if east == 0 == north and abs(j - 4.5) < 2 and abs(i - 4.5) < 2]
    left = [cell for cell in cells if cell not in gone]
    plan = np.zeros((REGION, REGION), np.uint8)
    for group in (left, gone):
        for (j, i), class_id in zip(group, _by_quota(dice, len(group), _COMMON), strict=True):
            plan[j, i] = class_id
    middle = (np.arange(REGION) - REGION / 2 + 0.5) * COARSE
    x, y = np.meshgrid(middle + east * REGION * COARSE, middle + north * REGION * COARSE)
    wet = _near_river(seed, x.astype(np.float32), y.astype(np.float32), 0.8 * COARSE)
    _settle(plan, [group for group in (left, gone) if group], wet, dice, 1200)
    return plan
