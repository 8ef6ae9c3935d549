"""Which photos belong to which tile: the greedy placing of the paper."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from graft_core.types import I64

PHOTOS_PER_TILE = 25
"""Most photos one tile keeps (Mall et al. 2024, section 3.3)."""

Position = npt.NDArray[np.float64]
"""(2,) x, y."""


@dataclass(frozen=True)
class Placement:
    """Tiles placed on photos, and the photos inside each; every array row order is deterministic."""

    centers: npt.NDArray[np.float64]
    """(T, 2) tile centres x, y in the units of the positions."""
    photo: I64
    """(P,) row of the input position of each kept photo, grouped by tile."""
    owner: I64
    """(P,) tile of each kept photo, ascending."""


def place_tiles(
    positions: npt.NDArray[np.float64],
    side: float,
    rng: np.random.Generator,
    *,
    cap: int = PHOTOS_PER_TILE,
    snap: Callable[[Position], Position] | None = None,
) -> Placement:
    """Cover photos with tiles: an unassigned photo becomes a centre and takes every free photo inside its square.

    Args:
        positions: (N, 2) x, y in metres or pixels.
        side: side of a tile in the same unit; its first edges belong to it, the opposite ones do not.
        rng: draws the order in which photos are visited and, past the cap, which of them stay.
        cap: most photos a tile keeps; the rest are used up with it, as in the paper.
        snap: moves a centre to where a tile may lie; its photo must stay inside.

    Returns:
        The placement; each photo is in at most one tile, each tile has at least one photo.
    """
    tree = cKDTree(positions)
    free = np.ones(len(positions), dtype=bool)
    centers: list[Position] = []
    kept: list[I64] = []
    for photo in rng.permutation(len(positions)):
        if not free[photo]:
            continue
        center = positions[photo] if snap is None else snap(positions[photo])
        inside = np.array(tree.query_ball_point(center, side / 2, p=np.inf), dtype=np.int64)
        inside = np.sort(inside[free[inside] & _within(positions[inside], center - side / 2, side)])
        free[inside] = False
        if len(inside) > cap:
            others = rng.choice(inside[inside != photo], cap - 1, replace=False)
            inside = np.sort(np.append(others, photo))
        centers.append(center)
        kept.append(inside)
    if not centers:
        return Placement(np.empty((0, 2)), np.empty(0, np.int64), np.empty(0, np.int64))
    owner = np.repeat(np.arange(len(kept), dtype=np.int64), [len(photos) for photos in kept])
    return Placement(np.stack(centers), np.concatenate(kept), owner)


def _within(positions: npt.NDArray[np.float64], corner: Position, side: float) -> npt.NDArray[np.bool_]:
    return np.asarray(((positions >= corner) & (positions < corner + side)).all(axis=1))
