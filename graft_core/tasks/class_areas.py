"""How much land each class of a label map covers."""

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from odc.geo.geobox import GeoBox

from graft_core.geo.place import pixel_window
from graft_core.tasks.class_list import Color
from graft_core.tasks.classify import LabelMap
from graft_core.types import I64, U8, Progress

WINDOW_PX = 1024
"""Pixels along each side of what is labelled at a time."""


@dataclass(frozen=True)
class ClassArea:
    """How much land a class covers."""

    value: int
    """In the raster."""
    name: str
    """In the legend."""
    color: Color
    """Red, green and blue, 0-255."""
    pixels: int
    """Of the scene."""
    m2: float
    """Square metres in the scene's projection."""
    share: float
    """Of all pixels with imagery, in [0, 1]; 0 where there is none."""

    @property
    def hectares(self) -> float:
        """10,000 square metres each."""
        return self.m2 / 10_000


@dataclass(frozen=True)
class AreaTable:
    """How much land each class covers."""

    rows: tuple[ClassArea, ...]
    """In the order of their values, the unsure ones last."""
    unknown: int
    """Pixels without imagery or outside the area."""


class AreaCount:
    """Counts the pixels of each class while the map passes by."""

    def __init__(self, made: LabelMap) -> None:
        self._map = made
        self._pixels: I64 = np.zeros(len(made.classes) + 2, np.int64)

    def add(self, target: GeoBox, labels: U8) -> None:
        """Take in a window of the map, (h, w)."""
        del target
        self._pixels += np.bincount(labels.ravel(), minlength=len(self._pixels))

    def table(self) -> AreaTable:
        """What was counted."""
        size = self._map.geobox.resolution
        total = max(int(self._pixels[1:].sum()), 1)
        rows = [
            ClassArea(value, name, self._map.colors[value], count, count * abs(size.x * size.y), count / total)
            for (value, name), count in zip(self._map.names.items(), self._pixels[1:].tolist(), strict=True)
        ]
        return AreaTable(tuple(rows), int(self._pixels[0]))


def class_areas(made: LabelMap) -> Generator[Progress, None, AreaTable]:
    """Count the area of each class; memory does not grow with the map. Yields Progress in pixels."""
    count = AreaCount(made)
    yield from passed(made, [count.add])
    return count.table()


def passed(made: LabelMap, watchers: Sequence[Callable[[GeoBox, U8], None]]) -> Iterator[Progress]:
    """Show every pixel of a map once, window by window, to whoever counts something."""
    height, width = made.geobox.shape
    started, done = time.monotonic(), 0
    yield Progress(0, height * width, "pixels", 0.0)
    for top in range(0, height, WINDOW_PX):
        for left in range(0, width, WINDOW_PX):
            rows, cols = min(WINDOW_PX, height - top), min(WINDOW_PX, width - left)
            target = pixel_window(made.geobox, top, left, rows, cols)
            labels = made.window(target)
            for watch in watchers:
                watch(target, labels)
            done += rows * cols
            yield Progress(done, height * width, "pixels", time.monotonic() - started)
