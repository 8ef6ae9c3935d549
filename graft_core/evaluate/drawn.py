"""Sets drawn straight from demo worlds into arrays: pairs and captions to train on, labelled tiles to validate on."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TypeVar

import numpy as np

from graft_core.evaluate.metrics import F64
from graft_core.train.pairs.placing import place_tiles
from graft_core.types import I64, U8, SensorName
from graft_core.world import ground, land, overhead
from graft_core.world.album import DISTRACTOR_SHARE, take_photos

Drawn = TypeVar("Drawn")

PIXEL_M = {"naip": 1, "sentinel2": 10}
"""Metres per pixel of the two demo sensors."""
TILE_PX = 128
"""Side of the demo encoders' tiles and of the photos they are paired with, pixels."""
HALF_EXTENT_M = {"naip": 2048, "sentinel2": 12000}
"""Half the side of the square of each world that is drawn from, metres."""
WORLDS_APART_M = 1e6
"""Metres between the origins of worlds that are joined: no tile of one is a neighbour of another's."""
SENTINEL2_WHITE = 3000
"""Digital number drawn as white: reflectance 0.3 (graft.md)."""


@dataclass(frozen=True)
class Taking:
    """How the photos of a world are taken; the defaults are those of the shipped encoders."""

    geotag_error_m: float = 0.0
    """Standard deviation of the reported position along each axis, metres; tiles are placed on what is reported. Photos
    of one place share the error, so that a larger one does not scatter them over more tiles."""
    photos_per_place: int = 1
    """Photos taken within a quarter of a tile's side of each place: one tile takes them all, unless a tile of another
    place comes first."""
    distractor_share: float = DISTRACTOR_SHARE
    """Share of photos that show no place."""


@dataclass(frozen=True)
class PlacedPhotos:
    """Where the photos of one world were taken and which tiles they lie in, nothing drawn yet."""

    positions: F64
    """(P, 2) x, y metres where each photo really was taken, photos grouped by tile."""
    owner: I64
    """(P,) tile of each photo, ascending."""
    pixel: F64
    """(P, 2) row, col of the reported position in its tile, pixels."""
    corners: I64
    """(T, 2) x, y metres of the upper left corner of each tile, whole pixels."""
    centers: F64
    """(T, 2) x, y metres of the photo that each tile was placed on."""


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
    pixel: F64
    """(P, 2) row, col of each photo in its tile, pixels."""
    centers: F64
    """(T, 2) x, y metres of each tile's centre; of several worlds, each lies `WORLDS_APART_M` east of the last."""


@dataclass(frozen=True)
class LabelledTiles:
    """Tiles and what is true of them."""

    tiles: U8
    """(T, S, S, 3) RGB."""
    labels: I64
    """Class id - 1, a row of land.CLASSES: of the one class over half of a tile's area (T,), or of each pixel
    (T, S, S), -1 where there is none."""


def rgb_tile(sensor: SensorName, seed: int, left: int, top: int, side_px: int) -> tuple[U8, U8]:
    """RGB (S, S, 3) as an encoder sees it, and class ids (S, S), of a square with its corner at (left, top) metres."""
    if sensor == "naip":
        pixels, classes = overhead.render_naip(seed, left, top, side_px, side_px)
        return pixels[:, :, :3], classes
    numbers, classes = overhead.render_sentinel2(seed, left, top, side_px, side_px)
    scaled = numbers[:, :, :3].astype(np.float32) * (255 / SENTINEL2_WHITE)
    return np.rint(scaled.clip(0, 255)).astype(np.uint8), classes


def placed_photos(sensor: SensorName, seed: int, photos: int, taking: Taking | None = None) -> PlacedPhotos:
    """Scatter photos over one world and place tiles on them greedily (train.pairs); the tiles of `draw_pairs`."""
    return _placed(sensor, seed, photos, taking or Taking())[0]


def draw_pairs(sensor: SensorName, seed: int, photos: int, taking: Taking | None = None) -> DrawnPairs:
    """Scatter photos over one world, place tiles on them greedily (train.pairs) and draw both."""
    taking = taking or Taking()
    placed, rng = _placed(sensor, seed, photos, taking)
    tiles = np.stack([rgb_tile(sensor, seed, x, y, TILE_PX)[0] for x, y in placed.corners.tolist()])
    shown = list(take_photos(seed, placed.positions, rng, TILE_PX, distractor_share=taking.distractor_share))
    return DrawnPairs(
        tiles,
        np.stack([photo.pixels for photo in shown]),
        placed.owner,
        tuple(photo.caption for photo in shown),
        placed.pixel,
        placed.centers,
    )


def _placed(sensor: SensorName, seed: int, photos: int, taking: Taking) -> tuple[PlacedPhotos, np.random.Generator]:
    """The placed photos, and the random numbers their looks are drawn with."""
    rng = np.random.default_rng([seed, PIXEL_M[sensor]])
    half, side = HALF_EXTENT_M[sensor], TILE_PX * PIXEL_M[sensor]
    positions = rng.uniform(-half, half, (photos // taking.photos_per_place, 2))
    # The error has random numbers of its own: without it, everything else stays as it is.
    error = taking.geotag_error_m * np.random.default_rng([seed, PIXEL_M[sensor], 3]).normal(size=positions.shape)
    if taking.photos_per_place > 1:
        around = rng.uniform(-side / 4, side / 4, (len(positions), taking.photos_per_place, 2))
        positions = (positions[:, None] + around).reshape(-1, 2)
    reported = positions + error.repeat(taking.photos_per_place, axis=0)
    placement = place_tiles(reported, side, rng)
    step = PIXEL_M[sensor]
    corners = np.rint((placement.centers + np.array([-side / 2, side / 2])) / step).astype(np.int64) * step
    pixel = pixel_of(reported[placement.photo], corners[placement.owner], step)
    return PlacedPhotos(positions[placement.photo], placement.owner, pixel, corners, placement.centers), rng


def pixel_of(positions: F64, corners: I64, pixel_m: int) -> F64:
    """(P, 2) row, col in pixels of positions (P, 2) in tiles whose upper left corners lie at (P, 2), all x, y metres.

    Corners are rounded to whole pixels, so a photo on the border of its tile can lie half a pixel outside.
    """
    column, row = ((positions - corners) * np.array([1, -1]) / pixel_m).T
    return np.stack([row, column], axis=1)


def thinned(owner: I64, photos_per_tile: int, seed: int) -> I64:
    """Rows of the photos that stay where no tile may keep more than so many; fewer are always among more.

    Args:
        owner: (P,) tile of each photo, ascending.
        photos_per_tile: most photos a tile keeps.
        seed: decides which ones.
    """
    order = np.random.default_rng([seed, 4]).permutation(len(owner))
    order = order[np.argsort(owner[order], kind="stable")]  # photos by tile, shuffled within each
    rank = np.arange(len(order)) - np.searchsorted(owner, owner[order])
    return np.sort(order[rank < photos_per_tile])


def draw_labelled_tiles(sensor: SensorName, seed: int, count: int) -> LabelledTiles:
    """Draw tiles at random places of one world and keep those that one class dominates."""
    tiles, labels = [], []
    for pixels, classes in _random_tiles(sensor, seed, count):
        share = np.bincount(classes.ravel(), minlength=len(land.CLASSES) + 1) / classes.size
        if share[1:].max() > 0.5:
            tiles.append(pixels)
            labels.append(int(share[1:].argmax()))
    return LabelledTiles(np.stack(tiles), np.array(labels, dtype=np.int64))


def draw_mapped_tiles(sensor: SensorName, seed: int, count: int) -> LabelledTiles:
    """Draw tiles at random places of one world, with the class of every pixel."""
    tiles, classes = zip(*_random_tiles(sensor, seed, count), strict=True)
    return LabelledTiles(np.stack(tiles), np.stack(classes).astype(np.int64) - 1)


def _random_tiles(sensor: SensorName, seed: int, count: int) -> Iterator[tuple[U8, U8]]:
    """RGB (S, S, 3) and class ids (S, S) of so many tiles."""
    rng = np.random.default_rng([seed, PIXEL_M[sensor], 1])
    side = TILE_PX * PIXEL_M[sensor]
    half = HALF_EXTENT_M[sensor] - side // 2
    corners = np.rint((rng.uniform(-half, half, (count, 2)) + np.array([-side / 2, side / 2])) / PIXEL_M[sensor])
    for x, y in corners.astype(int) * PIXEL_M[sensor]:
        yield rgb_tile(sensor, seed, int(x), int(y), TILE_PX)


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
    """One set out of several worlds, owners renumbered, worlds moved apart."""
    before = np.cumsum([0, *(len(part.tiles) for part in parts[:-1])])
    return DrawnPairs(
        np.concatenate([part.tiles for part in parts]),
        np.concatenate([part.photos for part in parts]),
        np.concatenate([part.owner + offset for part, offset in zip(parts, before, strict=True)]),
        tuple(caption for part in parts for caption in part.captions),
        np.concatenate([part.pixel for part in parts]),
        np.concatenate([part.centers + np.array([i * WORLDS_APART_M, 0]) for i, part in enumerate(parts)]),
    )


def for_each_seed(draw: Callable[[int], Drawn], seeds: Sequence[int], workers: int) -> list[Drawn]:
    """Run ``draw`` for every seed, in processes when there are workers, in the order of the seeds."""
    if workers <= 1:
        return [draw(seed) for seed in seeds]
    with get_context("spawn").Pool(workers) as pool:
        return pool.map(draw, seeds, chunksize=1)
