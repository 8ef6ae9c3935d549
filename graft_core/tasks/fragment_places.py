"""Where published embeddings really lie; the lattice knows it to half a step only."""

import numpy as np
from pyproj import Transformer

from graft_core.geo.grid import TileGrid
from graft_core.geo.scattered import F64
from graft_core.index.store import SceneRecord
from graft_core.io.embedding_files import WGS84
from graft_core.io.fragments import read_middles
from graft_core.types import I64


def true_middles(record: SceneRecord, position: I64) -> F64 | None:
    """(N, 2) x and y, in the CRS of the scene's grid, of the rows at (N,) positions; None for imagery.

    A position that the table of the fragments does not know keeps the middle of its tile.
    """
    grid = TileGrid.from_json(record.grid_json)
    told = fragment_middles(record.source, grid)
    if told is None:
        return None
    known, xy = told
    at = np.searchsorted(known, position).clip(0, len(known) - 1)
    found = (known[at] == position)[:, None]
    return np.where(found, xy[at], grid.middles(position))


def fragment_middles(source: str, grid: TileGrid) -> tuple[I64, F64] | None:
    """(N,) rising positions and (N, 2) x and y of all fragments of a scene by its raster; None for imagery."""
    told = read_middles(source)
    if told is None:
        return None
    to_grid = Transformer.from_crs(WGS84, str(grid.geobox.crs), always_xy=True)
    return told[0], np.column_stack(to_grid.transform(*told[1].T))


def nearest(middles: F64, grid: TileGrid, lon: float, lat: float) -> int | None:
    """Row of the tile, given by (N, 2) middles, that covers a place in degrees best; None where none covers it."""
    to_grid = Transformer.from_crs(WGS84, str(grid.geobox.crs), always_xy=True)
    away = np.abs(middles - to_grid.transform(lon, lat)).max(axis=1)
    row = int(np.argmin(away))
    return row if away[row] <= grid.tile_px * grid.gsd / 2 else None
