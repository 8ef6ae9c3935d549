"""How well the demo encoders do on worlds they were never trained on, asked as an analyst would ask."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

import numpy as np

from graft_core.evaluate.colour_baseline import ColourBaseline
from graft_core.evaluate.contenders import Contender, choose_contenders
from graft_core.evaluate.metrics import (
    F64,
    mean_average_precision_at_k,
    pearson,
    top1_accuracy,
)
from graft_core.evaluate.objects import Found, find_objects
from graft_core.evaluate.pooled import PooledEncoder
from graft_core.evaluate.segmentation import segment
from graft_core.geo.density import lattice_sigma, smooth_lattice
from graft_core.geo.grid import TileGrid
from graft_core.index.store import IndexStore
from graft_core.io.geotiff import read_classes
from graft_core.io.scene import Scene, open_scene
from graft_core.models.catalogue import DEFAULT_SEGMENTER
from graft_core.models.registry import find_model
from graft_core.models.sam import Segmenter, load_segmenter
from graft_core.search.query import parse_query
from graft_core.tasks.density import density_map
from graft_core.tasks.index_scene import index_scene
from graft_core.tasks.sam_windows import WindowLooks
from graft_core.tasks.score import Searcher
from graft_core.types import F32, I64, U8, Bool, Encoder, SensorName
from graft_core.world import land
from graft_core.world.scenes import write_scene

SIDE_PX: dict[SensorName, int] = {"naip": 4096, "sentinel2": 2048}
"""Sides of the scenes, as ``world`` writes them."""
RANKS = 20
MAJORITY = 0.5
"""A tile is of a class that fills more than this share of it."""
LOOKS_KEPT = 128
"""Windows of a world that SAM's embeddings are kept of, for one class after the other: all of a scene of 4096 px."""


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
    seeds: Sequence[int],
    report: Callable[[str], None],
    *,
    encoders: Sequence[str] = (),
    sensors: Sequence[SensorName] = (),
    segmentation: bool = False,
    side_px: Mapping[SensorName, int] | None = None,
) -> dict[str, Any]:
    """Measure encoders on the worlds of the seeds, through the index and the density of the product.

    Args:
        seeds: worlds that were not trained on.
        report: told what is being done.
        encoders: names or paths; each replaces the default encoder of its own sensor and level.
        sensors: which to measure; unless given, those of the encoders, or all.
        segmentation: whether patches are measured too, and SAM's outlines where its weights are here.
        side_px: sides of the scenes; those of ``world`` unless given.

    Returns:
        What the command line prints: figures by sensor, means over the worlds, with their spread (standard deviation)
        where there are several.

    Raises:
        ModelError: an encoder is unknown or missing, or two of one level are given for one sensor.
    """
    sides = SIDE_PX if side_px is None else side_px
    segmenter = _segmenter(report) if segmentation else None
    found = {}
    for chosen in choose_contenders(encoders, sensors, tuple(sides)):
        sensor = chosen.sensor
        report(f"{sensor}: drawing what the colour baseline knows")
        colours = ColourBaseline.of(sensor)
        if segmentation and chosen.pixel_level is None:
            report(
                f"{sensor}: no pixel-level encoder is here, so miou_pixel_level is left out; name one with --encoder"
            )
        worlds = []
        for seed in seeds:
            report(f"{sensor}: world {seed}")
            worlds.append(measure_world(chosen, seed, sides[sensor], colours, segmentation, segmenter))
        found[sensor] = chosen.names(segmentation) | _summary(worlds)
    return {"seed": seeds[0], "seeds": list(seeds), "sensors": found}


@dataclass(frozen=True)
class Measured:
    """One world by one sensor."""

    figures: WorldFigures
    """Of tiles and density."""
    iou: Mapping[str, F64]
    """(C,) intersection over union of every class by way of segmenting; empty where that was not asked for."""
    objects: Mapping[str, Found] = field(default_factory=dict)
    """Compact class -> its objects; empty without SAM."""


def _segmenter(report: Callable[[str], None]) -> Segmenter | None:
    entry = find_model(DEFAULT_SEGMENTER)
    if entry.present:
        return load_segmenter()
    report(f"{entry.name} is not here, so miou_pixel_sam and object_f1 are left out: {entry.how_to_get}")
    return None


def _summary(worlds: Sequence[Measured]) -> dict[str, Any]:
    """Means over the worlds of every figure; a class counts where it occurs."""
    each = [asdict(world.figures) | _mean_ious(world) for world in worlds]
    rows = np.array([list(figures.values()) for figures in each])  # (worlds, figures)
    names = list(each[0])
    means: dict[str, Any] = dict(zip(names, rows.mean(axis=0).round(4).tolist(), strict=True))
    means["tiles"] = int(rows[:, 0].sum())
    if len(worlds) > 1:
        means["spread"] = dict(zip(names[1:], rows[:, 1:].std(axis=0, ddof=1).round(4).tolist(), strict=True))
    if worlds[0].iou:
        means["iou"] = {way: _by_class([world.iou[way] for world in worlds]) for way in worlds[0].iou}
    if any(world.objects for world in worlds):
        means["object_f1"] = _object_f1([world.objects for world in worlds])
    return means


def _object_f1(worlds: Sequence[Mapping[str, Found]]) -> dict[str, dict[str, float]]:
    """Class -> F1 over the objects of all worlds together, and how many there are."""
    names = dict.fromkeys(name for world in worlds for name in world)
    pooled = {name: reduce(add, [world[name] for world in worlds if name in world]) for name in names}
    return {
        name: {
            "without_sam": round(found.without_sam.f1, 4),
            "with_sam": round(found.with_sam.f1, 4),
            "objects": found.with_sam.found + found.with_sam.missed,
        }
        for name, found in pooled.items()
        if found.with_sam.found + found.with_sam.missed
    }


def _mean_ious(world: Measured) -> dict[str, float]:
    return {f"miou_{way}": float(np.nanmean(iou)) for way, iou in world.iou.items()}


def _by_class(worlds: Sequence[F64]) -> dict[str, float]:
    """Class name -> mean over the worlds that have the class."""
    stacked = np.stack(worlds)  # (worlds, C)
    occurs = np.isfinite(stacked).any(axis=0)
    means = np.nanmean(stacked[:, occurs], axis=0).round(4).tolist()
    return dict(zip(np.array(land.CLASSES)[occurs].tolist(), means, strict=True))


def measure_world(
    chosen: Contender,
    seed: int,
    side_px: int,
    colours: ColourBaseline,
    segmentation: bool = False,
    segmenter: Segmenter | None = None,
) -> Measured:
    """Write one scene, index it with the encoder and with the teacher, and compare with the truth.

    Tiles are ranked by one vector each; where the encoder is of pixel level that is the mean of its tokens, while its
    density comes from the finer grid of its patches, as in the product.
    """
    sensor = chosen.sensor
    with tempfile.TemporaryDirectory(prefix="graft-evaluate-") as name:
        folder = Path(name)
        write_scene(folder, sensor, seed, side_px)
        scene = open_scene(folder / f"{sensor}.tif")
        classes, _ = read_classes(folder / f"truth_{sensor}.tif")
        density = _searcher(scene, chosen.encoder, folder)
        pooled = chosen.encoder.spec.level == "patch"
        searcher = _searcher(scene, PooledEncoder(chosen.encoder), folder) if pooled else density
        teacher = _searcher(scene, chosen.teacher, folder)
        ours, theirs = (_Labelled.of(each, scene, classes) for each in (searcher, teacher))
        fine = class_shares(classes, _grid(density, scene)) if pooled else ours.shares
        colour = colours.predict(scene, _grid(searcher, scene))[ours.kept]
        figures = WorldFigures(
            tiles=len(ours.truth),
            zero_shot_top1=top1_accuracy(ours.scores, ours.truth),
            baseline_top1=top1_accuracy(theirs.scores, theirs.truth),
            map_at_20=mean_average_precision_at_k(ours.scores, ours.truth, RANKS),
            baseline_map_at_20=mean_average_precision_at_k(theirs.scores, theirs.truth, RANKS),
            colour_knn_top1=float((colour == ours.truth).mean()),
            density_r=density_agreement(scene, density, fine, np.unique(ours.truth)),
        )
        return _segmented(figures, chosen, scene, classes, folder, segmenter) if segmentation else Measured(figures, {})


@dataclass(frozen=True)
class _Labelled:
    """The tiles of an encoder's own grid that one class dominates, and what its words say of them."""

    shares: F32
    """(N, C) of every tile of the grid."""
    kept: Bool
    """(N,) whether one class dominates the tile."""
    truth: I64
    """(K,) that class."""
    scores: F32
    """(K, C) cosine with every class's name."""

    @classmethod
    def of(cls, searcher: Searcher, scene: Scene, classes: U8) -> "_Labelled":
        shares = class_shares(classes, _grid(searcher, scene))
        kept = shares.max(axis=1) > MAJORITY
        truth = shares.argmax(axis=1)[kept].astype(np.int64)
        return cls(shares, kept, truth, word_scores(searcher, scene.name)[kept])


def _segmented(
    figures: WorldFigures, chosen: Contender, scene: Scene, classes: U8, folder: Path, segmenter: Segmenter | None
) -> Measured:
    """What is measured besides, pixel by pixel and object by object."""
    looks, cache = WindowLooks(LOOKS_KEPT), folder / "patches"
    iou = segment(
        scene,
        classes,
        cache,
        teacher=chosen.teacher_tokens,
        image_tokens=chosen.image_tokens,
        image_level=chosen.image_level,
        pixel_level=chosen.pixel_level,
        segmenter=segmenter,
        looks=looks,
    )
    if segmenter is None or chosen.pixel_level is None:
        return Measured(figures, iou)
    return Measured(figures, iou, find_objects(scene, classes, chosen.pixel_level, cache, segmenter, looks))


def _grid(searcher: Searcher, scene: Scene) -> TileGrid:
    return TileGrid.from_json(searcher.snapshot.record(scene.name).grid_json)


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
