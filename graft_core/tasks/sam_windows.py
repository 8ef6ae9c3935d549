"""The windows SAM looks at: an absolute lattice over the scene's pixels, and a memory of what was seen in them."""

import threading
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from graft_core.geo.pixels import PixelBox, PixelFrame
from graft_core.io.scene import Scene, read_rgb
from graft_core.models.sam import SeenWindow, Segmenter
from graft_core.types import Bool

KEPT = 24
"""Windows remembered; 4 MiB each."""

FINE_GSD, FINE_SIDE, COARSE_SIDE = 4.0, 1024, 512
"""Up to this many metres per pixel SAM sees windows of 1024 px as they are; coarser imagery is enlarged."""


@dataclass(frozen=True, eq=False)
class Look:
    """A window as SAM saw it."""

    seen: SeenWindow | None
    """None where the window holds no imagery at all."""
    valid: Bool | None
    """(h, w) pixels with imagery; None where all have it."""


class WindowLooks:
    """What segmenters saw in windows of scenes, the least recently used forgotten first. Any thread may ask."""

    def __init__(self, limit: int = KEPT) -> None:
        self._limit = limit
        self._kept: OrderedDict[tuple[str, str, PixelBox], Look] = OrderedDict()
        self._lock = threading.Lock()

    def see(self, scene: Scene, segmenter: Segmenter, window: PixelBox) -> Look:
        """What the segmenter sees in a window of the scene's own pixels, which may reach beyond the scene."""
        key = (segmenter.sha256, scene.fingerprint, window)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        look = _look(scene, segmenter, window)
        with self._lock:
            self._kept[key] = look
            while len(self._kept) > self._limit:
                self._kept.popitem(last=False)
        return look


def _look(scene: Scene, segmenter: Segmenter, window: PixelBox) -> Look:
    rgb, valid = read_rgb(scene, PixelFrame(scene.geobox).window(window))
    if valid.all():
        return Look(segmenter.look(rgb), None)
    if not valid.any():
        return Look(None, valid)
    # A dark frame around the imagery would be the strongest edge in the window.
    rgb[~valid] = np.rint(rgb[valid].mean(axis=0)).astype(np.uint8)
    return Look(segmenter.look(rgb), valid)


def home_window(box: PixelBox, side: int) -> PixelBox:
    """The window of the lattice that holds a box most centrally; a box of half its side or less lies wholly in it.

    Windows are ``side`` pixels square and begin at whole multiples of half of that.
    """
    step = side // 2
    middle = ((box.top + box.bottom + step) // side, (box.left + box.right + step) // side)
    top, left = ((each - 1) * step for each in middle)
    return PixelBox(top, left, top + side, left + side)


def window_side(gsd: float) -> int:
    """Side of the windows that suit imagery of a resolution, pixels."""
    return FINE_SIDE if gsd <= FINE_GSD else COARSE_SIDE
