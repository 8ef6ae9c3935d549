"""The class of every pixel of a world by the product's own path: blended patch scores, and SAM's outlines over them."""

from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from graft_core.geo.blend import LatticeField
from graft_core.geo.pixels import PixelFrame, box_around, cells
from graft_core.io.scene import Scene
from graft_core.io.shapes import mask_of, polygons_of
from graft_core.models.sam import Segmenter
from graft_core.tasks.class_list import parse_classes
from graft_core.tasks.class_vectors import class_vectors
from graft_core.tasks.matching import CELL, MATCH, Values
from graft_core.tasks.patch_query import patch_vector
from graft_core.tasks.patch_scores import PatchField, patch_field
from graft_core.tasks.refine import RefineOptions, refine_areas
from graft_core.tasks.sam_windows import WindowLooks, window_side
from graft_core.tasks.segment import SMALLEST_PATCHES, THRESHOLD
from graft_core.types import F32, Encoder, Progress
from graft_core.world import land

I16 = npt.NDArray[np.int16]
Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class ClassMap:
    """Which class every pixel belongs to."""

    labels: I16
    """(H, W) row of land.CLASSES; -1 without imagery."""
    probability: PatchField
    """(C, ...) how probable each class is, decided patch by patch."""


def class_map(scene: Scene, encoder: Encoder, cache: Path) -> ClassMap:
    """The most probable class of every pixel, as ``classify`` draws it without an unsure class.

    Args:
        scene: what to label.
        encoder: of patch level.
        cache: folder of the patch embeddings.
    """
    asked = class_vectors(parse_classes(land.CLASSES), lambda query: patch_vector(query, scene, encoder))
    field = result(patch_field(scene, encoder, asked.vectors, cache))
    frame = PixelFrame(scene.geobox)
    labels = np.full(scene.geobox.shape, -1, np.int16)
    for cell in cells(frame.box, CELL):
        part = cell.overlap(frame.box)
        probability = asked.probability(field.window(frame.window(part)))  # (C, h, w)
        known = np.isfinite(probability[0])
        labels[frame.box.slices(part)] = np.where(known, np.nan_to_num(probability).argmax(axis=0), -1)
    return ClassMap(labels, _with_values(field, asked.probability(field.field.values)))


def refined(coarse: ClassMap, scene: Scene, segmenter: Segmenter, looks: WindowLooks) -> I16:
    """The map with the connected areas of every class outlined by SAM, (H, W).

    A pixel that outlines of several classes claim goes to the one with the highest mean probability; one that none
    claims stays what it was. Areas that SAM does not draw claim nothing, and neither do those below one patch, which
    ``segment`` leaves out.
    """
    frame, spec = PixelFrame(scene.geobox), coarse.probability.spec
    patch_px = spec.patch_px * spec.gsd / scene.gsd
    options = RefineOptions(THRESHOLD, patch_px, window_side(scene.gsd))
    claims: list[tuple[float, int, Any]] = []
    for number in np.unique(coarse.labels[coarse.labels >= 0]).tolist():
        values = _values_of(coarse.probability, number)
        areas = [
            area
            for area in polygons_of(coarse.labels == number, frame.box.geobox)
            if area.area >= SMALLEST_PATCHES * patch_px**2
        ]
        probability = values(scene.geobox)[MATCH]
        for outline in result(refine_areas(areas, values, scene, segmenter, looks, options)):
            if outline.refined:
                claims.append((_mean(probability, outline.shape, frame), number, outline.shape))
    labels = coarse.labels.copy()
    for _, number, shape in sorted(claims, key=lambda claim: claim[0]):  # the most probable last, on top
        box = box_around(shape).overlap(frame.box)
        if not box.empty:
            labels[frame.box.slices(box)][mask_of(shape, box.geobox)] = number
    labels[coarse.labels < 0] = -1
    return labels


def result(work: Generator[Progress, None, Result]) -> Result:
    """What a task returns, its progress left alone."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            found: Result = end.value
            return found


def _values_of(probability: PatchField, number: int) -> Values:
    """One class alone, in the form that outlines are refined by."""
    return _with_values(probability, probability.field.values[[number, number]]).window


def _with_values(field: PatchField, values: F32) -> PatchField:
    return replace(field, field=LatticeField(values, field.field.grid, field.field.kernel))


def _mean(probability: F32, shape: Any, frame: PixelFrame) -> float:
    """Mean over the pixels of a shape in absolute pixels; 0 where it has none in the scene."""
    box = box_around(shape).overlap(frame.box)
    if box.empty:
        return 0.0
    inside = probability[frame.box.slices(box)][mask_of(shape, box.geobox)]
    return float(np.nanmean(inside, dtype=np.float64)) if np.isfinite(inside).any() else 0.0
