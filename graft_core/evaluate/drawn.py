"""Sets drawn straight from demo worlds into arrays: pairs and captions to train on, labelled tiles to validate on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TypeVar

import numpy as np

from graft_core.train.pairs import place_tiles
from graft_core.types import I64, U8, SensorName
from graft_core.world import ground, land, overhead
from graft_core.world.album import take_photos

Drawn = TypeVar("Drawn")

PIXEL_M = {"naip": 1, "sentinel2": 10}
"""Metres per pixel of the two demo sensors."""
TILE_PX = 128
"""Side of the demo encoders' tiles and of the photos they are paired with, pixels."""
HALF_EXTENT_M = {"naip": 2048, "sentinel2": 12000}
"""Half the side of the square of each world that is drawn from, metres."""
SENTINEL2_WHITE = 3000
"""Digital number drawn as white: reflectance 0.3 (graft.md)."""


@dataclass(frozen=True)
class DrawnPairs:
    """Tiles and their photos from one or more worlds, photos grouped by tile."""

    tiles: U8
    """(T, S, S, 3) RGB."""
    photos: U8
    """(P, S, S, 3) RGB."""
    owner: I64
    """(P,) tile of each photo, ascending."""
    captions: tuple[str, ...]
    """One true sentence a photo; the teacher alone may read it."""


@dataclass(frozen=True)
class LabelledTiles:
    """Tiles with one class over half of their area."""

    tiles: U8
    """(T, S, S, 3) RGB."""
    labels: I64
    """(T,) class id - 1, a row of land.CLASSES."""


def rgb_tile(sensor: SensorName, seed: int, left: int, top: int, side_px: int) -> tuple[U8, U8]:
    """RGB (S, S, 3) as an encoder sees it, and class ids (S, S), of a square with its corner at (left, top) metres."""
    if sensor == "naip":
        pixels, classes = overhead.render_naip(seed, left, top, side_px, side_px)
        return pixels[:, :, :3], classes
    numbers, classes = overhead.render_sentinel2(seed, left, top, side_px, side_px)
    scaled = numbers[:, :, :3].astype(np.float32) * (255 / SENTINEL2_WHITE)
    return np.rint(scaled.clip(0, 255)).astype(np.uint8), classes


def draw_pairs(sensor: SensorName, seed: int, photos: int) -> DrawnPairs:
    """Scatter photos over one world, place tiles on them greedily (train.pairs) and draw both."""
    rng = np.random.default_rng([seed, PIXEL_M[sensor]])
    half, side = HALF_EXTENT_M[sensor], TILE_PX * PIXEL_M[sensor]
    positions = rng.uniform(-half, half, (photos, 2))
    placement = place_tiles(positions, side, rng)
    step = PIXEL_M[sensor]
    corners = np.rint((placement.centers + np.array([-side / 2, side / 2])) / step).astype(int) * step
    tiles = np.stack([rgb_tile(sensor, seed, int(x), int(y), TILE_PX)[0] for x, y in corners])
    shown = list(take_photos(seed, positions[placement.photo], rng, TILE_PX))
    return DrawnPairs(
        tiles,
        np.stack([photo.pixels for photo in shown]),
        placement.owner,
        tuple(photo.caption for photo in shown),
    )


def draw_labelled_tiles(sensor: SensorName, seed: int, count: int) -> LabelledTiles:
    """Draw tiles at random places of one world and keep those that one class dominates."""
    rng = np.random.default_rng([seed, PIXEL_M[sensor], 1])
    side = TILE_PX * PIXEL_M[sensor]
    half = HALF_EXTENT_M[sensor] - side // 2
    corners = np.rint((rng.uniform(-half, half, (count, 2)) + np.array([-side / 2, side / 2])) / PIXEL_M[sensor])
    tiles, labels = [], []
    for x, y in corners.astype(int) * PIXEL_M[sensor]:
        pixels, classes = rgb_tile(sensor, seed, int(x), int(y), TILE_PX)
        share = np.bincount(classes.ravel(), minlength=len(land.CLASSES) + 1) / classes.size
        if share[1:].max() > 0.5:
            tiles.append(pixels)
            labels.append(int(share[1:].argmax()))
    return LabelledTiles(np.stack(tiles), np.array(labels, dtype=np.int64))


def draw_labelled_photos(seeds: Sequence[int], count: int) -> tuple[U8, I64]:
    """Photos (N, S, S, 3) at random places of each world, as many a world as ``count``, and their class rows (N,)."""
    photos, labels = [], []
    for seed in seeds:
        rng = np.random.default_rng([seed, 2])
        x, y = rng.uniform(-HALF_EXTENT_M["naip"], HALF_EXTENT_M["naip"], (2, count)).tolist()
        headings = rng.uniform(0, 360, count).tolist()
        views = ground.look(seed, x, y, headings)
        labels += [land.ID[view.place] - 1 for view in views]
        photos += [
            ground.render_photo(seed, east, north, heading, int(rng.integers(2**31)), TILE_PX, view=view)
            for east, north, heading, view in zip(x, y, headings, views, strict=True)
        ]
    return np.stack(photos), np.array(labels, dtype=np.int64)


def join_pairs(parts: Sequence[DrawnPairs]) -> DrawnPairs:
    """One set out of several, owners renumbered."""
    before = np.cumsum([0, *(len(part.tiles) for part in parts[:-1])])
    return DrawnPairs(
        np.concatenate([part.tiles for part in parts]),
        np.concatenate([part.photos for part in parts]),
        np.concatenate([part.owner + offset for part, offset in zip(parts, before, strict=True)]),
        tuple(caption for part in parts for caption in part.captions),
    )


def for_each_seed(draw: Callable[[int], Drawn], seeds: Sequence[int], workers: int) -> list[Drawn]:
    """Run ``draw`` for every seed, in processes when there are workers, in the order of the seeds."""
    if workers <= 1:
        return [draw(seed) for seed in seeds]
    with get_context("spawn").Pool(workers) as pool:
        return pool.map(draw, seeds, chunksize=1)
