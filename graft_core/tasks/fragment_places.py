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
    told = read_middles(record.source)
    if told is None:
        return None
    known, lonlat = told
    grid = TileGrid.from_json(record.grid_json)
    xy = np.column_stack(Transformer.from_crs(WGS84, str(grid.geobox.crs), always_xy=True).transform(*lonlat.T))
    at = np.searchsorted(known, position).clip(0, len(known) - 1)
    found = (known[at] == position)[:, None]
    return np.where(found, xy[at], grid.middles(position))
