"""A segmenter with a known right answer: an object is what has one colour and hangs together.

Like SAM it sees no further than its window, and is not to be trusted near the window's rim: what it says there depends
on where the window lies. It needs no weights, and counts what it was asked.
"""

import hashlib

import numpy as np
from scipy.ndimage import binary_dilation, label

from graft_core.models.sam import Prompts, SamMasks, SeenWindow
from graft_core.types import U8, Bool

RIM = 8
"""Pixels from the window's edge within which anything may come out."""


class ColorSegmenter:
    """Stands in for graft_core.models.sam.Segmenter."""

    def __init__(self, *, sha256: str = "c" * 64, tolerance: int = 40, rim: int = RIM) -> None:
        self.name = "colors"
        self.sha256 = sha256
        self.looked = 0
        self.asked: list[Prompts] = []
        self._tolerance = tolerance
        self._rim = rim

    def look(self, window: U8) -> SeenWindow:
        self.looked += 1
        return SeenWindow(window.astype(np.float32), window.shape[:2])

    def outline(self, seen: SeenWindow, prompts: Prompts) -> SamMasks:
        """One colour around the first positive point; that and a little more; everything."""
        self.asked.append(prompts)
        pixels = seen.embedding
        start = prompts.points[prompts.positive]
        col, row = np.floor(start[0] if len(start) else np.array(seen.size)[::-1] / 2).astype(int)
        near = np.abs(pixels - pixels[row, col]).max(axis=-1) <= self._tolerance
        numbered, _ = label(near)
        exact = numbered == numbered[row, col]
        exact = self._spoilt(exact, pixels)
        masks = np.stack([exact, binary_dilation(exact, iterations=9), np.ones_like(exact)])
        return SamMasks(masks, np.array([0.9, 0.6, 0.4], np.float32), np.full((3, 256, 256), 9, np.float32))

    def _spoilt(self, mask: Bool, pixels: np.ndarray) -> Bool:
        """The rim filled or emptied by the chance of the window's content."""
        chance = hashlib.sha256(pixels.tobytes()).digest()[0]
        mask = mask.copy()
        height, width = mask.shape
        inner = np.zeros_like(mask)
        inner[self._rim : height - self._rim, self._rim : width - self._rim] = True
        mask[~inner] = chance % 2 == 0
        return mask
