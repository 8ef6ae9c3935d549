"""Tiles are cut as indexing cuts them, once."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from long_work import finish

from graft_core.errors import SceneError, TrainError
from graft_core.geo.grid import tile_grid
from graft_core.io.scene import open_scene, read_tiles
from graft_core.train.pairs.table import read_pairs
from graft_core.train.tile_cache import check_alike, cut_tiles, tile_bytes, tile_file


def test_a_tile_has_the_pixels_that_indexing_sees(drawn_place: Path, tmp_path: Path) -> None:
    table = read_pairs(drawn_place / "pairs.parquet")
    scene = open_scene(drawn_place / "naip.tif")
    grid = tile_grid(scene.geobox, gsd=1.0, tile_px=128, stride_px=128)
    lattice = next(iter(read_tiles(scene, grid)))
    first = grid.tile(int(lattice.index[0]))
    one = replace(table, corner=np.array([[first.top, first.left]]), scene=table.scene[:1])
    tiles = finish(cut_tiles([one], tmp_path))
    np.testing.assert_array_equal(tiles[0], lattice.pixels[0])


def test_tiles_are_cut_once_and_mapped(drawn_place: Path, tmp_path: Path) -> None:
    table = read_pairs(drawn_place / "pairs.parquet")
    work = cut_tiles([table, table], tmp_path)
    assert next(work).unit == "tiles"
    tiles = finish(work)
    assert tiles.shape == (2 * len(table.scene), 128, 128, 3)
    np.testing.assert_array_equal(tiles[: len(table.scene)], tiles[len(table.scene) :])
    assert isinstance(tiles, np.memmap)
    assert tile_file([table, table], tmp_path).stat().st_size == pytest.approx(tile_bytes([table, table]), rel=0.01)
    with pytest.raises(StopIteration):
        next(cut_tiles([table, table], tmp_path))  # nothing is left to be done


def test_an_interrupted_cut_leaves_nothing(drawn_place: Path, tmp_path: Path) -> None:
    work = cut_tiles([read_pairs(drawn_place / "pairs.parquet")], tmp_path)
    next(work)
    work.close()
    assert not list(tmp_path.iterdir())


def test_a_scene_that_is_gone_is_named(copied: Callable[[], Path], tmp_path: Path) -> None:
    folder = copied()
    (folder / "naip.tif").unlink()
    with pytest.raises(SceneError, match=r"naip\.tif"):
        finish(cut_tiles([read_pairs(folder / "pairs.parquet")], tmp_path))


def test_tables_that_do_not_go_together_are_refused(drawn_place: Path) -> None:
    table = read_pairs(drawn_place / "pairs.parquet")
    with pytest.raises(TrainError, match="b is for sentinel2 at 10 m, a for naip at 1 m"):
        check_alike([table, replace(table, sensor="sentinel2", gsd=10.0)], ("a", "b"), 128, "demo-teacher")
    with pytest.raises(TrainError, match="--teacher clip-vit-b-16"):
        check_alike([table], ("a",), 224, "clip-vit-b-16")
