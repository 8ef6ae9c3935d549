"""A raster fetched block by block: whole or not at all, and never fetched twice."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from odc.geo.geobox import GeoBox

from graft_core.errors import ExportError, SceneError
from graft_core.io.imagery.draft import Layout, fetch_raster

GRID = GeoBox((250, 330), Affine(10, 0, 600_000, 0, -10, 5_350_000), "EPSG:32633")
LAYOUT = Layout(GRID, ("B04", "B03"), "uint16", 0, "gray", {"BOA_ADD_OFFSET": "-1000"})
VALUES = np.random.default_rng(7).integers(1, 9000, (2, 250, 330)).astype(np.uint16)
BLOCKS = 12  # of 100 px


def reader(asked: list[tuple[int, int]], breaks_at: int | None = None, add: int = 0) -> Callable[[GeoBox], np.ndarray]:
    """Gives the values of a block, and breaks at one of them."""

    def read(block: GeoBox) -> np.ndarray:
        if len(asked) == breaks_at:
            raise SceneError("the network is gone; look for it.")
        col, row = (round(each) for each in ~GRID.affine * (block.affine.c, block.affine.f))
        asked.append((row, col))
        return VALUES[:, row : row + block.shape[0], col : col + block.shape[1]] + np.uint16(add)

    return read


def stored(path: Path) -> np.ndarray:
    with rasterio.open(path) as source:
        return source.read()


def test_every_block_is_read_once_and_the_file_is_what_was_read(tmp_path: Path) -> None:
    asked: list[tuple[int, int]] = []
    steps = list(fetch_raster(tmp_path / "a.tif", LAYOUT, reader(asked), "key", 100))
    assert steps == [(done, BLOCKS) for done in range(BLOCKS + 1)]
    assert len(asked) == len(set(asked)) == BLOCKS
    assert np.array_equal(stored(tmp_path / "a.tif"), VALUES)
    with rasterio.open(tmp_path / "a.tif") as source:
        assert (source.crs, source.transform, source.nodata) == ("EPSG:32633", GRID.affine, 0)
        assert source.descriptions == ("B04", "B03")
        assert source.tags()["BOA_ADD_OFFSET"] == "-1000"
    assert [path.name for path in tmp_path.iterdir()] == ["a.tif"]


def test_blocks_follow_those_of_a_larger_raster(tmp_path: Path) -> None:
    asked: list[tuple[int, int]] = []
    list(fetch_raster(tmp_path / "a.tif", LAYOUT, reader(asked), "key", 100, begins=(230, -20)))
    assert sorted({row for row, _ in asked}) == [0, 70, 170]
    assert sorted({col for _, col in asked}) == [0, 20, 120, 220, 320]
    assert np.array_equal(stored(tmp_path / "a.tif"), VALUES)


def test_what_broke_off_goes_on_where_it_broke(tmp_path: Path) -> None:
    asked: list[tuple[int, int]] = []
    with pytest.raises(SceneError):
        list(fetch_raster(tmp_path / "a.tif", LAYOUT, reader(asked, 5), "key", 100))
    assert not (tmp_path / "a.tif").exists()
    again: list[tuple[int, int]] = []
    steps = list(fetch_raster(tmp_path / "a.tif", LAYOUT, reader(again), "key", 100))
    assert steps[0] == (5, BLOCKS)
    assert not {*asked} & {*again}
    assert np.array_equal(stored(tmp_path / "a.tif"), VALUES)
    assert [path.name for path in tmp_path.iterdir()] == ["a.tif"]


@pytest.mark.parametrize("how", ["other key", "other grid", "values gone", "note gone", "note damaged"])
def test_something_else_is_never_gone_on_with(tmp_path: Path, how: str) -> None:
    with pytest.raises(SceneError):
        list(fetch_raster(tmp_path / "a.tif", LAYOUT, reader([], 5, add=1), "key", 100))
    if how == "values gone":
        (tmp_path / "a.tif.part").unlink()
    elif how == "note gone":
        (tmp_path / "a.tif.part.json").unlink()
    elif how == "note damaged":
        (tmp_path / "a.tif.part.json").write_text('{"done": 5')
    key, block = ("other" if how == "other key" else "key"), (110 if how == "other grid" else 100)
    steps = list(fetch_raster(tmp_path / "a.tif", LAYOUT, reader([]), key, block))
    assert steps[0][0] == 0
    assert np.array_equal(stored(tmp_path / "a.tif"), VALUES)


def test_nothing_of_a_first_kind_is_gone_on_with_after_a_second_was_begun(tmp_path: Path) -> None:
    """What the second had not written yet is empty, and its size is that of the first."""
    for key, blocks in (("first", 5), ("second", 0)):
        with pytest.raises(SceneError):
            list(fetch_raster(tmp_path / "a.tif", LAYOUT, reader([], blocks), key, 100))
    steps = list(fetch_raster(tmp_path / "a.tif", LAYOUT, reader([]), "first", 100))
    assert steps[0] == (0, BLOCKS)
    assert np.array_equal(stored(tmp_path / "a.tif"), VALUES)


def test_an_older_file_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(b"older")
    with pytest.raises(SceneError):
        list(fetch_raster(tmp_path / "a.tif", LAYOUT, reader([], 5), "key", 100))
    assert (tmp_path / "a.tif").read_bytes() == b"older"


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="Cannot write"):
        list(fetch_raster(tmp_path / "no" / "a.tif", LAYOUT, reader([]), "key", 100))
