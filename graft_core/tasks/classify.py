"""From a list of classes to a label map of a scene, patch by patch or tile by tile."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry

from graft_core.errors import QueryError
from graft_core.geo.blend import LatticeField
from graft_core.geo.grid import TileGrid
from graft_core.geo.masks import inside
from graft_core.geo.place import pixel_window, reprojected
from graft_core.index.scan import scores
from graft_core.index.store import IndexStore
from graft_core.io.scene import Scene
from graft_core.search.embed import query_vectors
from graft_core.search.query import Query
from graft_core.tasks.catalog import check_level, encoder_for
from graft_core.tasks.class_list import UNSURE, UNSURE_COLOR, ClassName, Color, check_classes, parse_classes
from graft_core.tasks.class_recipe import AskedClass, ClassRecipe
from graft_core.tasks.class_vectors import ClassVectors, class_vectors
from graft_core.tasks.coverage import Coverage
from graft_core.tasks.density import crs_of, cut_to
from graft_core.tasks.index_scene import ensure_indexed
from graft_core.tasks.patch_blocks import scene_windows
from graft_core.tasks.patch_query import patch_vector
from graft_core.tasks.patch_scores import PatchField, level_notice, patch_encoder, patch_field
from graft_core.tasks.provenance import provenance
from graft_core.tasks.score import Searcher
from graft_core.types import F32, U8, Encoder, EncoderSpec, Level, Progress

__all__ = [
    "MARGIN",
    "ClassName",
    "LabelMap",
    "class_encoder",
    "label_map",
    "parse_classes",
]

MARGIN = 0.1
"""Difference of the two highest class probabilities below which a pixel is unsure, unless another is asked."""
COSINES_AT_ONCE = 1 << 23
"""Numbers held while a window is labelled, whatever the number of classes: 32 MB, a few times over."""


@dataclass(frozen=True, eq=False)
class LabelMap:
    """Which class every pixel of a scene belongs to, to be seen at any window of its pixel grid."""

    classes: tuple[ClassName, ...]
    """In the order of their values, from 1."""
    margin: float
    """Difference of the two highest class probabilities below which a pixel is unsure."""
    asked: ClassVectors
    """What the classes ask, term by term."""
    field: PatchField
    """Cosines with its vectors, of patches or of tiles."""
    geobox: GeoBox
    """Pixels that are written: the scene's own grid, cut to the area of interest."""
    area: Geometry | None
    """Area of interest in the scene's CRS; pixels outside stay empty."""
    recipe: ClassRecipe
    """How it was made."""

    @property
    def scene(self) -> Scene:
        """What was labelled."""
        return self.field.scene

    @property
    def spec(self) -> EncoderSpec:
        """The encoder that was asked."""
        return self.field.spec

    @property
    def notice(self) -> str:
        """What whoever looks at the map must know about the encoder; else empty."""
        return self.recipe.notice

    @property
    def names(self) -> dict[int, str]:
        """Value -> name, the unsure ones last; 0 is no imagery."""
        named = [each.name for each in self.classes]
        return dict(enumerate([*named, UNSURE], start=1))

    @property
    def colors(self) -> dict[int, Color]:
        """Value -> red, green, blue."""
        colors = [each.color for each in self.classes]
        return dict(enumerate([*colors, UNSURE_COLOR], start=1))

    def window(self, target: GeoBox) -> U8:
        """(h, w) values of the pixels of ``target``: 1 to K a class, K + 1 unsure, 0 no imagery or outside the area."""
        height, width = target.shape
        labels = np.empty((height, width), np.uint8)
        step = max(COSINES_AT_ONCE // (len(self.asked.vectors) * width), 1)
        for top in range(0, height, step):
            rows = min(step, height - top)
            labels[top : top + rows] = self._strip(pixel_window(target, top, 0, rows, width))
        return labels

    def _strip(self, target: GeoBox) -> U8:
        within = None if self.area is None else inside(self.area, target)
        if within is not None and not within.any():
            return np.zeros(target.shape, np.uint8)
        probability = self.asked.probability(self.field.window(target))  # (K, h, w)
        unknown = np.isnan(probability[0])
        if within is not None:
            unknown |= ~within
        labels, ahead = _best(probability)
        labels[ahead < self.margin] = len(self.classes) + 1
        labels[unknown] = 0
        return labels


def class_encoder(scene: Scene, name: str | None = None, *, level: Level = "patch", device: str = "auto") -> Encoder:
    """The encoder of a name, or the shipped one that suits the scene and the level.

    Raises:
        ModelError: unknown, its weights are missing, or a pixel-level one is to give tiles.
    """
    if level == "patch":
        return patch_encoder(scene, name, device=device)
    encoder = encoder_for(scene, name, device=device)
    check_level(encoder, level)
    return encoder


def label_map(
    scene: Scene,
    encoder: Encoder,
    classes: Sequence[ClassName],
    store: Path,
    *,
    margin: float = MARGIN,
    area: Geometry | None = None,
    encoder_source: str | None = None,
) -> Generator[Progress, None, LabelMap]:
    """Label every pixel of a scene, or of an area of it, with the class it looks most like.

    A pixel's class is the most probable one (`ClassVectors.probability`). The encoder runs once for all classes, and
    the label of a place does not depend on the area.

    Args:
        scene: what to label.
        encoder: of patch level, or of tile level: then whole tiles are told apart, through the index.
        classes: as ``parse_classes`` reads them.
        store: folder of the cached patches; at tile level that of the indexes.
        margin: difference of the two highest probabilities, in [0, 1), below which a pixel is unsure.
        area: area of interest, in any CRS.
        encoder_source: what the recipe names the encoder by; its name unless given.

    Yields:
        Progress in windows, or in tiles.

    Raises:
        QueryError: classes or margin make no sense.
        ExportError: the area does not meet the scene.
        SceneError: the scene does not fit the encoder, or cannot be read.
        IndexStoreError: the cache or the index cannot be written.
    """
    check_classes(classes)
    if not 0 <= margin < 1:
        raise QueryError(f"A margin of {margin:g} is not possible; give a difference of probabilities from 0 to 1.")
    local = None if area is None else reprojected(area, crs_of(scene))
    geobox = scene.geobox if local is None else cut_to(scene.geobox, local, scene.name)
    if encoder.spec.level == "patch":
        asked = class_vectors(classes, lambda query: patch_vector(query, scene, encoder))
        field = yield from patch_field(scene, encoder, asked.vectors, store, area=local)
    else:
        asked, field = yield from _tile_field(scene, encoder, classes, store)
    recipe = _recipe(field, classes, asked, margin, area, encoder_source)
    return LabelMap(tuple(classes), margin, asked, field, geobox, local, recipe)


def _best(probability: F32) -> tuple[U8, F32]:
    """(K, h, w) -> number from 1 of the most probable class, and how far it is ahead of the next, (h, w) each."""
    labels = np.ones(probability.shape[1:], np.uint8)
    best, second = probability[0].copy(), np.zeros(probability.shape[1:], np.float32)
    for number, each in enumerate(probability[1:], start=2):
        np.maximum(second, np.minimum(best, each), out=second)
        labels[each > best] = number
        np.maximum(best, each, out=best)
    return labels, best - second


def _tile_field(
    scene: Scene, encoder: Encoder, classes: Sequence[ClassName], root: Path
) -> Generator[Progress, None, tuple[ClassVectors, PatchField]]:
    """The cosines of all tiles of the scene, indexed first where needed, and the classes as they were asked."""
    yield from ensure_indexed(scene, encoder, root)
    searcher = Searcher(IndexStore(root, encoder.spec).snapshot(), encoder)
    middle = np.zeros(encoder.spec.dim, np.float32)  # only thumbs are measured from it

    def resolved(query: Query) -> tuple[Query, F32]:
        known = searcher.resolve(query)
        return known, query_vectors(known, encoder, middle).whole

    asked = class_vectors(classes, resolved)
    snapshot, rows = searcher.snapshot, searcher.snapshot.rows(scene.name)
    grid = TileGrid.from_json(snapshot.record(scene.name).grid_json)
    values = np.full((len(asked.vectors) + 1, len(grid)), np.nan, np.float32)
    values[:-1, snapshot.position[rows]] = scores(snapshot.matrix[rows], asked.vectors)
    values[-1, snapshot.position[rows]] = snapshot.valid[rows]
    lattice = values.reshape(-1, grid.rows, grid.cols)
    field, coverage = LatticeField(lattice[:-1], grid), Coverage(scene, grid, np.nan_to_num(lattice[-1]))
    return asked, PatchField(field, scene, encoder.spec, scene.geobox, coverage)


def _recipe(
    field: PatchField,
    classes: Sequence[ClassName],
    asked: ClassVectors,
    margin: float,
    area: Geometry | None,
    encoder_source: str | None,
) -> ClassRecipe:
    scene, spec = field.scene, field.spec
    patches = spec.level == "patch"
    return ClassRecipe(
        classes=tuple(
            AskedClass(each.name, query, each.color) for each, query in zip(classes, asked.queries, strict=True)
        ),
        level=spec.level,
        margin=margin,
        temperature=asked.temperature,
        templates=asked.queries[0].templates,
        notice=level_notice(spec) if patches else "",
        gsd=spec.gsd,
        tile_px=spec.tile_px,
        patch_px=spec.patch_px,
        stride_px=scene_windows(scene, spec).stride_px if patches else field.field.grid.stride_px,
        **provenance(scene, spec, encoder_source, area),
    )
