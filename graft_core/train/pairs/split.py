"""Train and validation apart by place: whole blocks of the map, and no ground that both see."""

import hashlib

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from graft_core.geo.frame import map_blocks, on_sphere
from graft_core.types import I64, Bool

FEWEST_BLOCKS = 8
"""Blocks are halved until there are as many, so that a small area can be split too."""

F64 = npt.NDArray[np.float64]


def validation_tiles(lonlat: F64, side_m: float, *, share: float, block_tiles: int, seed: int) -> Bool:
    """(T,) the tiles of the blocks that are kept for validation.

    Each block has a number in [0, 1) that depends on its place and the seed alone, and those below a threshold are
    validation: the threshold comes nearest to the wanted share of the tiles, at least one block on either side. So two
    tables of one area agree, up to the blocks next to the threshold.

    Args:
        lonlat: (T, 2) tile centres, degrees.
        side_m: side of a tile, metres.
        share: wanted share of the tiles, in [0, 1); 0 for no validation.
        block_tiles: side of a block in tiles; fewer where the area is small.
        seed: other seeds give other blocks.
    """
    if not share or not len(lonlat):
        return np.zeros(len(lonlat), np.bool_)
    blocks, block = _blocks(lonlat, side_m, block_tiles)
    if len(blocks) < 2:
        return np.zeros(len(lonlat), np.bool_)
    numbers = np.array([_number(row, col, seed) for row, col in blocks.tolist()])
    order = np.argsort(numbers, kind="stable")
    reached = np.cumsum(np.bincount(block, minlength=len(blocks))[order])[:-1]
    chosen = order[: int(np.argmin(np.abs(reached - share * len(lonlat)))) + 1]
    return np.isin(block, chosen)


def training_over_validation(validation: Bool, scene: I64, corner: I64, tile_px: int, corners_lonlat: F64) -> Bool:
    """(T,) the training tiles that may share ground with a validation tile.

    Within a scene it is told by the pixel; between scenes, whose grids differ, by the circles around the tiles, so some
    that only come near are among them.

    Args:
        validation: (T,) which tiles are validation.
        scene: (T,) scene of each tile.
        corner: (T, 2) top and left of each in its scene's grid.
        tile_px: side of a tile, pixels.
        corners_lonlat: (T, 4, 2) corners in degrees.
    """
    overlapping = np.zeros(len(validation), np.bool_)
    training = np.flatnonzero(~validation)
    kept = np.flatnonzero(validation)
    if not len(training) or not len(kept):
        return overlapping
    points = on_sphere(corners_lonlat)  # (T, 4, 3)
    centers = points.mean(axis=1)
    radius = np.linalg.norm(points - centers[:, None], axis=2).max(axis=1)
    tree = cKDTree(centers[kept])
    for tile, near in zip(training, tree.query_ball_point(centers[training], 2 * radius.max()), strict=True):
        others = kept[near]
        same = scene[others] == scene[tile]
        by_pixel = (np.abs(corner[others] - corner[tile]) < tile_px).all(axis=1)
        apart = np.linalg.norm(centers[others] - centers[tile], axis=1)
        overlapping[tile] = bool(np.where(same, by_pixel, apart < radius[others] + radius[tile]).any())
    return overlapping


def _blocks(lonlat: F64, side_m: float, block_tiles: int) -> tuple[I64, I64]:
    """The occupied blocks (B, 2), and the block of each place (N,)."""
    while True:
        blocks, block = np.unique(map_blocks(lonlat, block_tiles * side_m), axis=0, return_inverse=True)
        if len(blocks) >= FEWEST_BLOCKS or block_tiles <= 1:
            return blocks, block.reshape(-1)
        block_tiles //= 2


def _number(row: int, col: int, seed: int) -> float:
    digest = hashlib.sha256(f"{seed}/{row}/{col}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64
