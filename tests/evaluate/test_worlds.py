import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from graft_core.evaluate.worlds import WorldFigures, _summary, class_shares
from graft_core.geo.grid import tile_grid
from graft_core.world import land


def test_class_shares_are_areas_of_the_tiles() -> None:
    classes = np.random.default_rng(0).integers(0, len(land.CLASSES) + 1, (70, 50)).astype(np.uint8)
    grid = tile_grid(GeoBox((70, 50), Affine(1, 0, 13, 0, -1, -7), "EPSG:3395"), gsd=1, tile_px=16, stride_px=8)
    shares = class_shares(classes, grid)
    for i in range(len(grid)):
        tile = grid.tile(i)
        part = classes[max(tile.top, 0) : tile.top + 16, max(tile.left, 0) : tile.left + 16]
        counts = np.bincount(part.ravel(), minlength=len(land.CLASSES) + 1)[1:]
        np.testing.assert_allclose(shares[i], counts / 256, atol=1e-6)


def test_figures_of_several_worlds_are_means_with_their_spread() -> None:
    worlds = [WorldFigures(100, 0.6, 0.2, 0.9, 0.3, 0.4, 0.8), WorldFigures(50, 0.8, 0.2, 0.7, 0.3, 0.4, 0.9)]
    found = _summary(worlds)
    assert found["tiles"] == 150
    assert found["zero_shot_top1"] == pytest.approx(0.7)
    assert found["spread"]["zero_shot_top1"] == pytest.approx(np.std([0.6, 0.8], ddof=1), abs=1e-4)
    assert "spread" not in _summary(worlds[:1])
