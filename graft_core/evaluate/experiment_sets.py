"""What the experiments learn from and are judged by: drawn once, embedded once, kept on disk."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from graft_core.evaluate.drawn import WORLDS_APART_M, Taking, draw_mapped_tiles, draw_pairs, thinned
from graft_core.evaluate.experiments import (
    HELD_OUT_WORLDS,
    SEED_STRIDE,
    TRAINING_WORLDS,
    Experiment,
    Scale,
    Setting,
)
from graft_core.io.atomic import replacing
from graft_core.train.data import PairSet
from graft_core.types import F32, I64, U8, Encoder, SensorName

MAJORITY = 0.5
"""A tile is of a class that fills more than this share of it."""


@dataclass(frozen=True)
class PairsToDraw:
    """Tiles and photos of one training world, the photos and captions embedded by the teacher."""

    sensor: SensorName
    """Imagery of the tiles."""
    world: int
    """Seed of the world."""
    places: int
    """Places that photos are taken at."""
    taking: Taking
    """How they are taken."""

    @property
    def file(self) -> str:
        """Named after everything that decides it but the teacher."""
        how = self.taking
        share = f"{how.geotag_error_m:g}-{how.photos_per_place}-{how.distractor_share:g}"
        return f"pairs-{self.sensor}-{self.world}-{self.places}-{share}.npz"

    def draw(self, teacher: Encoder) -> dict[str, np.ndarray]:
        """The arrays of the file."""
        drawn = draw_pairs(self.sensor, self.world, self.places * self.taking.photos_per_place, self.taking)
        return {
            "tiles": drawn.tiles,
            "photos": teacher.encode_photos(list(drawn.photos)),
            "captions": teacher.encode_texts(drawn.captions),
            "owner": drawn.owner,
            "pixel": drawn.pixel,
            "centers": drawn.centers,
        }


@dataclass(frozen=True)
class TruthToDraw:
    """Tiles of one held-out world with the class of every pixel."""

    sensor: SensorName
    """Imagery of the tiles."""
    world: int
    """Seed of the world."""
    tiles: int
    """How many, at random places."""

    @property
    def file(self) -> str:
        """Named after everything that decides it."""
        return f"truth-{self.sensor}-{self.world}-{self.tiles}.npz"

    def draw(self, teacher: Encoder) -> dict[str, np.ndarray]:
        """The arrays of the file; the teacher has no part in it."""
        drawn = draw_mapped_tiles(self.sensor, self.world, self.tiles)
        return {"tiles": drawn.tiles, "labels": drawn.labels.astype(np.int8)}


ToDraw = PairsToDraw | TruthToDraw


@dataclass(frozen=True)
class HeldOut:
    """Tiles of the held-out worlds of one seed."""

    tiles: U8
    """(T, S, S, 3) RGB."""
    labels: I64
    """(T, S, S) row of land.CLASSES of every pixel."""

    def dominated(self) -> tuple[np.ndarray, I64]:
        """(N,) tiles that one class covers more than half of, and (N,) that class."""
        flat = self.labels.reshape(len(self.labels), -1)
        counts = np.stack([np.bincount(row, minlength=int(flat.max()) + 1) for row in flat])  # (T, C)
        kept = np.flatnonzero(counts.max(axis=1) > MAJORITY * flat.shape[1])
        return kept, counts[kept].argmax(axis=1).astype(np.int64)


def training_draws(setting: Setting, scale: Scale, seed: int) -> list[PairsToDraw]:
    """The training worlds of one row and seed, imagery by imagery."""
    first = TRAINING_WORLDS + SEED_STRIDE * seed
    return [
        PairsToDraw(sensor, world, scale.places, setting.taking)
        for sensor in setting.sensors
        for world in range(first, first + scale.worlds)
    ]


def held_out_draws(sensor: SensorName, scale: Scale, seed: int) -> list[TruthToDraw]:
    """The worlds that one seed is judged by."""
    first = HELD_OUT_WORLDS + SEED_STRIDE * seed
    return [TruthToDraw(sensor, world, scale.tiles) for world in range(first, first + scale.held_out)]


def draws_of(experiment: Experiment, scale: Scale, jobs: Iterable[tuple[Setting, int]]) -> list[ToDraw]:
    """Everything that settings and seeds need, each once."""
    found: dict[ToDraw, None] = {}
    for setting, seed in jobs:
        found |= dict.fromkeys(training_draws(setting, scale, seed))
        for sensor in experiment.measured:
            found |= dict.fromkeys(held_out_draws(sensor, scale, seed))
    return list(found)


def draw_to(cache: Path, wanted: ToDraw, teacher: Encoder) -> None:
    """Draw one file, whole or not at all."""
    with replacing(cache / wanted.file) as draft:
        np.savez(draft, **wanted.draw(teacher))  # type: ignore[arg-type]


def training_set(setting: Setting, scale: Scale, seed: int, cache: Path, device: torch.device) -> PairSet:
    """The pairs of one row and seed, out of the cache."""
    parts = [_part(_stored(cache / each.file), setting, seed) for each in training_draws(setting, scale, seed)]
    tiles = [part["tiles"] for part in parts]
    before = np.cumsum([0, *(len(each) for each in tiles[:-1])])
    return PairSet.of(
        np.concatenate(tiles),
        np.concatenate([part["targets"] for part in parts]),
        np.concatenate([part["owner"] + offset for part, offset in zip(parts, before, strict=True)]),
        device,
        pixel=np.concatenate([part["pixel"] for part in parts]),
        centers=np.concatenate([part["centers"] + [i * WORLDS_APART_M, 0] for i, part in enumerate(parts)]),
    )


def _part(stored: dict[str, np.ndarray], setting: Setting, seed: int) -> dict[str, np.ndarray]:
    """What one world gives: photos thinned, and what stands for each of them."""
    kept = thinned(stored["owner"], setting.photos_per_tile, seed)
    rows: dict[str, list[F32]] = {
        "photos": [stored["photos"]],
        "photos and captions": [stored["photos"], stored["captions"]],
        "captions": [stored["captions"]],
    }
    kinds = rows[setting.targets]
    owner = np.tile(stored["owner"][kept], len(kinds))
    order = np.argsort(owner, kind="stable")  # a tile's targets stand together
    return {
        "tiles": stored["tiles"],
        "targets": np.concatenate([kind[kept] for kind in kinds])[order],
        "owner": owner[order],
        "pixel": np.tile(stored["pixel"][kept], (len(kinds), 1))[order],
        "centers": stored["centers"],
    }


def held_out_set(sensor: SensorName, scale: Scale, seed: int, cache: Path) -> HeldOut:
    """The tiles one seed is judged by, out of the cache."""
    parts = [_stored(cache / each.file) for each in held_out_draws(sensor, scale, seed)]
    labels = np.concatenate([part["labels"] for part in parts]).astype(np.int64)
    return HeldOut(np.concatenate([part["tiles"] for part in parts]), labels)


def _stored(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as arrays:
        return dict(arrays)
