"""Objects that match a query, as polygons: from patch scores, outlined by SAM where its weights are there."""

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry

from graft_core.errors import ModelError, QueryError
from graft_core.geo.blend import LatticeField
from graft_core.geo.pixels import PixelFrame
from graft_core.geo.place import reprojected
from graft_core.io.scene import Scene
from graft_core.models.catalogue import DEFAULT_SEGMENTER
from graft_core.models.registry import find_model, segmenter_present
from graft_core.models.sam import LARGEST_PX, Segmenter, load_segmenter
from graft_core.search.query import Query
from graft_core.tasks.density import crs_of, cut_to
from graft_core.tasks.matching import Values, matching_areas
from graft_core.tasks.measure import Segment, measured_all
from graft_core.tasks.outlines import Outline, objects_of
from graft_core.tasks.patch_scores import PatchField, ResolvedPatchQuery, level_notice, patch_field, patch_query
from graft_core.tasks.provenance import provenance
from graft_core.tasks.refine import RefineOptions, reach_px, refine_areas
from graft_core.tasks.retrieve import CONFIDENT
from graft_core.tasks.sam_windows import WindowLooks, window_side
from graft_core.tasks.segment_recipe import SegmentRecipe
from graft_core.types import Encoder, EncoderSpec, Progress

THRESHOLD = 0.5
"""Match probability from which a pixel matches, unless another is asked."""
SMALLEST_PATCHES = 1.0
"""Least area of an object unless another is asked, in patches: what is smaller the map cannot know."""
STAIR = 0.75
"""Tolerance unless another is asked, in pixels: the corners of a stair of pixels stand out by 0.71."""
BEYOND_PATCHES = 4
"""Areas this near to the area of interest are outlined too: SAM may find that they reach into it."""


@dataclass(frozen=True)
class SegmentOptions:
    """What counts as an object."""

    threshold: float = THRESHOLD
    """Match probability in (0, 1) from which a pixel matches."""
    min_area_m2: float | None = None
    """Smaller objects and holes are dropped; None: one patch of the encoder."""
    tolerance_m: float | None = None
    """How far a simplified outline may lie from the first; None: three quarters of a pixel, 0: not simplified."""
    window_px: int | None = None
    """Side of SAM's windows, pixels of the scene; None: as suits its resolution."""

    def __post_init__(self) -> None:
        if not 0 < self.threshold < 1:
            raise QueryError(f"Threshold {self.threshold:g} is no match probability; give a number between 0 and 1.")
        for name, value in (("minimum area", self.min_area_m2), ("simplification tolerance", self.tolerance_m)):
            if value is not None and not (math.isfinite(value) and value >= 0):
                raise QueryError(f"A {name} of {value:g} is not possible; give 0 or more.")
        if self.window_px is not None and (self.window_px % 4 or not 64 <= self.window_px <= LARGEST_PX):
            raise QueryError(
                f"SAM cannot look at windows of {self.window_px} px; give a multiple of 4 from 64 to 1024."
            )


@dataclass(frozen=True, eq=False)
class Segmentation:
    """The objects of a scene, or of an area of it."""

    segments: tuple[Segment, ...]
    """Highest mean match probability first."""
    geobox: GeoBox
    """The scene's own pixels, cut to the area of interest."""
    area: Geometry | None
    """Area of interest in the CRS of the scene."""
    recipe: SegmentRecipe
    """How they were found."""

    @property
    def notice(self) -> str:
        """What must be said beside them; empty where there is nothing to say."""
        return self.recipe.notice

    @property
    def confident(self) -> bool:
        """Whether anything in the area probably matches."""
        return self.recipe.best >= CONFIDENT


def segmenter_for(refine: str | None, name: str | None = None, *, device: str = "auto") -> "Refiner":
    """SAM as it was asked for.

    Args:
        refine: ``sam``: it must be there. ``none``: do without. None: where its weights are there, else say so.
        name: which one, by its registry name; MobileSAM unless given.
        device: where it runs.

    Raises:
        ModelError: ``sam`` was asked for and its weights are missing; or there is no such way to refine.
    """
    if refine not in (None, "sam", "none"):
        raise ModelError(f"Outlines cannot be refined by '{refine}'; choose sam or none.")
    if refine == "none":
        return Refiner(None, "")
    name = name or DEFAULT_SEGMENTER
    if refine == "sam" or segmenter_present(name):
        return Refiner(load_segmenter(name, device=device), "")
    entry = find_model(name)
    return Refiner(None, f"The outlines are not refined, for {name} is not on this machine: {entry.how_to_get}.")


@dataclass(frozen=True, eq=False)
class Refiner:
    """SAM, or why it is not there."""

    segmenter: Segmenter | None
    """None: the outlines stay as the match map has them."""
    notice: str
    """What must be said beside the result; empty where nothing is missing."""


def segment(
    scene: Scene,
    encoder: Encoder,
    query: Query,
    cache: Path,
    *,
    refiner: Refiner,
    options: SegmentOptions | None = None,
    area: Geometry | None = None,
    looks: WindowLooks | None = None,
    encoder_source: str | None = None,
) -> Generator[Progress, None, Segmentation]:
    """Find the objects that match a query; what is found in a place does not depend on the area asked.

    Rasters are looked at window by window, so memory grows only with the number of objects.

    Args:
        scene: what to look at.
        encoder: of patch level (`patch_encoder`).
        query: as it was typed, or out of a file.
        cache: folder of the patch embeddings.
        refiner: SAM, or what to say instead (`segmenter_for`).
        options: what counts as an object.
        area: area of interest, in any CRS; objects are cut at its border.
        looks: what SAM saw before, to be kept for clicks; forgotten window by window unless given.
        encoder_source: what to load the encoder by; its name unless given.

    Yields:
        Progress in windows, cells, SAM windows, objects.

    Raises:
        QueryError: the query makes no sense.
        ExportError: the area does not meet the scene.
    """
    options = options or SegmentOptions()
    local = None if area is None else reprojected(area, crs_of(scene))
    written = scene.geobox if local is None else cut_to(scene.geobox, local, scene.name)
    asked = patch_query(query, scene, encoder)
    sizes = _sizes(scene, encoder.spec, options)
    margin = margin_px(scene, encoder.spec, options, refined=refiner.segmenter is not None)
    field = yield from patch_field(scene, encoder, asked.vectors, cache, area=local, margin_px=margin)
    values = match_values(field, asked)
    frame = PixelFrame(scene.geobox)
    region = PixelFrame(field.region).box
    found = yield from matching_areas(values, frame, region, options.threshold, local)
    areas = _near(found.areas, frame, local, sizes)
    if refiner.segmenter is None:
        outlines = [Outline(each, False, "") for each in areas]
    else:
        outlines = yield from refine_areas(
            areas, values, scene, refiner.segmenter, looks or WindowLooks(limit=1), sizes
        )
    recipe = _recipe(scene, encoder, encoder_source, asked, refiner, options, sizes, area, found.best)
    objects = objects_of(
        outlines,
        min_area_px=recipe.min_area_m2 / frame.pixel_m**2,
        tolerance_px=recipe.tolerance_m / frame.pixel_m,
    )
    segments = yield from measured_all(objects, values, frame, local)
    return Segmentation(segments, written, local, recipe)


def margin_px(scene: Scene, spec: EncoderSpec, options: SegmentOptions, *, refined: bool) -> int:
    """Pixels around an area of interest on which the objects in it may depend, outlined by SAM or not."""
    sizes = _sizes(scene, spec, options)
    beyond = math.ceil(BEYOND_PATCHES * sizes.patch_px + math.sqrt(_least_area(sizes, scene, options)))
    return beyond + (reach_px(sizes) if refined else 0)


def match_values(field: PatchField, asked: ResolvedPatchQuery) -> Values:
    """Match probability and cosine of any window: decided patch by patch, bilinear between their centres."""
    cosines = field.field.values
    both = np.stack([asked.probability(cosines), asked.score(cosines)]).astype(np.float32)
    return replace(field, field=LatticeField(both, field.field.grid, field.field.kernel)).window


def _sizes(scene: Scene, spec: EncoderSpec, options: SegmentOptions) -> RefineOptions:
    window = options.window_px or window_side(scene.gsd)
    return RefineOptions(options.threshold, spec.patch_px * spec.gsd / scene.gsd, window)


def _least_area(sizes: RefineOptions, scene: Scene, options: SegmentOptions) -> float:
    """Square pixels of the smallest object."""
    if options.min_area_m2 is None:
        return SMALLEST_PATCHES * sizes.patch_px**2
    return options.min_area_m2 / scene.gsd**2


def _near(areas: Sequence[Any], frame: PixelFrame, area: Geometry | None, sizes: RefineOptions) -> list[Any]:
    """Those from which an object may reach into the area of interest."""
    if area is None:
        return list(areas)
    around = shapely.buffer(frame.to_pixels(area.geom), BEYOND_PATCHES * sizes.patch_px)
    shapely.prepare(around)
    return [each for each in areas if shapely.intersects(around, each)]


def _recipe(
    scene: Scene,
    encoder: Encoder,
    encoder_source: str | None,
    asked: ResolvedPatchQuery,
    refiner: Refiner,
    options: SegmentOptions,
    sizes: RefineOptions,
    area: Geometry | None,
    best: float,
) -> SegmentRecipe:
    spec, sam = encoder.spec, refiner.segmenter
    return SegmentRecipe(
        query=asked.query,
        segmenter=None if sam is None else sam.name,
        segmenter_sha256=None if sam is None else sam.sha256,
        threshold=options.threshold,
        min_area_m2=_least_area(sizes, scene, options) * scene.gsd**2,
        tolerance_m=STAIR * scene.gsd if options.tolerance_m is None else options.tolerance_m,
        window_px=sizes.window_px,
        patch_px=sizes.patch_px,
        **provenance(scene, spec, encoder_source, area),
        best=best,
        notice=" ".join(each for each in (level_notice(spec), refiner.notice) if each),
    )
