"""What colours alone tell, with labels: the least that an encoder has to beat."""

from dataclasses import dataclass

import numpy as np

from graft_core.evaluate.drawn import draw_labelled_tiles
from graft_core.evaluate.metrics import F64, color_features, nearest_neighbours_predict
from graft_core.geo.grid import TileGrid
from graft_core.io.scene import Scene, read_tiles
from graft_core.types import I64, SensorName

COLOUR_SEEDS = (1000, 1001, 1002)
"""Worlds it knows: training worlds, as the encoders had."""
COLOUR_TILES = 400
"""Tiles it knows of each."""


@dataclass(frozen=True)
class ColourBaseline:
    """Labelled colours of training worlds."""

    features: F64
    """(N, 6) mean and spread of each channel."""
    labels: I64
    """(N,) row of land.CLASSES."""

    @classmethod
    def of(cls, sensor: SensorName) -> "ColourBaseline":
        drawn = [draw_labelled_tiles(sensor, seed, COLOUR_TILES) for seed in COLOUR_SEEDS]
        features = color_features(np.concatenate([each.tiles for each in drawn]))
        return cls(features, np.concatenate([each.labels for each in drawn]))

    def predict(self, scene: Scene, grid: TileGrid) -> I64:
        """(N,) class row of every tile of the grid; -1 where there is no tile."""
        predicted = np.full(len(grid), -1, np.int64)
        for batch in read_tiles(scene, grid, batch=256):
            asked = color_features(batch.pixels)
            predicted[batch.index] = nearest_neighbours_predict(self.features, self.labels, asked)
        return predicted
