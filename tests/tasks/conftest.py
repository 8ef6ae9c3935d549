"""A small scene of four colours and its index, for tests that need no weights."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from four_colors import four_colors, geobox
from known_encoder import KnownEncoder
from odc.geo.geobox import GeoBox

from graft_core.index.store import IndexStore
from graft_core.io.geotiff import write_raster
from graft_core.io.scene import Scene, open_scene
from graft_core.tasks.index_scene import index_scene
from graft_core.tasks.score import Searcher

WriteScene = Callable[..., Path]


@pytest.fixture
def write_scene(tmp_path: Path) -> WriteScene:
    """Write (3, h, w) pixels as a GeoTIFF and give its path."""

    def write(
        name: str = "four.tif", pixels: np.ndarray | None = None, box: GeoBox | None = None, **tags: float
    ) -> Path:
        pixels = four_colors() if pixels is None else pixels
        path = tmp_path / name
        names = ("red", "green", "blue")
        write_raster(path, pixels, box or geobox(*pixels.shape[1:]), descriptions=names, photometric="rgb", **tags)
        return path

    return write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "indexes"


@pytest.fixture
def encoder() -> KnownEncoder:
    return KnownEncoder()


@pytest.fixture
def scene(write_scene: WriteScene) -> Scene:
    return open_scene(write_scene())


@pytest.fixture
def searcher(scene: Scene, encoder: KnownEncoder, root: Path) -> Searcher:
    """The four colours, indexed; the encoder has forgotten that it was asked."""
    for _ in index_scene(scene, encoder, root):
        pass
    encoder.tiles_encoded = 0
    return Searcher(IndexStore(root, encoder.spec).snapshot(), encoder)
