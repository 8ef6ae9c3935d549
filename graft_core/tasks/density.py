"""From a query to a density map of a scene: share of the neighbourhood's area that matches."""

import math
from dataclasses import dataclass

import numpy as np
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry

from graft_core.errors import ExportError, IndexStoreError, QueryError
from graft_core.geo.blend import LatticeField
from graft_core.geo.density import density_lattice, lattice_sigma
from graft_core.geo.masks import inside
from graft_core.geo.place import WGS84, bounds_wgs84, pixel_window, reprojected
from graft_core.io.scene import Scene
from graft_core.search.query import Query
from graft_core.tasks.coverage import Coverage
from graft_core.tasks.density_recipe import DensityRecipe
from graft_core.tasks.provenance import provenance
from graft_core.tasks.score import Searcher, TileScores
from graft_core.types import F32, Encoder, EncoderSpec

FAINTEST = 0.25
"""Density drawn in the brightest colour where nothing is denser: a scene without the thing shall look like one."""


@dataclass(frozen=True, eq=False)
class DensityMap:
    """Density and score of a scene, to be seen at any window of its pixel grid."""

    field: LatticeField
    """Two quantities a tile: density and score."""
    scores: TileScores
    """The tiles behind it."""
    geobox: GeoBox
    """Pixels that are written: the scene's own grid, cut to the area of interest."""
    area: Geometry | None
    """Area of interest in the scene's CRS; pixels outside stay empty."""
    coverage: Coverage
    """Where the scene has imagery."""
    recipe: DensityRecipe
    """How it was made."""

    @property
    def brightest(self) -> float:
        """Density that is drawn in the brightest colour."""
        return float(np.nanmax(self.field.values[0], initial=FAINTEST))

    def window(self, target: GeoBox) -> F32:
        """(2, h, w) density in [0, 1] and cosine score; NaN without imagery and outside the area."""
        if self.coverage.empty(target):
            return np.full((2, *target.shape), np.nan, dtype=np.float32)
        within = None if self.area is None else inside(self.area, target)
        values = self.field.window(target)
        if within is not None:
            np.copyto(values, np.nan, where=~within)
        covered = None if np.isnan(values).all() else self.coverage.mask(target)
        if covered is not None:
            np.copyto(values, np.nan, where=~covered)
        return values


def density_map(
    scene: Scene,
    searcher: Searcher,
    query: Query,
    *,
    threshold: float | None = None,
    bandwidth: float | None = None,
    area: Geometry | None = None,
    encoder_source: str | None = None,
) -> DensityMap:
    """Map where a query matches; computed over the whole scene, whatever area is asked for.

    Args:
        scene: indexed with the searcher's encoder.
        searcher: the index's version and the encoder.
        query: as it was typed, or out of a recipe.
        threshold: match probability in (0, 1) from which a tile counts; None maps the expected share.
        bandwidth: standard deviation of the kernel, metres; 0 for none, None for the encoder's own.
        area: area of interest, in any CRS.
        encoder_source: what a replay is to load the encoder by; its name unless given.

    Raises:
        IndexStoreError: the scene is not indexed, or has changed since.
        QueryError: threshold or bandwidth make no sense.
        ExportError: the area does not meet the scene.
    """
    _check_threshold(threshold)
    _check_current(scene, searcher)
    asked = searcher.resolve(query)
    scores = searcher.scores(asked, [scene.name])[0]
    spec = searcher.encoder.spec
    meters = _bandwidth(bandwidth, searcher, scores)
    valid = scores.lattice(scores.valid, 0)
    probability = scores.lattice(scores.probability)
    density = density_lattice(probability, valid, sigma=lattice_sigma(meters, scores.grid), threshold=threshold)
    local = None if area is None else reprojected(area, crs_of(scene))
    return DensityMap(
        field=LatticeField(np.stack([density, scores.lattice(scores.score)]), scores.grid),
        scores=scores,
        geobox=scene.geobox if local is None else cut_to(scene.geobox, local, scene.name),
        area=local,
        coverage=Coverage(scene, scores.grid, valid),
        recipe=_recipe(scene, spec, encoder_source, asked, scores, threshold, meters, area),
    )


def _check_threshold(threshold: float | None) -> None:
    if threshold is not None and not 0 < threshold < 1:
        raise QueryError(f"Threshold {threshold:g} is no match probability; give a number between 0 and 1, like 0.5.")


def cut_to(geobox: GeoBox, area: Geometry, name: str) -> GeoBox:
    """The pixels of a north-up grid that meet the area's bounds, on the same grid; ExportError where there are none."""
    box = area.boundingbox
    left, top = ~geobox.affine @ (box.left, box.top)
    right, bottom = ~geobox.affine @ (box.right, box.bottom)
    height, width = geobox.shape
    rows = slice(max(math.floor(top), 0), min(math.ceil(bottom), height))
    cols = slice(max(math.floor(left), 0), min(math.ceil(right), width))
    if rows.start >= rows.stop or cols.start >= cols.stop:
        wanted = reprojected(area, WGS84).boundingbox.bbox
        raise ExportError(
            f"The area of interest ({degrees_text(wanted)}) does not meet scene {name} "
            f"({degrees_text(bounds_wgs84(geobox))}); draw it over the scene."
        )
    return pixel_window(geobox, rows.start, cols.start, rows.stop - rows.start, cols.stop - cols.start)


def crs_of(scene: Scene) -> CRS:
    """CRS of a scene, which always has one."""
    crs = scene.geobox.crs
    assert crs is not None
    return crs


def degrees_text(box: tuple[float, float, float, float]) -> str:
    """West, south, east, north in degrees, for a sentence."""
    west, south, east, north = box
    return f"lon {west:.4f} to {east:.4f}, lat {south:.4f} to {north:.4f}"


def _check_current(scene: Scene, searcher: Searcher) -> None:
    record = searcher.snapshot.record(scene.name)
    if record.fingerprint != scene.fingerprint:
        raise IndexStoreError(
            f"Scene {scene.name} at {scene.source} has changed since it was indexed; index it again, or open it with "
            "the sensor, bands and GSD it was indexed with."
        )


def own_bandwidth(encoder: Encoder) -> float:
    """Metres of the kernel that an encoder's densities have unless another is stated."""
    return encoder.defaults.bandwidth_tiles * encoder.spec.tile_px * encoder.spec.gsd


def _bandwidth(stated: float | None, searcher: Searcher, scores: TileScores) -> float:
    meters = own_bandwidth(searcher.encoder) if stated is None else stated
    extent = max(scores.grid.geobox.shape) * scores.grid.gsd
    if not 0 <= meters <= 10 * extent:
        raise QueryError(
            f"A bandwidth of {meters:g} m is not possible; give metres between 0 and the scene's size, {extent:g} m."
        )
    return float(meters)


def _recipe(
    scene: Scene,
    spec: EncoderSpec,
    encoder_source: str | None,
    query: Query,
    scores: TileScores,
    threshold: float | None,
    bandwidth: float,
    area: Geometry | None,
) -> DensityRecipe:
    return DensityRecipe(
        query=query,
        threshold=threshold,
        bandwidth=bandwidth,
        gsd=spec.gsd,
        tile_px=spec.tile_px,
        stride_px=scores.grid.stride_px if spec.level == "tile" else spec.tile_px,
        **provenance(scene, spec, encoder_source, area),
    )
