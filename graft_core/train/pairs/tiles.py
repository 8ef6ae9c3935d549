"""Tiles on whole pixels of the scenes: placed on photos, checked for imagery, split by place."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graft_core.geo.frame import middle_of
from graft_core.train.pairs import ledger as reasons
from graft_core.train.pairs.ledger import Ledger
from graft_core.train.pairs.placing import place_tiles
from graft_core.train.pairs.scenes import Located, PairScene, ScenePool
from graft_core.train.pairs.split import training_over_validation, validation_tiles
from graft_core.train.pairs.table import tile_outlines
from graft_core.types import I64, Bool

LEAST_IMAGERY = 0.5
"""Share of a tile that must hold imagery."""

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Tiles:
    """Tiles with their photos."""

    scene: I64
    """(T,) scene of each."""
    corner: I64
    """(T, 2) top and left in its working grid."""
    photo: I64
    """(P,) row of the photo list."""
    owner: I64
    """(P,) tile of each photo, ascending."""

    def only(self, chosen: Bool) -> "Tiles":
        """Those tiles, numbered anew, with their photos."""
        number = np.cumsum(chosen) - 1
        staying = chosen[self.owner]
        return Tiles(self.scene[chosen], self.corner[chosen], self.photo[staying], number[self.owner[staying]])


def place_on_scenes(ledger: Ledger, located: Located, pool: ScenePool, tile_px: int, *, cap: int, seed: int) -> Tiles:
    """Greedy placing, scene by scene; a tile that would stick out of its scene is moved inside.

    Photos past the cap of their tile are left out.
    """
    nothing = np.empty(0, np.int64)
    parts = [(nothing, np.empty((0, 2), np.int64), nothing, nothing)]
    count = 0
    for i, scene in enumerate(pool.scenes):
        rows = ledger.rows[located.scene[ledger.rows] == i]
        rng = np.random.default_rng([seed, i])
        snap = _snap(tile_px, np.array(scene.geobox.shape) - tile_px)
        placed = place_tiles(located.pixel[rows], tile_px, rng, cap=cap, snap=snap)
        corners = np.rint(placed.centers - tile_px / 2).astype(np.int64)
        parts.append((np.full(len(corners), i, np.int64), corners, rows[placed.photo], placed.owner + count))
        count += len(corners)
        ledger.leave_out(np.setdiff1d(rows, rows[placed.photo]), reasons.CROWDED)
    return Tiles(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def keep_imagery(ledger: Ledger, tiles: Tiles, located: Located, pool: ScenePool, tile_px: int) -> Tiles:
    """The tiles of which at least half holds imagery; the photos of the others are left out."""
    shares = [_imagery(tiles, tile, located, pool.scenes, tile_px) for tile in range(len(tiles.scene))]
    shown = np.array(shares, np.float64) >= LEAST_IMAGERY
    ledger.leave_out_tiles(tiles.photo, tiles.owner, ~shown, reasons.NO_IMAGERY)
    return tiles.only(shown)


def split_by_place(
    ledger: Ledger, tiles: Tiles, pool: ScenePool, tile_px: int, *, share: float, block_tiles: int, seed: int
) -> tuple[Tiles, Bool]:
    """The tiles and which of them are validation; training tiles over validation ground are left out."""
    corners = tile_outlines(pool.scenes, tiles.scene, tiles.corner, tile_px)
    validation = validation_tiles(
        middle_of(corners), tile_px * pool.gsd, share=share, block_tiles=block_tiles, seed=seed
    )
    overlapping = training_over_validation(validation, tiles.scene, tiles.corner, tile_px, corners)
    if (validation | overlapping).all():  # nothing would be left to train on
        validation = overlapping = np.zeros(len(tiles.scene), np.bool_)
    ledger.leave_out_tiles(tiles.photo, tiles.owner, overlapping, reasons.OVERLAP)
    return tiles.only(~overlapping), validation[~overlapping]


def _snap(tile_px: int, limit: I64) -> Callable[[F64], F64]:
    """Moves the centre of a tile so that its edges lie on whole pixels and inside the scene."""

    def snapped(photo: F64) -> F64:
        return np.asarray(np.clip(np.floor(photo - tile_px / 2 + 0.5), 0, limit) + tile_px / 2)

    return snapped


def _imagery(tiles: Tiles, tile: int, located: Located, scenes: Sequence[PairScene], tile_px: int) -> float:
    """Share of a tile that holds imagery."""
    scene = int(tiles.scene[tile])
    if scene not in located.footprints:
        return 1.0
    affine, (top, left) = scenes[scene].geobox.affine, tiles.corner[tile].tolist()
    west, north = affine @ (left, top)
    east, south = affine @ (left + tile_px, top + tile_px)
    return located.footprints[scene].share(west, south, east, north)
