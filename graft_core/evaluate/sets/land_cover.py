"""Scenes with a raster of their land cover: which class's words are nearest, pixel by pixel (mIoU).

The map is the one that ``classify`` draws, without an unsure class. Pixels of all scenes are counted together, so that
a class counts once however many scenes show it.
"""

import hashlib
import json
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from graft_core.errors import BenchmarkError
from graft_core.evaluate.class_maps import result
from graft_core.evaluate.metrics import class_iou
from graft_core.evaluate.sets.class_words import SATLAS
from graft_core.evaluate.sets.embed import make_folder
from graft_core.evaluate.sets.labelled_set import files_fingerprint
from graft_core.evaluate.sets.result import SetResult, per_class, rounded
from graft_core.io.atomic import write_json
from graft_core.io.reference import Reference, open_reference
from graft_core.io.satlas import find_satlas, write_satlas_tile
from graft_core.io.scene import Scene, open_scene
from graft_core.io.sensors import SensorOption
from graft_core.tasks.accuracy import NothingKnownError, accuracy
from graft_core.tasks.class_list import ClassName, check_classes, class_colors
from graft_core.tasks.classify import label_map
from graft_core.types import I64, Encoder, Progress

LAYOUTS = ("landcover", "satlas")
"""What ``open_land_cover`` understands."""
RASTERS = (".tif", ".tiff", ".jp2", ".vrt")


@dataclass(frozen=True)
class LandCoverSet:
    """Scenes, each with a raster of classes."""

    name: str
    """Of the set, for tables."""
    pairs: tuple[tuple[Path, Path], ...]
    """Scene and its labels."""
    words: Mapping[str, str]
    """Class, as the labels call it -> what a query asks for; other classes of the labels are left out."""
    sensor: SensorOption | None
    """Of the scenes; None where each tells by itself."""
    fingerprint: str
    """Sixteen hex digits over scenes and labels; changed files change it."""

    def scene(self, i: int) -> Scene:
        """Scene i; SceneError where it cannot be opened."""
        return open_scene(self.pairs[i][0], sensor=self.sensor)


def open_land_cover(root: Path, layout: str, work: Path, words: Mapping[str, str] | None = None) -> LandCoverSet:
    """Open a set of scenes with labels.

    Args:
        root: with ``landcover`` a folder that holds ``images/`` and ``labels/``, GeoTIFFs of the same names; with
            ``satlas`` that of SatlasPretrain.
        layout: one of LAYOUTS.
        work: folder for GeoTIFFs of what comes without a place; made if missing.
        words: class of the labels -> what to ask for it with; then these classes alone are told apart.

    Raises:
        BenchmarkError: there is no such folder, the set is not in the layout, or ``words`` names a class that the
            labels do not have.
        ExportError: labels cannot be read, or ``work`` cannot be written.
    """
    if not root.is_dir():
        raise BenchmarkError(f"There is no folder {root}; give the one that holds the scenes and their labels.")
    if layout == "satlas":
        return _satlas(root, work, words)
    pairs = _pairs(root)
    names = dict.fromkeys(name for _, labels in pairs for name in open_reference(labels).names)
    chosen = _chosen(root, {name: name for name in names}, words)
    fingerprint = files_fingerprint(root, [path for pair in pairs for path in pair])
    return LandCoverSet(root.absolute().name, pairs, chosen, None, fingerprint)


def evaluate_land_cover(asked: LandCoverSet, encoder: Encoder, cache: Path) -> Generator[Progress, None, SetResult]:
    """Measure one encoder on the scenes; those that were measured before are not looked at again.

    Args:
        asked: scenes and labels.
        encoder: of patch level; one of tile level labels whole tiles. Its templates make the prompts.
        cache: folder of embeddings and of what was counted.

    Yields:
        Progress in scenes.

    Returns:
        ``miou`` (mean over the classes that the labels show of intersection over union) and ``overall_accuracy``.

    Raises:
        SceneError, ExportError: a scene or its labels cannot be read, or do not meet.
        BenchmarkError: no scene shows any of the classes.
        QueryError: the classes make no map, for example one alone.
    """
    classes = _classes(asked.words)
    started, count = time.monotonic(), len(asked.pairs)
    total = np.zeros((len(classes), len(classes)), np.int64)
    resumed = 0
    for i in range(count):
        scene, reference = asked.scene(i), open_reference(asked.pairs[i][1])
        path = _counts_path(scene, reference, classes, encoder, cache)
        counts = _kept(path, len(classes))
        if counts is None:
            counts = _count(scene, reference, classes, encoder, cache)
            make_folder(path.parent)
            write_json(path, counts.tolist())
        else:
            resumed += 1
        total += counts
        yield Progress(i + 1, count, "scenes", time.monotonic() - started, resumed=resumed)
    if not total.any():
        raise BenchmarkError(
            f"The labels of {asked.name} show none of the classes {', '.join(asked.words)} on their scenes' ground; "
            "choose other classes, or check that the labels lie over the scenes."
        )
    iou = class_iou(total)
    return SetResult(
        dataset=asked.name,
        fingerprint=asked.fingerprint,
        images=count,
        encoder=encoder.spec.name,
        encoder_key=encoder.spec.key,
        tile_px=encoder.spec.tile_px,
        fit="scene",
        templates=encoder.defaults.templates,
        words=dict(asked.words),
        figures={
            "miou": rounded(float(np.nanmean(iou))),
            "overall_accuracy": rounded(float(np.diag(total).sum() / total.sum())),
        },
        by_class={"iou": per_class(iou, list(asked.words))},
    )


def _count(scene: Scene, reference: Reference, classes: Sequence[ClassName], encoder: Encoder, cache: Path) -> I64:
    """(C, C) pixels by true class and by what the map says; none where the labels show nothing of the classes."""
    store = cache / ("patches" if encoder.spec.level == "patch" else "indexes")
    made = result(label_map(scene, encoder, classes, store, margin=0.0))
    try:
        return result(accuracy(made, reference)).confusion[:, :-1]
    except NothingKnownError:
        return np.zeros((len(classes), len(classes)), np.int64)


def _counts_path(
    scene: Scene, reference: Reference, classes: Sequence[ClassName], encoder: Encoder, cache: Path
) -> Path:
    """Where the counts of a scene are kept; the name depends on everything that decides them."""
    labels = reference.path.stat()
    decided = [
        [scene.fingerprint, str(reference.path.absolute()), labels.st_size, labels.st_mtime_ns],
        [[each.name, each.words] for each in classes],
        [encoder.defaults.templates, encoder.defaults.temperature],
    ]
    name = hashlib.sha256(json.dumps(decided).encode()).hexdigest()[:16]
    return cache / encoder.spec.key / "counts" / f"{name}.json"


def _kept(path: Path, classes: int) -> I64 | None:
    try:
        counts = np.array(json.loads(path.read_bytes()), np.int64)
    except (OSError, ValueError):
        return None
    return counts if counts.shape == (classes, classes) else None


def _classes(words: Mapping[str, str]) -> tuple[ClassName, ...]:
    classes = tuple(
        ClassName(name, asked, color)
        for (name, asked), color in zip(words.items(), class_colors(len(words)), strict=True)
    )
    check_classes(classes)
    return classes


def _pairs(root: Path) -> tuple[tuple[Path, Path], ...]:
    scenes, labels = (_rasters(root / part) for part in ("images", "labels"))
    alone = sorted(set(scenes) ^ set(labels))
    if alone:
        where = "labels" if alone[0] in scenes else "images"
        raise BenchmarkError(f"'{alone[0]}' of {root} has no raster of that name in {where}/; each scene needs labels.")
    return tuple((path, labels[stem]) for stem, path in scenes.items())


def _rasters(folder: Path) -> dict[str, Path]:
    found = sorted(path for path in folder.glob("*") if path.suffix.lower() in RASTERS)
    if not found:
        raise BenchmarkError(
            f"{folder} holds no raster; a land cover set has scenes in images/ and class rasters of the same names in "
            "labels/."
        )
    return {path.stem: path for path in found}


def _satlas(root: Path, work: Path, words: Mapping[str, str] | None) -> LandCoverSet:
    names = dict(enumerate(SATLAS, start=1))
    make_folder(work)
    tiles = find_satlas(root)
    pairs = [write_satlas_tile(tile, work, names) for tile in tiles]
    known = tuple(pair for pair in pairs if pair is not None)
    if not known:
        raise BenchmarkError(f"No land cover in {root} says anything: all its pixels are 0; is it the whole set?")
    fingerprint = files_fingerprint(root, [path for tile in tiles for path in (tile.image, tile.labels)])
    return LandCoverSet("satlas", known, _chosen(root, SATLAS, words), "sentinel2", fingerprint)


def _chosen(root: Path, usual: Mapping[str, str], words: Mapping[str, str] | None) -> Mapping[str, str]:
    if not words:
        return usual
    unknown = [name for name in words if name not in usual]
    if unknown:
        raise BenchmarkError(f"The labels of {root} have no class '{unknown[0]}'; they have {', '.join(usual)}.")
    return words
