"""A disk that takes no more: one sentence, everything committed and every earlier result as it was, and the way on."""

from pathlib import Path

import pytest
from commands import done, refused, tiles_of
from full_disk import largest_file
from real_scenes import QUERY, Encoded

ROW_BYTES = 272
"""Of a tile in the log of an index being written: 128 values of float16 and where it lies."""


def test_indexing_stops_and_goes_on_when_there_is_room(
    forest_lake: Path, earlier: Path, encoded: Encoded, tmp_path: Path
) -> None:
    kept = tiles_of(earlier)
    with largest_file(70 * ROW_BYTES):
        sentence = refused("index", forest_lake)
    assert "No space left" in sentence
    assert forest_lake.stem in sentence
    assert encoded.tiles == 96, "two batches have room, the third has not"
    assert (tiles_of(forest_lake), tiles_of(earlier)) == (0, kept)
    done("density", earlier, "-q", QUERY, "-o", tmp_path / "map.tif")

    encoded.tiles = 0
    done("index", forest_lake)
    assert encoded.tiles == tiles_of(forest_lake) - 64, "what was stored is not encoded again"
    assert tiles_of(earlier) == kept


@pytest.mark.parametrize("size", [0, 100, 1000])
def test_disk_that_is_full_from_the_start_is_named(forest_lake: Path, earlier: Path, size: int, tmp_path: Path) -> None:
    kept = tiles_of(earlier)
    with largest_file(size):
        assert "No space left" in refused("index", forest_lake)
    assert tiles_of(earlier) == kept
    done("density", earlier, "-q", QUERY, "-o", tmp_path / "map.tif")


def test_map_that_has_no_room_leaves_the_earlier_one(forest_lake: Path, tmp_path: Path) -> None:
    done("index", forest_lake)
    out = tmp_path / "results" / "map.tif"
    out.parent.mkdir()
    done("density", forest_lake, "-q", QUERY, "-o", out)
    before = {path.name: path.read_bytes() for path in out.parent.iterdir()}
    for size in (0, 10_000, 100_000):
        with largest_file(size):
            sentence = refused("density", forest_lake, "-q", "road - water", "-o", out)
            assert str(out) in sentence
            assert "disk is full" in sentence
            assert "disk is full" in refused("replay", out, "-o", out)
        assert {path.name: path.read_bytes() for path in out.parent.iterdir()} == before
    done("density", forest_lake, "-q", "road - water", "-o", out)
    assert out.read_bytes() != before["map.tif"]


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".parquet"])
def test_hits_that_have_no_room_leave_the_earlier_ones(earlier: Path, suffix: str, tmp_path: Path) -> None:
    out = tmp_path / "results" / f"hits{suffix}"
    out.parent.mkdir()
    done("retrieve", earlier, "-q", QUERY, "-o", out)
    before = {path.name: path.read_bytes() for path in out.parent.iterdir()}
    with largest_file(200):
        sentence = refused("retrieve", earlier, "-q", "road - water", "-o", out)
    assert str(out) in sentence
    assert "disk is full" in sentence
    assert {path.name: path.read_bytes() for path in out.parent.iterdir()} == before
