"""A real scene, or an area of it, as programs see it: objects, shares and scores from its patches."""

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from odc.geo.geom import Geometry

from graft_core.ask.competition import competition, words_only
from graft_core.ask.scene_plane import ScenePlane
from graft_core.ask.values import Region, Thing
from graft_core.errors import QueryError
from graft_core.geo.pixels import PixelBox, PixelFrame, box_around, cells
from graft_core.geo.place import reprojected
from graft_core.io.footprint import footprint
from graft_core.io.scene import Scene
from graft_core.io.shapes import mask_of, polygons_of
from graft_core.tasks.density import crs_of, cut_to
from graft_core.tasks.matching import CELL, parts
from graft_core.tasks.patch_scores import PatchField, patch_field
from graft_core.tasks.sam_windows import WindowLooks
from graft_core.tasks.segment import Refiner, SegmentOptions, segment
from graft_core.types import F32, Encoder, Progress

OUTLINE_MATCH = 0.4
"""Match probability at which an object ends."""
SURE_MATCH = 0.65
"""Match probability that an object reaches somewhere: what never does is a likeness, not the thing."""
NO_SAM = Refiner(None, "")

Values = tuple[float, ...]


class SceneEyes:
    """Satisfies `graft_core.ask.eyes.Eyes`; what was asked once is remembered as long as the object lives.

    Places are metres of a `ScenePlane`; `outline` puts a shape back on the ground.
    """

    def __init__(
        self,
        scene: Scene,
        encoder: Encoder,
        cache: Path,
        area: Geometry | None = None,
        refiner: Refiner | None = None,
        looks: WindowLooks | None = None,
    ) -> None:
        """Look at a scene.

        Args:
            scene: what to look at.
            encoder: of patch level.
            cache: folder of the patch embeddings.
            area: area of interest, in any CRS; the whole scene unless given.
            refiner: SAM, to outline what is found; as the match map has it unless given.
            looks: what SAM saw before.

        Raises:
            ExportError: the area does not meet the scene.
            SceneError: the scene cannot be read.
        """
        self._scene, self._encoder, self._cache = scene, encoder, cache
        self._refiner = refiner or NO_SAM
        self._looks = looks
        self._area = None if area is None else reprojected(area, crs_of(scene))
        self._frame = PixelFrame(scene.geobox)
        self.plane = ScenePlane(self._frame)
        """The metres that shapes are in."""
        self.scene = self._imagery()
        """What is looked at: the imagery inside the area of interest, one thing a piece."""
        self._found: dict[str, Region] = {}
        self._fields: dict[tuple[str, ...], PatchField] = {}
        self._means: dict[tuple[str, tuple[str, ...], bytes], Values] = {}

    def outline(self, shape: Any) -> Geometry:
        """Where a shape of a region lies, in the CRS of the scene."""
        return self.plane.to_crs(shape)

    def find(self, text: str) -> Generator[Progress, None, Region]:
        """Objects that match a query, in the area of interest, cut at its border; see `Eyes.find`."""
        key = " ".join(text.split())
        if key not in self._found:
            self._found[key] = yield from self._look_for(key)
        return self._found[key]

    def shares(self, region: Region, texts: Sequence[str]) -> Generator[Progress, None, Values]:
        """Share of a region's pixels where each text is the most probable thing; see `Eyes.shares`."""
        return (yield from self._over("shares", region, tuple(texts)))

    def scores(self, region: Region, texts: Sequence[str]) -> Generator[Progress, None, Values]:
        """Mean match probability of each text over a region, each asked for itself; see `Eyes.scores`."""
        found: Values = ()
        for text in texts:
            found += yield from self._over("scores", region, (text,))
        return found

    def _imagery(self) -> Region:
        geobox, area = self._scene.geobox, self._area
        shape = self._frame.box.polygon
        if area is not None:
            cut_to(geobox, area, self._scene.name)  # says where the scene lies if the area lies elsewhere
            shape = shapely.intersection(shape, self._frame.to_pixels(area.geom))
        known = footprint(self._scene)
        if known is not None:
            covered = shapely.union_all(polygons_of(known.valid, known.geobox))
            shape = shapely.intersection(shape, self._frame.to_pixels(covered))
        pieces = sorted(parts(shape), key=lambda part: -part.area)
        return Region(tuple(Thing(self.plane.from_pixels(each), 1.0) for each in pieces), "scene")

    def _look_for(self, text: str) -> Generator[Progress, None, Region]:
        found = yield from segment(
            self._scene,
            self._encoder,
            words_only(text),
            self._cache,
            refiner=self._refiner,
            options=SegmentOptions(threshold=OUTLINE_MATCH),
            area=self._area,
            looks=self._looks,
        )
        # What only just reaches into the area of interest is no object of it.
        things = tuple(
            Thing(self.plane.from_crs(each.shape), each.mean_match)
            for each in found.segments
            if each.max_match >= SURE_MATCH and each.area_m2 >= found.recipe.min_area_m2
        )
        return Region(things, text, found.recipe.best)

    def _over(self, what: str, region: Region, texts: tuple[str, ...]) -> Generator[Progress, None, Values]:
        shape = shapely.union_all([each.shape for each in region.things])
        key = (what, texts, bytes(shapely.to_wkb(shape)))
        if key not in self._means:
            field = yield from self._field(texts)
            self._means[key] = yield from self._mean(what, field, self.plane.to_pixels(shape))
        return self._means[key]

    def _field(self, texts: tuple[str, ...]) -> Generator[Progress, None, PatchField]:
        """Probability of each text, and of the likeliest of the rest, patch by patch."""
        if not texts:
            raise QueryError("There is nothing to compare with; name at least one text.")
        if texts not in self._fields:
            asked = competition(texts, self._encoder)
            seen = yield from patch_field(self._scene, self._encoder, asked.vectors, self._cache, area=self._area)
            values = asked.probability(seen.field.values)
            self._fields[texts] = _with_values(seen, values)
        return self._fields[texts]

    def _mean(self, what: str, field: PatchField, shape: Any) -> Generator[Progress, None, Values]:
        """Over the pixels of a shape in absolute pixels; NaN where none of them has imagery."""
        texts = field.count - 1
        total, pixels = np.zeros(texts), 0
        boxes = [] if shape.is_empty else [each.overlap(self._frame.box) for each in cells(box_around(shape), CELL)]
        started = time.monotonic()
        for done, seen in enumerate(self._pixels(field, shape, boxes), start=1):
            pixels += seen.shape[1]
            if what == "shares":
                total += np.bincount(seen.argmax(axis=0), minlength=texts + 1)[:texts]
            else:
                total += seen[:texts].sum(axis=1, dtype=np.float64)
            yield Progress(done, len(boxes), "cells", time.monotonic() - started)
        return tuple((total / pixels).tolist()) if pixels else (float("nan"),) * texts

    def _pixels(self, field: PatchField, shape: Any, boxes: Sequence[PixelBox]) -> Iterator[F32]:
        """(K + 1, N) probabilities of the pixels of a shape, cell by cell."""
        thin = shape.area < max((max(each.shape) for each in boxes), default=0)
        for box in boxes:
            if box.empty:
                yield np.empty((field.count, 0), np.float32)
                continue
            inside = mask_of(shape, box.geobox, touched=thin)
            seen = field.window(self._frame.window(box))[:, inside]
            yield seen[:, np.isfinite(seen).all(axis=0)]


def _with_values(field: PatchField, values: F32) -> PatchField:
    """The same places with other values."""
    return replace(field, field=replace(field.field, values=values))
