"""Which photos belong to which tile: the greedy placing of the paper."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from graft_core.types import I64

PHOTOS_PER_TILE = 25
"""Most photos one tile keeps (Mall et al. 2024, section 3.3)."""


@dataclass(frozen=True)
class Placement:
    """Tiles centred on photos, and the photos inside each; every array row order is deterministic."""

    centers: npt.NDArray[np.float64]
    """(T, 2) tile centres x, y in the projected metres of the positions."""
    photo: I64
    """(P,) row of the input position of each kept photo, grouped by tile."""
    owner: I64
    """(P,) tile of each kept photo, ascending."""


def place_tiles(
    positions: npt.NDArray[np.float64], side: float, rng: np.random.Generator, *, cap: int = PHOTOS_PER_TILE
) -> Placement:
    """Cover photos with tiles: an unassigned photo becomes a centre and takes every free photo inside its square.

    Args:
        positions: (N, 2) x, y in projected metres.
        side: side of a tile, metres.
        rng: draws the order in which photos are visited and, past the cap, which of them stay.
        cap: most photos a tile keeps; the rest are used up with it, as in the paper.

    Returns:
        The placement; each photo is in at most one tile, each tile has at least one photo.
    """
    tree = cKDTree(positions)
    free = np.ones(len(positions), dtype=bool)
    centers: list[npt.NDArray[np.float64]] = []
    kept: list[I64] = []
    for photo in rng.permutation(len(positions)):
        if not free[photo]:
            continue
        inside = np.array(tree.query_ball_point(positions[photo], side / 2, p=np.inf), dtype=np.int64)
        inside = np.sort(inside[free[inside]])
        free[inside] = False
        if len(inside) > cap:
            others = rng.choice(inside[inside != photo], cap - 1, replace=False)
            inside = np.sort(np.append(others, photo))
        centers.append(positions[photo])
        kept.append(inside)
    if not centers:
        return Placement(np.empty((0, 2)), np.empty(0, np.int64), np.empty(0, np.int64))
    owner = np.repeat(np.arange(len(kept), dtype=np.int64), [len(photos) for photos in kept])
    return Placement(np.stack(centers), np.concatenate(kept), owner)
