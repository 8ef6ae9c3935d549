import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from graft_core.evaluate.worlds import WorldFigures, _summary, class_shares, evaluate_worlds
from graft_core.geo.grid import tile_grid
from graft_core.types import SensorName
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


@pytest.mark.parametrize("sensor", ["naip", "sentinel2"])
def test_shipped_encoders_know_a_world_they_never_saw(sensor: SensorName, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small scenes and few labelled colours, so the bounds are wider than those of whole worlds."""
    monkeypatch.setattr("graft_core.evaluate.worlds.COLOUR_SEEDS", (1000,))
    monkeypatch.setattr("graft_core.evaluate.worlds.COLOUR_TILES", 100)
    found = evaluate_worlds([11], lambda _: None, side_px={sensor: 1024})["sensors"][sensor]
    assert found["tiles"] > 100
    assert found["zero_shot_top1"] > found["baseline_top1"] + 0.25
    assert found["zero_shot_top1"] > found["colour_knn_top1"] + 0.15
    assert found["map_at_20"] > 0.7
    assert found["density_r"] > 0.7
