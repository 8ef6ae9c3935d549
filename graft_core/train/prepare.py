"""From tables of pairs to sets that can be learned from: photos embedded once, tiles cut once."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from graft_core import settings
from graft_core.errors import TrainError
from graft_core.models.encoder import LazyEncoder
from graft_core.train.config import TrainConfig
from graft_core.train.data import PairSet
from graft_core.train.distributed import Ranks
from graft_core.train.pairs.table import PairTable, read_pairs
from graft_core.train.photo_rows import default_cache, photo_rows
from graft_core.train.tile_cache import check_alike, cut_tiles
from graft_core.types import F32, U8, Bool, Progress, SensorName

FEWEST_TO_VALIDATE = 10
"""Validation tiles below which a figure would say nothing."""
APART_M = 1e9
"""Metres between the frames of two tables: no tile of one counts as a neighbour of another's."""


@dataclass(frozen=True)
class Prepared:
    """What a run learns from."""

    pairs: PairSet
    """Training tiles."""
    validation: PairSet | None
    """Tiles of other places; None where there are too few to say anything."""
    sensor: SensorName
    """Kind of the imagery."""
    gsd: float
    """Metres per pixel of the tiles."""
    facts: dict[str, Any]
    """For the card: tables, scenes, tiles and photos."""
    warnings: tuple[str, ...]
    """What was left out, in sentences."""


def prepare(
    config: TrainConfig, teacher: LazyEncoder, device: torch.device, ranks: Ranks
) -> Generator[Progress, None, Prepared]:
    """Read the tables, embed their photos and cut their tiles, each unless that was done before.

    Of several processes the first one does the work, then the others find it done.

    Raises:
        TrainError: a table is missing, damaged or of another kind than the first, or no photo can be read.
        SceneError: a scene is gone or has changed.
    """
    tables = [read_pairs(path) for path in config.pairs]
    check_alike(tables, config.pairs, teacher.spec.tile_px, config.teacher)
    if not ranks.leads:
        ranks.wait()
    warnings: list[str] = []
    photos = [photo for table in tables for photo in table.photos]
    embedded = yield from photo_rows(photos, teacher, default_cache())
    tiles = yield from cut_tiles(tables, settings.weights_dir() / "tiles")
    if ranks.leads:
        ranks.wait()
    good = np.isfinite(embedded.rows[:, 0])
    if not good.all():
        first = "; ".join(f"{photos[i]}: {problem}" for i, problem in list(embedded.problems.items())[:1])
        if not good.any():
            raise TrainError(f"None of the {len(good):,} photos can be read any more: {first}")
        warnings.append(f"{int((~good).sum()):,} photos cannot be read any more and are left out: {first}")
    pairs, validation = _joined(tables, tiles, embedded.rows, good, device)
    checked = int(validation.sum())
    if checked == len(pairs):
        raise TrainError("Every tile is kept to validate with; make the pairs again with a smaller --validation-share.")
    if checked < FEWEST_TO_VALIDATE:
        warnings.append(f"{checked} tiles are kept to validate with: too few for a curve that says when to stop.")
    facts = {
        "pairs": list(config.pairs),
        "scenes": sorted({scene.name for table in tables for scene in table.scenes}),
        "tiles": len(pairs) - checked,
        "validation_tiles": checked,
        "photos": len(pairs.photos),
    }
    return Prepared(
        pairs.subset(~validation),
        pairs.subset(validation) if checked >= FEWEST_TO_VALIDATE else None,
        tables[0].sensor,
        tables[0].gsd,
        facts,
        tuple(warnings),
    )


def _joined(
    tables: Sequence[PairTable], tiles: U8, rows: F32, good: Bool, device: torch.device
) -> tuple[PairSet, Bool]:
    """The tiles that have a photo which can be read, and which of them are kept to validate with."""
    before = np.cumsum([0, *(len(table.scene) for table in tables[:-1])])
    owner = np.concatenate([table.owner + first for table, first in zip(tables, before, strict=True)])[good]
    pixel = np.concatenate([table.pixel for table in tables])[good]
    centers = np.concatenate([table.centers + np.array([i * APART_M, 0]) for i, table in enumerate(tables)])
    kept, owner = np.unique(owner, return_inverse=True)
    pairs = PairSet.of(tiles, rows[good], owner, device, pixel=pixel, centers=centers[kept], row=kept)
    return pairs, np.concatenate([table.validation for table in tables])[kept]
