from pathlib import Path

import numpy as np
import pytest
from four_colors import geobox
from known_encoder import COLORS, KnownEncoder, unit_vector

from graft_core.errors import GraftError, IndexStoreError, SceneError
from graft_core.geo.grid import TileGrid
from graft_core.index.store import IndexStore
from graft_core.io.scene import Scene, open_scene
from graft_core.tasks.index_scene import index_scene
from graft_core.types import F32, U8


def test_every_tile_is_stored_where_it_lies(scene: Scene, encoder: KnownEncoder, root: Path) -> None:
    steps = list(index_scene(scene, encoder, root))
    snapshot = IndexStore(root, encoder.spec).snapshot()
    record = snapshot.record(scene.name)
    grid = TileGrid.from_json(record.grid_json)
    assert grid.stride_px == encoder.spec.tile_px // 2, "half a tile by default"
    assert record.tiles == len(grid) == encoder.tiles_encoded
    assert steps[-1].done == steps[-1].total == len(grid)
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    middle_x, middle_y = geobox().boundingbox.left + 112, geobox().boundingbox.top - 80
    for name, east, south in [
        ("red", False, False),
        ("green", True, False),
        ("blue", False, True),
        ("white", True, True),
    ]:
        rows = [i for i in range(len(grid)) if _inside(grid.bounds(i), middle_x, middle_y) == (east, south)]
        vectors = snapshot.matrix[rows].astype(np.float32)
        np.testing.assert_allclose(vectors, np.tile(unit_vector(np.array(COLORS[name])), (len(rows), 1)), atol=1e-3)


def _inside(bounds: tuple[float, float, float, float], x: float, y: float) -> tuple[bool, bool] | None:
    left, bottom, right, top = bounds
    if (left < x < right) or (bottom < y < top):
        return None
    return left >= x, top <= y


def test_indexed_scene_is_left_as_it_is(scene: Scene, encoder: KnownEncoder, root: Path) -> None:
    list(index_scene(scene, encoder, root))
    asked = encoder.tiles_encoded
    (step,) = index_scene(scene, encoder, root)
    assert step.done == step.total == step.resumed
    assert encoder.tiles_encoded == asked


def test_changed_stride_replaces_the_scene(scene: Scene, encoder: KnownEncoder, root: Path) -> None:
    list(index_scene(scene, encoder, root))
    list(index_scene(scene, encoder, root, stride=16))
    (record,) = IndexStore(root, encoder.spec).scenes()
    assert TileGrid.from_json(record.grid_json).stride_px == 16


def test_interrupted_run_goes_on_where_it_stopped(scene: Scene, encoder: KnownEncoder, root: Path) -> None:
    work = index_scene(scene, encoder, root, batch=8)
    for step in work:
        if step.done >= 40:
            break
    work.close()
    assert IndexStore(root, encoder.spec).scenes() == [], "nothing is committed by half"
    before = encoder.tiles_encoded
    steps = list(index_scene(scene, encoder, root, batch=8))
    assert steps[0].resumed == steps[0].done == 40
    assert encoder.tiles_encoded - before == steps[0].total - 40
    assert IndexStore(root, encoder.spec).scenes()[0].tiles == steps[0].total


def test_failing_encoder_loses_nothing_and_is_not_hidden(scene: Scene, root: Path) -> None:
    class Failing(KnownEncoder):
        def encode_tiles(self, tiles: U8) -> F32:
            if self.tiles_encoded >= 64:
                raise MemoryError("no room for the batch")
            return super().encode_tiles(tiles)

    with pytest.raises(MemoryError, match="no room"):
        list(index_scene(scene, Failing(), root))
    steps = list(index_scene(scene, KnownEncoder(), root))
    assert steps[0].resumed == 64


def test_unreadable_pixels_are_an_error_that_names_the_file(write_scene, encoder: KnownEncoder, root: Path) -> None:
    rng = np.random.default_rng(0)
    path = write_scene("noise.tif", rng.integers(0, 256, (3, 700, 700), dtype=np.uint8))
    scene = open_scene(path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(SceneError, match=r"noise\.tif"):
        list(index_scene(scene, encoder, root))
    assert IndexStore(root, encoder.spec).scenes() == []


def test_scene_without_imagery_is_refused(write_scene, encoder: KnownEncoder, root: Path) -> None:
    path = write_scene("empty.tif", np.zeros((3, 64, 64), np.uint8), nodata=0)
    with pytest.raises(GraftError, match="empty"):
        list(index_scene(open_scene(path), encoder, root))


def test_tiles_without_imagery_have_no_row(write_scene, encoder: KnownEncoder, root: Path) -> None:
    pixels = np.full((3, 64, 64), 200, np.uint8)
    pixels[:, :, 32:] = 0
    scene = open_scene(write_scene("half.tif", pixels, nodata=0))
    steps = list(index_scene(scene, encoder, root))
    (record,) = IndexStore(root, encoder.spec).scenes()
    assert 0 < record.tiles < steps[-1].total == steps[-1].done, "the bar reaches its end all the same"


def test_pixels_too_coarse_for_the_encoder_are_refused(write_scene, root: Path) -> None:
    scene = open_scene(write_scene("coarse.tif", box=geobox(gsd=10.0)))
    with pytest.raises(SceneError, match="10 m"):
        list(index_scene(scene, KnownEncoder(), root))


@pytest.mark.parametrize("stride", [0, -4, 17])
def test_stride_that_leaves_gaps_is_refused(scene: Scene, encoder: KnownEncoder, root: Path, stride: int) -> None:
    with pytest.raises(SceneError, match="stride"):
        list(index_scene(scene, encoder, root, stride=stride))


def test_two_writers_of_one_index_do_not_mix(scene: Scene, encoder: KnownEncoder, root: Path) -> None:
    first = index_scene(scene, encoder, root, batch=8)
    next(first)
    with pytest.raises(IndexStoreError, match="being written"):
        list(index_scene(scene, encoder, root))
    for _ in first:
        pass
    assert len(IndexStore(root, encoder.spec).scenes()) == 1


def test_patches_are_rows_of_a_finer_grid(scene: Scene, root: Path) -> None:
    encoder = KnownEncoder(level="patch")
    list(index_scene(scene, encoder, root))
    snapshot = IndexStore(root, encoder.spec).snapshot()
    grid = TileGrid.from_json(snapshot.record(scene.name).grid_json)
    assert (grid.tile_px, grid.stride_px) == (4, 4)
    assert np.array_equal(np.sort(snapshot.position), np.arange(len(grid))), "every patch of the scene, none beside it"
    red = unit_vector(np.array(COLORS["red"]))
    lattice = (snapshot.matrix.astype(np.float32) @ red).reshape(grid.rows, grid.cols)
    top, left = grid.tile(0).top, grid.tile(0).left
    rows, cols = (80 - top) // 4, (112 - left) // 4
    assert (lattice[: rows - 1, : cols - 1] > 0.999).all()
    assert (lattice[rows + 1 :] < 0.9).all()
    assert (lattice[:, cols + 1 :] < 0.9).all()


def test_interrupted_patches_go_on_where_they_stopped(scene: Scene, root: Path) -> None:
    encoder = KnownEncoder(level="patch")
    work = index_scene(scene, encoder, root, batch=8)
    for step in work:
        if step.done >= 24:
            break
    work.close()
    steps = list(index_scene(scene, encoder, root, batch=8))
    assert steps[0].resumed == 24
    assert encoder.tiles_encoded == steps[-1].total
