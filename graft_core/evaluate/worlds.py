"""How well the demo encoders do on worlds they were never trained on, asked as an analyst would ask."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from graft_core.evaluate.drawn import draw_labelled_tiles
from graft_core.evaluate.metrics import (
    color_features,
    mean_average_precision_at_k,
    nearest_neighbours_predict,
    pearson,
    top1_accuracy,
)
from graft_core.geo.density import lattice_sigma, smooth_lattice
from graft_core.geo.grid import TileGrid
from graft_core.index.store import IndexStore
from graft_core.io.geotiff import read_classes
from graft_core.io.scene import Scene, open_scene, read_tiles
from graft_core.models.catalogue import DEMO_TEACHER
from graft_core.models.registry import default_encoder_name, load_encoder
from graft_core.search.query import parse_query
from graft_core.tasks.density import density_map
from graft_core.tasks.index_scene import index_scene
from graft_core.tasks.score import Searcher
from graft_core.types import F32, I64, U8, Encoder, SensorName
from graft_core.world import land
from graft_core.world.scenes import write_scene

SIDE_PX: dict[SensorName, int] = {"naip": 4096, "sentinel2": 2048}
"""Sides of the scenes, as ``world`` writes them."""
COLOUR_SEEDS = (1000, 1001, 1002)
"""Worlds the supervised colour baseline knows: training worlds, as the encoders had."""
COLOUR_TILES = 400
"""Tiles it knows of each."""
RANKS = 20
MAJORITY = 0.5
"""A tile is of a class that fills more than this share of it."""


@dataclass(frozen=True)
class WorldFigures:
    """What was measured on one world by one sensor; all but ``tiles`` in [0, 1], ``density_r`` in [-1, 1]."""

    tiles: float
    """Tiles that one class dominates: those the figures but the last are over."""
    zero_shot_top1: float
    """Share of tiles whose class is the word of highest cosine."""
    baseline_top1: float
    """The same for the teacher's photo tower, which never saw the world from above."""
    map_at_20: float
    """Mean over the classes of the average precision of the first 20 tiles."""
    baseline_map_at_20: float
    """The same for the teacher's photo tower."""
    colour_knn_top1: float
    """15 nearest neighbours on mean and spread of the colours, supervised with tiles of training worlds."""
    density_r: float
    """Mean over the classes of Pearson's r between the density and the true area share under the same kernel."""


def evaluate_worlds(
    seeds: Sequence[int], report: Callable[[str], None], *, side_px: dict[SensorName, int] | None = None
) -> dict[str, Any]:
    """Measure the default encoders on the worlds of the seeds, through the index and the density of the product.

    Args:
        seeds: worlds that were not trained on.
        report: told what is being done.
        side_px: sides of the scenes; those of ``world`` unless given.

    Returns:
        What the command line prints: figures by sensor, means over the worlds, with their spread (standard deviation)
        where there are several.
    """
    sides = SIDE_PX if side_px is None else side_px
    sensors = {}
    for sensor in sides:
        report(f"{sensor}: drawing what the colour baseline knows")
        colours = _ColourBaseline.of(sensor)
        found = []
        for seed in seeds:
            report(f"{sensor}: world {seed}")
            found.append(measure_world(sensor, seed, sides[sensor], colours))
        sensors[sensor] = {"encoder": default_encoder_name(sensor), **_summary(found)}
    return {"seed": seeds[0], "seeds": list(seeds), "sensors": sensors}


def _summary(found: Sequence[WorldFigures]) -> dict[str, Any]:
    rows = np.array([list(asdict(figures).values()) for figures in found])  # (worlds, figures)
    names = [field.name for field in fields(WorldFigures)]
    means: dict[str, Any] = dict(zip(names, rows.mean(axis=0).round(4).tolist(), strict=True))
    means["tiles"] = int(rows[:, 0].sum())
    if len(found) > 1:
        means["spread"] = dict(zip(names[1:], rows[:, 1:].std(axis=0, ddof=1).round(4).tolist(), strict=True))
    return means


def measure_world(sensor: SensorName, seed: int, side_px: int, colours: "_ColourBaseline") -> WorldFigures:
    """Write one scene, index it with the default encoder and with the teacher, and compare with the truth."""
    with tempfile.TemporaryDirectory(prefix="graft-evaluate-") as name:
        folder = Path(name)
        write_scene(folder, sensor, seed, side_px)
        scene = open_scene(folder / f"{sensor}.tif")
        classes, _ = read_classes(folder / f"truth_{sensor}.tif")
        searcher = _searcher(scene, load_encoder(default_encoder_name(sensor)), folder)
        teacher = _searcher(scene, load_encoder(DEMO_TEACHER, sensor=sensor), folder)
        grid = TileGrid.from_json(searcher.snapshot.record(scene.name).grid_json)
        shares = class_shares(classes, grid)  # (N, C)
        labelled = shares.max(axis=1) > MAJORITY
        truth = shares.argmax(axis=1)[labelled].astype(np.int64)
        ours, theirs = (word_scores(each, scene.name)[labelled] for each in (searcher, teacher))
        return WorldFigures(
            tiles=int(labelled.sum()),
            zero_shot_top1=top1_accuracy(ours, truth),
            baseline_top1=top1_accuracy(theirs, truth),
            map_at_20=mean_average_precision_at_k(ours, truth, RANKS),
            baseline_map_at_20=mean_average_precision_at_k(theirs, truth, RANKS),
            colour_knn_top1=float((colours.predict(scene, grid)[labelled] == truth).mean()),
            density_r=density_agreement(scene, searcher, shares, np.unique(truth)),
        )


def _searcher(scene: Scene, encoder: Encoder, root: Path) -> Searcher:
    for _ in index_scene(scene, encoder, root / "indexes"):
        pass
    return Searcher(IndexStore(root / "indexes", encoder.spec).snapshot(), encoder)


def class_shares(classes: U8, grid: TileGrid) -> F32:
    """(H, W) class ids on the grid's pixels -> (N, C) share of each tile's square that each class covers.

    What a tile shows beyond the border of the scene is of no class.
    """
    height, width = classes.shape
    first = grid.tile(0)
    top = first.top + grid.stride_px * np.arange(grid.rows)
    left = first.left + grid.stride_px * np.arange(grid.cols)
    rows = [np.clip(top + edge, 0, height) for edge in (0, grid.tile_px)]
    cols = [np.clip(left + edge, 0, width) for edge in (0, grid.tile_px)]
    shares = np.empty((len(grid), len(land.CLASSES)), np.float32)
    total = np.zeros((height + 1, width + 1), np.int64)
    for i, name in enumerate(land.CLASSES):
        np.cumsum(np.cumsum(classes == land.ID[name], axis=0), axis=1, out=total[1:, 1:])
        above, below = total[rows[0]], total[rows[1]]  # (R, W + 1)
        count = below[:, cols[1]] - below[:, cols[0]] - above[:, cols[1]] + above[:, cols[0]]  # (R, C)
        shares[:, i] = count.ravel() / grid.tile_px**2
    return shares


def word_scores(searcher: Searcher, scene: str) -> F32:
    """(N, C) cosine of every tile of the grid with the name of every class, as a typed query gives it."""
    columns = []
    for name in land.CLASSES:
        scores = searcher.scores(searcher.resolve(parse_query(name)), [scene])[0]
        columns.append(scores.lattice(scores.score).ravel())
    return np.stack(columns, axis=1)


def density_agreement(scene: Scene, searcher: Searcher, shares: F32, present: I64) -> float:
    """Mean over the classes ``present`` of Pearson's r between the density of the word and the smoothed true share."""
    found = []
    for i in present:
        density = density_map(scene, searcher, parse_query(land.CLASSES[i]))
        scores = density.scores
        valid = scores.lattice(scores.valid, 0)
        true = np.divide(shares[:, i].reshape(valid.shape), valid, out=np.zeros_like(valid), where=valid > 0)
        sigma = lattice_sigma(density.recipe.bandwidth, scores.grid)
        found.append(pearson(density.field.values[0], smooth_lattice(true, valid, sigma)))
    return float(np.mean(found))


@dataclass(frozen=True)
class _ColourBaseline:
    """Labelled colours of training worlds."""

    features: np.ndarray
    labels: I64

    @classmethod
    def of(cls, sensor: SensorName) -> "_ColourBaseline":
        drawn = [draw_labelled_tiles(sensor, seed, COLOUR_TILES) for seed in COLOUR_SEEDS]
        features = color_features(np.concatenate([each.tiles for each in drawn]))
        return cls(features, np.concatenate([each.labels for each in drawn]))

    def predict(self, scene: Scene, grid: TileGrid) -> I64:
        """(N,) class row of every tile of the grid; -1 where there is no tile."""
        predicted = np.full(len(grid), -1, np.int64)
        for batch in read_tiles(scene, grid, batch=256):
            asked = color_features(batch.pixels)
            predicted[batch.index] = nearest_neighbours_predict(self.features, self.labels, asked)
        return predicted
