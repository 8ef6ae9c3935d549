"""Where in its grid a scene really holds imagery, seen coarsely."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from affine import Affine
from odc.geo.geobox import GeoBox

from graft_core.io.scene import Scene, read_rgb
from graft_core.io.source import dataset_geobox, has_stored_mask, open_dataset
from graft_core.types import Bool

CELLS = 1024
"""Longest side of the coarse picture; a cell of it is one pixel of a scene that is no larger."""

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Footprint:
    """Cells with and without imagery."""

    geobox: GeoBox
    """Grid of the cells, in the scene's CRS."""
    valid: Bool
    """(h, w) whether a cell holds imagery."""

    def covers(self, x: F64, y: F64) -> Bool:
        """(N,) whether each place in the scene's CRS lies in a cell with imagery."""
        col, row = ~self.geobox.affine @ (x, y)
        rows, cols = np.floor(row).astype(np.int64), np.floor(col).astype(np.int64)
        height, width = self.valid.shape
        inside = (rows >= 0) & (rows < height) & (cols >= 0) & (cols < width)
        return np.asarray(inside & self.valid[np.clip(rows, 0, height - 1), np.clip(cols, 0, width - 1)])

    def share(self, left: float, bottom: float, right: float, top: float) -> float:
        """Share of the cells under a rectangle of the scene's CRS that hold imagery."""
        col0, row0 = ~self.geobox.affine @ (left, top)
        col1, row1 = ~self.geobox.affine @ (right, bottom)
        rows = slice(max(0, math.floor(row0 + 0.01)), max(0, math.ceil(row1 - 0.01)))
        cols = slice(max(0, math.floor(col0 + 0.01)), max(0, math.ceil(col1 - 0.01)))
        under = self.valid[rows, cols]
        return float(under.mean()) if under.size else 0.0


def footprint(scene: Scene) -> Footprint | None:
    """Where the scene has imagery; None where nothing in its file can be missing, so that it is not read.

    Otherwise its overviews are read, or, where it has none, the whole file once.

    Raises:
        SceneError: it cannot be read.
    """
    if not _may_have_gaps(scene):
        return None
    height, width = scene.geobox.shape
    factor = max(1.0, max(height, width) / CELLS)
    shape = math.ceil(height / factor), math.ceil(width / factor)
    cells = GeoBox(shape, scene.geobox.affine @ Affine.scale(factor), scene.geobox.crs)
    return Footprint(cells, read_rgb(scene, cells)[1])


def _may_have_gaps(scene: Scene) -> bool:
    if scene.nodata is not None or scene.mask_band is not None:
        return True
    dataset = open_dataset(scene.source)
    try:
        floating = dataset.dtypes[0].startswith("float")
        return floating or has_stored_mask(dataset) or dataset_geobox(dataset) != scene.geobox
    finally:
        dataset.close()
