"""Segment Anything: a window and some marks on it in, outlines out. Imports no torch before a window is looked at."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from graft_core.errors import ModelError
from graft_core.models.catalogue import DEFAULT_SEGMENTER
from graft_core.models.registry import find_model, list_models, weights_of
from graft_core.models.sources import SamRecipe, file_sha256
from graft_core.types import F32, U8, Bool

if TYPE_CHECKING:
    from graft_core.models.sam_network import SamNetwork

LARGEST_PX = 1024
"""Side of SAM's input: a smaller window is enlarged to it, a larger one would lose pixels."""
MASK_PX = 256
"""Side of the masks that SAM gives and takes as logits; they cover LARGEST_PX, whatever the window's size."""


@dataclass(frozen=True, eq=False)
class Prompts:
    """What is known of one object in a window. Positions are x, y in pixels of the window, 0, 0 the outer corner of its
    first pixel: the middle of that pixel is at 0.5, 0.5."""

    points: F32
    """(N, 2) x, y; N may be 0 where there is a box or a mask."""
    positive: Bool
    """(N,) whether the object is at the point, or is not."""
    box: tuple[float, float, float, float] | None = None
    """Left, top, right, bottom of the object."""
    mask: F32 | None = None
    """(256, 256) logits of an earlier answer (SamMasks.logits), to go on from."""

    def __post_init__(self) -> None:
        if self.points.ndim != 2 or self.points.shape[1] != 2 or self.positive.shape != self.points.shape[:1]:
            raise ValueError(f"points of shape {self.points.shape} do not fit {self.positive.shape} signs")
        if self.mask is not None and self.mask.shape != (MASK_PX, MASK_PX):
            raise ValueError(f"a mask to go on from is ({MASK_PX}, {MASK_PX}), not {self.mask.shape}")
        if not len(self.points) and self.box is None and self.mask is None:
            raise ValueError("nothing is marked: give a point, a box or a mask")
        if not (np.isfinite(self.points).all() and (self.box is None or np.isfinite(self.box).all())):
            raise ValueError("a point or a box lies nowhere: its coordinates are not finite")


@dataclass(frozen=True, eq=False)
class SamMasks:
    """Three answers to one prompt: SAM's idea of the part, the whole and what it belongs to, in no promised order."""

    masks: Bool
    """(3, H, W), of the window's size."""
    iou: F32
    """(3,) intersection over union with the object that SAM expects of each; about 0 to 1."""
    logits: F32
    """(3, 256, 256), 0 at the outline, positive inside."""


@dataclass(frozen=True, eq=False)
class SeenWindow:
    """A window that the image encoder has seen: any number of objects can be outlined in it. 4 MiB."""

    embedding: F32
    """(1, 256, 64, 64)."""
    size: tuple[int, int]
    """Height and width of the window, pixels."""


class Segmenter:
    """One SAM, its network loaded when it first looks.

    No call leaves anything behind for the next, so sessions may share it; threads make it no faster.
    """

    def __init__(self, name: str, sha256: str, load: "Callable[[], SamNetwork]") -> None:
        self.name = name
        """Registry name."""
        self.sha256 = sha256
        """Hash of the weights file, hex; part of the key of whatever is cached of it."""
        self._load = load
        self._network: SamNetwork | None = None
        self._lock = threading.Lock()

    def look(self, window: U8) -> SeenWindow:
        """Run the image encoder: the part that takes long, once for a window.

        Args:
            window: (H, W, 3) uint8 RGB, sides of 1 to 1024 px. Its longer side is enlarged to 1024 px.

        Raises:
            ModelError: another size or type, or the weights are damaged.
        """
        sides = window.shape[:2]
        if window.ndim != 3 or window.shape[2] != 3 or window.dtype != np.uint8 or not all(sides):
            raise ModelError(f"SAM takes (H, W, 3) uint8 windows and got {window.shape} {window.dtype}.")
        if max(sides) > LARGEST_PX:
            raise ModelError(f"SAM takes windows of {LARGEST_PX} px at most and got {sides[1]} x {sides[0]}: cut them.")
        return self._loaded().look(window)

    def outline(self, seen: SeenWindow, prompts: Prompts) -> SamMasks:
        """Three outlines of the object that the prompts mark in a window that this segmenter has seen."""
        return self._loaded().outline(seen, prompts)

    def _loaded(self) -> "SamNetwork":
        with self._lock:
            if self._network is None:
                self._network = self._load()
        return self._network


def load_segmenter(name: str = DEFAULT_SEGMENTER, *, device: str = "auto") -> Segmenter:
    """A segmenter by its registry name; cheap, because the network loads when it first looks.

    Args:
        name: ``mobile-sam``, ``sam-vit-b``, ``sam-vit-l`` or ``sam-vit-h``.
        device: ``auto``, ``cpu``, ``cuda`` or another of torch's.

    Raises:
        ModelError: unknown, not a segmenter, or its weights are missing or damaged.
    """
    entry = find_model(name)
    recipe = entry.recipe
    if not isinstance(recipe, SamRecipe):
        known = ", ".join(each.name for each in list_models() if each.kind == "segmenter")
        raise ModelError(f"{entry.name!r} is no segmenter: choose from {known}.")
    weights = weights_of(entry)

    def load() -> "SamNetwork":
        from graft_core.models.device import pick_device
        from graft_core.models.sam_network import load_network

        return load_network(weights, recipe.architecture, pick_device(device))

    return Segmenter(entry.name, file_sha256(weights), load)
