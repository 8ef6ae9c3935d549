"""Objects drawn and corrected by clicks: points that belong to an object, and points that do not.

What comes out depends only on the object clicked on and the list of clicks: to take a click back, ask with a shorter
list.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from scipy.ndimage import zoom

from graft_core.errors import QueryError
from graft_core.geo.pixels import PixelBox, PixelFrame, box_around
from graft_core.io.scene import Scene
from graft_core.io.shapes import mask_of, polygons_of
from graft_core.models.sam import MASK_PX, Prompts, Segmenter
from graft_core.tasks.matching import Values, parts
from graft_core.tasks.measure import Segment, measured
from graft_core.tasks.outlines import Outline, simplified
from graft_core.tasks.refine import connected_to
from graft_core.tasks.sam_prompts import deep_points, overlap, stability
from graft_core.tasks.sam_windows import WindowLooks, home_window
from graft_core.tasks.segment import STAIR
from graft_core.types import F32, Bool

SIDES = (256, 512, 1024)
"""Windows tried for clicks, pixels of the scene, the nearest look first."""
BELIEVED = 0.5
"""Predicted IoU times stability from which a look counts."""
AGREED = 0.5
"""Intersection over union of two looks, where both looked, from which they say the same."""
MOST = 0.5
"""Share of the imagery in a window above which a mask is the ground, not an object on it."""
SURE = 8.0
"""Logit of a pixel that is known to belong to the object before SAM is asked again."""


@dataclass(frozen=True)
class Click:
    """One point that a person marked."""

    x: float
    """In the CRS of the scene."""
    y: float
    """In the CRS of the scene."""
    positive: bool
    """Whether the object is there, or is not."""


def outline_at(
    scene: Scene,
    clicks: Sequence[Click],
    segmenter: Segmenter,
    looks: WindowLooks,
    *,
    values: Values | None = None,
) -> Segment:
    """A new object from clicks alone; its number is 0.

    Args:
        scene: what was clicked on.
        clicks: at least one positive; they lie within half a window of SAM.
        segmenter: SAM.
        looks: what it saw before.
        values: match probability and cosine of the scene's pixels, where something was asked (`match_values`).

    Raises:
        QueryError: no click is positive, they are too far apart, or there is nothing where they lie.
    """
    if not any(click.positive for click in clicks):
        raise QueryError("Nothing says where the object is; click on it once before you click beside it.")
    view = _View(scene, segmenter, looks)
    return _segment(view.joint(clicks).shape, clicks, view.frame, values)


def refine_segment(
    scene: Scene,
    segment: Segment,
    clicks: Sequence[Click],
    segmenter: Segmenter,
    looks: WindowLooks,
    *,
    values: Values | None = None,
) -> Segment:
    """An object after some clicks; with none it is the object itself.

    One that fits into half a window of SAM is outlined anew from itself and all clicks together. Of a larger one each
    click adds or takes away, one after the other, what SAM sees where it lies.

    Args:
        scene: what was clicked on.
        segment: before any click.
        clicks: in the order they were made.
        segmenter: SAM.
        looks: what it saw before.
        values: match probability and cosine of the scene's pixels, where something was asked (`match_values`).

    Raises:
        QueryError: the clicks leave nothing of the object.
    """
    if not clicks:
        return segment
    view = _View(scene, segmenter, looks)
    before = view.frame.to_pixels(segment.shape)
    if view.fits(before, clicks):
        shape = view.joint(clicks, before).shape
    else:
        shape = before
        for i, click in enumerate(clicks):
            others = [replace(each, positive=False) for each in clicks[:i] if each.positive != click.positive]
            found = view.joint([replace(click, positive=True), *view.near(click, others)]).shape
            shape = shapely.union(shape, found) if click.positive else shapely.difference(shape, found)
    return replace(_segment(shape, clicks, view.frame, values), number=segment.number)


@dataclass(frozen=True, eq=False)
class _Found:
    """What SAM outlined in one window."""

    mask: Bool
    """(h, w) pixels of the window."""
    window: PixelBox
    """Where it looked."""
    merit: float
    """How far it is to be believed; below 0 it contradicts a click."""

    @property
    def whole(self) -> bool:
        """Whether the object ends inside the window."""
        rim = (self.mask[0], self.mask[-1], self.mask[:, 0], self.mask[:, -1])
        return not any(edge.any() for edge in rim)

    def agrees(self, nearer: "_Found") -> bool:
        """Whether it says much the same as a look at a smaller window, where both looked."""
        common = self.window.overlap(nearer.window)
        own, other = self.mask[self.window.slices(common)], nearer.mask[nearer.window.slices(common)]
        return overlap(own, other) >= AGREED

    @property
    def shape(self) -> Any:
        """In absolute pixels, its outline simplified."""
        return shapely.union_all([simplified(each, STAIR) for each in polygons_of(self.mask, self.window.geobox)])


class _View:
    """A scene as SAM sees it around some clicks."""

    def __init__(self, scene: Scene, segmenter: Segmenter, looks: WindowLooks) -> None:
        self.frame = PixelFrame(scene.geobox)
        self._scene, self._segmenter, self._looks = scene, segmenter, looks

    def fits(self, shape: Any, clicks: Sequence[Click]) -> bool:
        """Whether an object and the clicks fit into half of SAM's largest window together."""
        return max(self._box(shape, clicks).shape) <= SIDES[-1] // 2

    def near(self, click: Click, others: Sequence[Click]) -> list[Click]:
        """Those of the others that can be told SAM together with a click."""
        return [each for each in others if self.fits(None, [click, each])]

    def joint(self, clicks: Sequence[Click], before: Any = None) -> _Found:
        """What SAM outlines for all clicks together, starting from a shape.

        The nearer SAM looks the finer it draws, so small windows come first. What runs out of one is looked at in the
        next larger one, which is believed where it agrees with the nearer look.
        """
        box = self._box(before, clicks)
        tried: list[_Found] = []
        believed: list[_Found] = []
        for side in SIDES:
            if max(box.shape) > side // 2:
                continue
            found = self._look(home_window(box, side), clicks, before)
            if believed and not found.agrees(believed[-1]):
                continue
            tried.append(found)
            if found.merit >= BELIEVED:
                believed.append(found)
                if found.whole:
                    break
        if not tried:
            raise QueryError(
                f"The clicks are {max(box.shape) * self.frame.pixel_m:,.0f} m apart, and SAM sees objects of at most "
                f"{SIDES[-1] // 2 * self.frame.pixel_m:,.0f} m at once; click nearer together."
            )
        return believed[-1] if believed else max(tried, key=lambda found: found.merit)

    def _look(self, window: PixelBox, clicks: Sequence[Click], before: Any) -> _Found:
        look = self._looks.see(self._scene, self._segmenter, window)
        if look.seen is None:
            raise QueryError("There is no imagery where you clicked; click on the scene.")
        points = np.array([self._pixel(click) for click in clicks]) - [window.left, window.top]
        positive = np.array([click.positive for click in clicks])
        own = None if before is None else mask_of(before, window.geobox)
        valid = np.ones(look.seen.size, np.bool_) if look.valid is None else look.valid
        marked = _marks(valid.shape, points[positive])
        best = _Found(np.zeros_like(valid), window, -np.inf)
        for prompts in _prompts(np.asarray(points, np.float32), positive, own):
            answer = self._segmenter.outline(look.seen, prompts)
            for mask, iou, logits in zip(answer.masks, answer.iou, answer.logits, strict=True):
                mask = connected_to(mask & valid, marked if own is None else marked | own)
                wrong = np.count_nonzero(_at(mask, points) != positive)
                alike = 0.0 if own is None else overlap(mask, own)
                everything = np.count_nonzero(mask) > MOST * np.count_nonzero(valid)
                merit = float(iou) * stability(logits) + alike - 10 * wrong - 5 * everything
                if merit > best.merit:
                    best = _Found(mask, window, merit)
        return best

    def _box(self, shape: Any, clicks: Sequence[Click]) -> PixelBox:
        points = [shapely.Point(self._pixel(click)) for click in clicks]
        return box_around(shapely.GeometryCollection(points if shape is None else [*points, shapely.envelope(shape)]))

    def _pixel(self, click: Click) -> tuple[float, float]:
        point = self.frame.to_pixels(shapely.Point(click.x, click.y))
        return float(point.x), float(point.y)


def _prompts(points: F32, positive: Bool, own: Bool | None) -> list[Prompts]:
    """The questions: the clicks alone, or the clicks with what the object was before."""
    if own is None:
        return [Prompts(points, positive)]
    negative = points[~positive]
    inside = deep_points(own, keep_away=negative)
    both = np.concatenate([points, inside]).astype(np.float32)
    signs = np.concatenate([positive, np.ones(len(inside), np.bool_)])
    side = own.shape[0]
    small = np.clip(zoom(own.astype(np.float32), MASK_PX / side, order=1), 0, 1)
    logits = np.asarray(SURE * (2 * small - 1), np.float32)
    return [Prompts(both, signs), Prompts(both, signs, mask=logits), Prompts(points, positive, mask=logits)]


def _at(mask: Bool, points: Any) -> Bool:
    """Values of a mask under points (N, 2) x, y."""
    height, width = mask.shape
    cols, rows = np.floor(points).astype(np.int64).T
    return np.asarray(mask[np.clip(rows, 0, height - 1), np.clip(cols, 0, width - 1)])


def _marks(shape: tuple[int, ...], points: Any) -> Bool:
    """A mask of the pixels under points (N, 2) x, y."""
    marks = np.zeros(shape, np.bool_)
    cols, rows = np.floor(points).astype(np.int64).T
    marks[np.clip(rows, 0, shape[0] - 1), np.clip(cols, 0, shape[1] - 1)] = True
    return marks


def _segment(shape: Any, clicks: Sequence[Click], frame: PixelFrame, values: Values | None) -> Segment:
    # Where a simplified outline and an exact one part, slivers thinner than a pixel are left.
    found = [each for each in parts(shape) if not shapely.buffer(each, -STAIR).is_empty]
    if not found:
        raise QueryError("These clicks leave nothing of the object; take the last one back.")
    whole = found[0] if len(found) == 1 else shapely.MultiPolygon(found)
    return measured(Outline(whole, refined=True, note=f"{len(clicks)} clicks"), values, frame)
