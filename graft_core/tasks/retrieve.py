"""The best tiles of one or several scenes, each place once."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry

from graft_core.errors import QueryError
from graft_core.geo.grid import TileGrid
from graft_core.geo.masks import inside
from graft_core.geo.place import WGS84, lon_lat, reprojected
from graft_core.index.scan import top_k
from graft_core.index.store import SceneRecord
from graft_core.io.fragments import Fragment, describe_fragments
from graft_core.search.query import Query, TileRef
from graft_core.tasks.fragment_places import fragment_middles, nearest
from graft_core.tasks.score import Searcher, TileScores

F64 = npt.NDArray[np.float64]
Bounds = tuple[float, float, float, float]

OVERLAP = 0.25
"""Share of a tile's area covered by a better one from which it shows the same place."""
CONFIDENT = 0.5
"""Best match probability below which nothing in the scenes may match."""
CANDIDATES = 16
"""Tiles looked at for each hit wanted; with half-tile strides a good place fills nine."""
MOSTLY_IMAGERY = 0.5
"""Share of imagery in a tile below which it is no place to look at, where its scene has fuller ones."""
EQUALS = 1e-8
"""Weight of a score beside a probability: less than the smallest difference of two probabilities near 1."""
MOST = 10_000
"""Hits of one search."""


@dataclass(frozen=True)
class Hit:
    """One tile that was found."""

    rank: int
    """From 1, best first; 0 where nothing was asked."""
    scene: str
    """Name of its scene."""
    row: int
    """Row in the absolute lattice."""
    col: int
    """Column in the absolute lattice."""
    position: int
    """Position in the scene's grid."""
    score: float
    """Cosine with the query; NaN where there is none."""
    probability: float
    """Match probability within its scene, in [0, 1]; NaN where there is none."""
    lon: float
    """Of its centre, degrees east."""
    lat: float
    """Of its centre, degrees north."""
    bounds: Bounds
    """Left, bottom, right, top in ``crs``."""
    crs: str
    """CRS of its scene."""
    fragment: Fragment | None = None
    """What its publisher says of it, where the scene is published embeddings."""

    @property
    def tile(self) -> str:
        """``scene/row/col``, as a query names it."""
        return TileRef(self.scene, self.row, self.col).name


@dataclass(frozen=True)
class Retrieval:
    """What a search brought."""

    hits: tuple[Hit, ...]
    """Best first."""
    query: Query
    """As it was asked, everything it depends on written out."""
    best: float
    """Highest match probability of all tiles searched; NaN where none could be scored."""
    grids: Mapping[str, TileGrid]
    """Where the tiles of each scene lie, by its name."""

    @property
    def confident(self) -> bool:
        """Whether the best tile probably matches; otherwise the hits are only the least bad ones."""
        return self.best >= CONFIDENT


def retrieve(
    searcher: Searcher, scenes: Sequence[str], query: Query, k: int = 20, *, area: Geometry | None = None
) -> Retrieval:
    """The ``k`` tiles that match best, slivers left out; of tiles that overlap only the best stays.

    Args:
        searcher: the index's version and the encoder.
        scenes: names of indexed scenes.
        query: as it was typed, or out of a file.
        k: hits wanted; fewer come back where there are fewer places.
        area: area of interest, in any CRS; only tiles whose middle lies in it are hits.

    Raises:
        QueryError: ``k`` is not 1 to 10,000.
        IndexStoreError: a scene is not indexed.
    """
    if not 1 <= k <= MOST:
        raise QueryError(f"{k} hits cannot be asked for; give a number from 1 to {MOST}.")
    asked = searcher.resolve(query)
    found = searcher.scores(asked, list(dict.fromkeys(scenes)))
    merit = np.concatenate([_eligible(each, area) for each in found])
    return Retrieval(
        hits=_with_fragments(_best_places(found, merit, k), [each.record for each in found]),
        query=asked,
        best=max((each.best for each in found if each.best >= 0), default=float("nan")),
        grids={each.record.name: each.grid for each in found},
    )


def tile_at(grid: TileGrid, lon: float, lat: float) -> int | None:
    """Position of the tile whose middle is nearest to a place in degrees; None beside the grid."""
    middles = _middles(grid)
    assert middles.crs is not None  # a grid has one
    to_grid = WGS84.transformer_to_crs(middles.crs, always_xy=True)
    x, y = to_grid(lon, lat)
    col, row = (math.floor(each) for each in ~middles.affine @ (x, y)) if math.isfinite(x) else (-1, -1)
    return row * grid.cols + col if 0 <= row < grid.rows and 0 <= col < grid.cols else None


def hit_at(found: TileScores, lon: float, lat: float) -> Hit | None:
    """The tile at a place in degrees, with its rank among all tiles of its scene; None where there is none."""
    row = _row_at(found, lon, lat)
    if row is None:
        return None
    merit = _merit(found)
    hit = _scored(found, row, int(np.count_nonzero(merit > merit[row])) + 1)
    return _with_fragments([hit], [found.record])[0]


def unscored_at(scene: str, grid: TileGrid, lon: float, lat: float, source: str) -> Hit | None:
    """The tile at a place in degrees, before anything was asked; None where there is none.

    ``source`` is the scene's raster, beside which published embeddings keep their true places.
    """
    told = fragment_middles(source, grid)
    if told is None:
        position = tile_at(grid, lon, lat)
        return None if position is None else _hit(scene, grid, position, 0, math.nan, math.nan)
    row = nearest(told[1], grid, lon, lat)
    if row is None:
        return None
    position = int(told[0][row])
    hit = _hit(scene, grid, position, 0, math.nan, math.nan, _around(told[1][row], grid))
    return replace(hit, fragment=describe_fragments(source, [position]).get(position))


def _row_at(found: TileScores, lon: float, lat: float) -> int | None:
    """The row of the tile at a place; among tiles that lie beside their lattice, the nearest that covers it."""
    grid = found.grid
    if found.middles is None:
        rows = np.flatnonzero(found.position == tile_at(grid, lon, lat))
        return int(rows[0]) if len(rows) else None
    return nearest(found.middles, grid, lon, lat)


def _merit(found: TileScores) -> F64:
    """(N,) what tiles are ranked by: match probability, and among equals the score (docs/decisions/0006)."""
    return found.probability.astype(np.float64) + EQUALS * found.score


def _eligible(found: TileScores, area: Geometry | None) -> F64:
    """(N,) merit, NaN for tiles that are no hits: hardly anything to see, or beyond the area.

    Of a scene smaller than a tile the fullest tiles count.
    """
    enough = found.valid >= min(MOSTLY_IMAGERY, found.valid.max(initial=0))
    if area is not None:
        grid = found.grid
        assert grid.geobox.crs is not None  # a grid has one
        local = reprojected(area, grid.geobox.crs)
        if found.middles is not None:
            enough &= shapely.contains_xy(local.geom, found.middles)
        elif (within := inside(local, _middles(grid))) is not None:
            enough &= within.ravel()[found.position]
    return np.where(enough, _merit(found), np.nan)


def _middles(grid: TileGrid) -> GeoBox:
    """A pixel grid whose pixels have their centres in the middle of the tiles."""
    first, stride = grid.tile(0), grid.stride_px
    corner = grid.geobox.affine @ Affine.translation(
        first.left + (grid.tile_px - stride) / 2, first.top + (grid.tile_px - stride) / 2
    )
    return GeoBox((grid.rows, grid.cols), corner @ Affine.scale(stride), grid.geobox.crs)


def _best_places(found: Sequence[TileScores], merit: F64, k: int) -> list[Hit]:
    starts = np.cumsum([0, *(len(each.score) for each in found)])
    wanted = CANDIDATES * k
    while True:
        hits: list[Hit] = []
        places = _Places()
        best = top_k(merit, min(wanted, len(merit)))
        for row in best.tolist():
            which = int(np.searchsorted(starts, row, side="right")) - 1
            hit = _scored(found[which], row - int(starts[which]), len(hits) + 1)
            if places.take(hit.bounds, hit.crs):
                hits.append(hit)
            if len(hits) == k:
                return hits
        if len(best) < wanted:
            return hits
        wanted *= 8


def _with_fragments(hits: Sequence[Hit], records: Sequence[SceneRecord]) -> tuple[Hit, ...]:
    """The same hits with what publishers say of those that are published embeddings."""
    told = {
        record.name: describe_fragments(record.source, {hit.position for hit in hits if hit.scene == record.name})
        for record in records
    }
    return tuple(replace(hit, fragment=told[hit.scene].get(hit.position)) for hit in hits)


def _scored(found: TileScores, row: int, rank: int) -> Hit:
    score, probability = float(found.score[row]), float(found.probability[row])
    bounds = None if found.middles is None else _around(found.middles[row], found.grid)
    return _hit(found.record.name, found.grid, int(found.position[row]), rank, score, probability, bounds)


def _around(middle: F64, grid: TileGrid) -> Bounds:
    """Left, bottom, right, top of a tile by its middle, (2,) x and y."""
    (x, y), half = middle.tolist(), grid.tile_px * grid.gsd / 2
    return x - half, y - half, x + half, y + half


def _hit(
    scene: str,
    grid: TileGrid,
    position: int,
    rank: int,
    score: float,
    probability: float,
    true_bounds: Bounds | None = None,
) -> Hit:
    tile = grid.tile(position)
    bounds = true_bounds or grid.bounds(position)
    crs = grid.geobox.crs
    assert crs is not None  # a grid has one
    lon, lat = lon_lat(crs, np.array((bounds[0] + bounds[2]) / 2), np.array((bounds[1] + bounds[3]) / 2))
    return Hit(
        rank=rank,
        scene=scene,
        row=tile.row,
        col=tile.col,
        position=position,
        score=score,
        probability=probability,
        lon=float(lon),
        lat=float(lat),
        bounds=bounds,
        crs=str(crs),
    )


class _Places:
    """Places already taken, one list a CRS."""

    def __init__(self) -> None:
        self._taken: dict[str, list[Bounds]] = {}

    def take(self, bounds: Bounds, crs: str) -> bool:
        """Take a place unless a better tile has it already."""
        taken = self._taken.setdefault(crs, [])
        if taken and _covered(bounds, np.array(taken)).max() >= OVERLAP:
            return False
        taken.append(bounds)
        return True


def _covered(bounds: Bounds, others: F64) -> F64:
    """(N,) area shared with each of the others, (N, 4), as a share of the smaller of the two."""
    left, bottom, right, top = others.T
    width = np.minimum(right, bounds[2]) - np.maximum(left, bounds[0])
    height = np.minimum(top, bounds[3]) - np.maximum(bottom, bounds[1])
    smaller = np.minimum((right - left) * (top - bottom), (bounds[2] - bounds[0]) * (bounds[3] - bounds[1]))
    return np.asarray(width.clip(0) * height.clip(0) / smaller)
