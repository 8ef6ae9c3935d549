"""Object by object: which things of a class were found, with and without SAM (F1 at IoU 0.5)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from odc.geo.geobox import GeoBox
from scipy.ndimage import label

from graft_core.evaluate.class_maps import result
from graft_core.geo.pixels import PixelFrame, box_around
from graft_core.io.scene import Scene
from graft_core.io.shapes import mask_of
from graft_core.models.sam import Segmenter
from graft_core.search.query import parse_query
from graft_core.tasks.sam_windows import WindowLooks
from graft_core.tasks.segment import Refiner, segment
from graft_core.types import I64, U8, Bool, Encoder
from graft_core.world import land

COMPACT = (
    "lake",
    "parking lot",
    "airport",
    "solar farm",
    "baseball field",
    "golf course",
    "quarry",
    "cemetery",
    "greenhouse",
    "harbour",
)
"""Classes whose land comes in pieces that one would count; the others are ways or countryside."""
OVERLAP = 0.5
"""Intersection over union from which a segment is the object."""
SMALLEST_PATCHES = 4
"""What covers less than this many of the encoder's patches counts neither as an object nor as a false one."""


@dataclass(frozen=True)
class Counts:
    """Objects of one class."""

    found: int
    """True objects that a segment matches."""
    false: int
    """Segments that match no object."""
    missed: int
    """True objects that no segment matches."""

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.found + other.found, self.false + other.false, self.missed + other.missed)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; NaN where there is nothing to find and nothing was found."""
        return 2 * self.found / whole if (whole := 2 * self.found + self.false + self.missed) else float("nan")


@dataclass(frozen=True)
class Found:
    """Objects of one class, looked for by its name."""

    without_sam: Counts
    """As the match map draws them."""
    with_sam: Counts
    """As SAM outlines them."""

    def __add__(self, other: "Found") -> "Found":
        return Found(self.without_sam + other.without_sam, self.with_sam + other.with_sam)


def find_objects(
    scene: Scene, classes: U8, encoder: Encoder, cache: Path, segmenter: Segmenter, looks: WindowLooks
) -> dict[str, Found]:
    """Segment a scene with the name of every compact class it has, as an analyst would, and count what is found.

    Args:
        scene: what to look at.
        classes: (H, W) class ids of its pixels.
        encoder: of patch level.
        cache: folder of the patch embeddings.
        segmenter: SAM.
        looks: what it saw before.
    """
    patch_px = encoder.spec.patch_px * encoder.spec.gsd / scene.gsd
    found = {}
    for name in COMPACT:
        truth = classes == land.ID[name]
        if not truth.any():
            continue
        counts = []
        for refiner in (Refiner(None, ""), Refiner(segmenter, "")):
            drawn = result(segment(scene, encoder, parse_query(name), cache, refiner=refiner, looks=looks))
            shapes = [each.shape for each in drawn.segments]
            counts.append(count_objects(truth, scene.geobox, shapes, SMALLEST_PATCHES * patch_px**2))
        found[name] = Found(*counts)
    return found


def count_objects(truth: Bool, geobox: GeoBox, shapes: Sequence[Any], smallest_px: float) -> Counts:
    """Match segments with the connected areas of the truth, the best pair first, each used once.

    Args:
        truth: (H, W) pixels of the class; pixels that share an edge are one object.
        geobox: of the truth.
        shapes: polygons in its CRS.
        smallest_px: objects below this many pixels are not asked for, and finding one of them is no mistake.
    """
    labels, count = label(truth)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    drawn = [_overlaps(labels, geobox, shape) for shape in shapes]
    pairs = sorted(
        (
            (share, i, number)
            for i, (area, shared) in enumerate(drawn)
            for number, share in _shares(area, shared, sizes)
            if share >= OVERLAP
        ),
        reverse=True,
    )
    matched: dict[int, int] = {}
    for _, i, number in pairs:
        if i not in matched and number not in matched.values():
            matched[i] = number
    wanted = set((np.flatnonzero(sizes[1:] >= smallest_px) + 1).tolist())
    found = len(wanted & set(matched.values()))
    false = sum(i not in matched and area >= smallest_px for i, (area, _) in enumerate(drawn))
    return Counts(found, false, len(wanted) - found)


def _overlaps(labels: I64, geobox: GeoBox, shape: Any) -> tuple[int, I64]:
    """Pixels of a shape, those beyond the truth too, and how many of them each object has."""
    frame = PixelFrame(geobox)
    around = box_around(frame.to_pixels(shape))
    mask = mask_of(shape, frame.window(around))
    inside = around.overlap(frame.box)
    if inside.empty:
        return int(mask.sum()), np.zeros(1, np.int64)
    common = labels[frame.box.slices(inside)][mask[around.slices(inside)]]
    return int(mask.sum()), np.bincount(common)


def _shares(area: int, shared: I64, sizes: I64) -> Iterable[tuple[int, float]]:
    """Number of each object that a segment touches, and their intersection over union."""
    for number in np.flatnonzero(shared[1:]) + 1:
        yield int(number), float(shared[number] / (area + sizes[number] - shared[number]))
