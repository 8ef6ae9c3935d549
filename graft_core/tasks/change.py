"""What changed from one scene to another under one query: density after less density before, on one grid."""

from dataclasses import dataclass

import numpy as np
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry

from graft_core.errors import ExportError, QueryError
from graft_core.geo.common_grid import common_grid, extent_in, pixels_meeting, same_lattice
from graft_core.geo.place import bounds_wgs84, pixel_window
from graft_core.io.area_average import area_average
from graft_core.io.scene import Scene
from graft_core.search.query import Query
from graft_core.tasks.density import DensityMap, degrees_text, density_map, own_bandwidth
from graft_core.tasks.map_picture import coarser
from graft_core.tasks.score import Searcher
from graft_core.tasks.write_density import in_steps
from graft_core.types import F32

_AT_ONCE = 1024
"""Pixels along a side of the finer raster that are held at a time."""
_GLANCES = 2
"""Looks at a map along each side of a pixel of a picture."""


@dataclass(frozen=True)
class Side:
    """One of the two scenes, and what answers for it."""

    scene: Scene
    """Indexed with the searcher's encoder."""
    searcher: Searcher
    """The index's version and the encoder that suits the scene."""
    encoder_source: str | None = None
    """What a replay is to load the encoder by; its name unless given."""


@dataclass(frozen=True, eq=False)
class ChangeMap:
    """Density of one scene less that of another, to be seen at any window of their common grid."""

    before: DensityMap
    """What is taken away."""
    after: DensityMap
    """What it is taken from."""
    geobox: GeoBox
    """Pixels that are written: those of the coarser map, of ``after`` where both are equally fine, over both scenes."""

    def window(self, target: GeoBox, *, glance: bool = False) -> F32:
        """Change in [-1, 1], density before and after in [0, 1], as (3, h, w); NaN where either is not known.

        Args:
            target: pixels of the common grid, or larger ones from the same corner.
            glance: look at a few of the maps' pixels below each of the target's only; for pictures.
        """
        out = np.empty((3, *target.shape), np.float32)
        for rows, cols in self._cells(target):
            part = pixel_window(target, rows.start, cols.start, rows.stop - rows.start, cols.stop - cols.start)
            before, after = (in_steps(density_on(made, part, glance=glance)) for made in (self.before, self.after))
            change = after - before
            unknown = np.isnan(change)
            before[unknown] = after[unknown] = np.nan
            out[:, rows, cols] = change, before, after
        return out

    def _cells(self, target: GeoBox) -> list[tuple[slice, slice]]:
        """Parts of a window, small enough that the finer map below them fits into memory."""
        finest = min(float(made.geobox.resolution.x) for made in (self.before, self.after))
        side = max(1, int(_AT_ONCE * finest / float(target.resolution.x)))
        height, width = target.shape
        return [
            (slice(row, min(row + side, height)), slice(col, min(col + side, width)))
            for row in range(0, height, side)
            for col in range(0, width, side)
        ]


def change_map(
    before: Side,
    after: Side,
    query: Query,
    *,
    threshold: float | None = None,
    bandwidth: float | None = None,
    area: Geometry | None = None,
) -> ChangeMap:
    """Map where a query matches better or worse in one scene than in another.

    Args:
        before: the scene that is taken away.
        after: the scene it is taken from; its sensor may be another one.
        query: as it was typed; each encoder brings its own prompts and background where none are given.
        threshold: match probability in (0, 1) from which a tile counts; None compares expected shares.
        bandwidth: standard deviation of both kernels, metres; None for the wider of what the two encoders have, so
            that both densities speak of the same neighbourhood.
        area: area of interest, in any CRS.

    Raises:
        ExportError: the scenes, or the area and a scene, do not overlap.
        QueryError: the query speaks of tiles and the encoders differ; threshold or bandwidth make no sense.
        IndexStoreError: a scene is not indexed, or has changed since.
    """
    check_overlap(before.scene, after.scene)
    sides = (before, after)
    if before.searcher.encoder.spec.key != after.searcher.encoder.spec.key:
        check_tiles_carry(query)
    meters = max(own_bandwidth(side.searcher.encoder) for side in sides) if bandwidth is None else bandwidth
    maps = [
        density_map(
            side.scene,
            side.searcher,
            query,
            threshold=threshold,
            bandwidth=meters,
            area=area,
            encoder_source=side.encoder_source,
        )
        for side in sides
    ]
    return change_of(*maps)


def change_of(before: DensityMap, after: DensityMap) -> ChangeMap:
    """The change between two maps of one query; ExportError where they do not overlap."""
    grid = common_grid(before.geobox, after.geobox)
    if grid is None:
        raise ExportError(_apart(_place(before), _place(after)))
    return ChangeMap(before, after, grid)


def density_on(density: DensityMap, target: GeoBox, *, glance: bool = False) -> F32:
    """(h, w) density of a map on another grid, the mean over each pixel's area; NaN where half of it is not known.

    Where the map's own pixels are those of ``target`` they are taken as they are. With ``glance`` it is looked at in
    larger pixels of its own, a few below each of the target's.
    """
    own = density.geobox
    if glance:
        own = coarser(own, max(1, int(float(target.resolution.x) / float(own.resolution.x) / _GLANCES)))
    if same_lattice(own, target):
        return np.asarray(density.window(target)[0])
    assert own.crs is not None  # grids of scenes have one
    extent = extent_in(target, own.crs)
    under = None if extent is None else pixels_meeting(own, extent)
    if under is None:
        return np.full(target.shape, np.nan, np.float32)
    return area_average(density.window(under)[0], under, target)


def check_overlap(before: Scene, after: Scene) -> None:
    """Refuse scenes of two places, and say where they lie (ExportError)."""
    if common_grid(before.geobox, after.geobox) is None:
        raise ExportError(_apart((before.name, before.geobox), (after.name, after.geobox)))


def check_tiles_carry(query: Query) -> None:
    """Refuse a query of tiles, or with tiles marked, for two encoders: it means nothing to one of them (QueryError)."""
    tiles = [ref.name for ref in (*query.likes, *query.dislikes)]
    tiles += [term.value for term in query.terms if term.kind == "tile"]
    if tiles:
        raise QueryError(
            f"Tile {tiles[0]} means something to one of the two encoders only; compare two sensors by words or photos, "
            "without marks."
        )


def _place(density: DensityMap) -> tuple[str, GeoBox]:
    return density.recipe.scene, density.geobox


def _apart(*places: tuple[str, GeoBox]) -> str:
    (one, one_box), (other, other_box) = places
    return (
        f"Scenes {one} ({degrees_text(bounds_wgs84(one_box))}) and {other} ({degrees_text(bounds_wgs84(other_box))}) "
        "do not overlap; compare scenes of one place."
    )
