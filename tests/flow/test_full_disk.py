"""A disk that takes no more: one sentence, everything committed and every earlier result as it was, and the way on."""

import json
from pathlib import Path

import pytest
from commands import done, refused
from full_disk import largest_file
from real_scenes import QUERY, Encoded

ROW_BYTES = 272
"""Of a tile in the log of an index being written: 128 values of float16 and where it lies."""


@pytest.fixture
def scene(shared_data: Path) -> Path:
    return shared_data / "naip" / "va_forest_lake.tif"


@pytest.fixture
def earlier(shared_data: Path) -> Path:
    """A small scene of the same encoder, committed before the disk is full."""
    path = shared_data / "bad" / "tiny_100x80.tif"
    done("index", path)
    return path


def tiles(scene: Path) -> int:
    (index,) = json.loads(done("index", "list", "--json"))
    assert index["problem"] is None
    return sum(each["tiles"] for each in index["scenes"] if each["source"] == str(scene))


def test_indexing_stops_and_goes_on_when_there_is_room(
    scene: Path, earlier: Path, encoded: Encoded, tmp_path: Path
) -> None:
    kept = tiles(earlier)
    with largest_file(70 * ROW_BYTES):
        sentence = refused("index", scene)
    assert "No space left" in sentence
    assert scene.stem in sentence
    assert encoded.tiles == 96, "two batches have room, the third has not"
    assert (tiles(scene), tiles(earlier)) == (0, kept)
    done("density", earlier, "-q", QUERY, "-o", tmp_path / "map.tif")

    encoded.tiles = 0
    done("index", scene)
    assert encoded.tiles == tiles(scene) - 64, "what was stored is not encoded again"
    assert tiles(earlier) == kept


@pytest.mark.parametrize("size", [0, 100, 1000])
def test_disk_that_is_full_from_the_start_is_named(scene: Path, earlier: Path, size: int, tmp_path: Path) -> None:
    kept = tiles(earlier)
    with largest_file(size):
        assert "No space left" in refused("index", scene)
    assert tiles(earlier) == kept
    done("density", earlier, "-q", QUERY, "-o", tmp_path / "map.tif")


def test_map_that_has_no_room_leaves_the_earlier_one(scene: Path, tmp_path: Path) -> None:
    done("index", scene)
    out = tmp_path / "results" / "map.tif"
    out.parent.mkdir()
    done("density", scene, "-q", QUERY, "-o", out)
    before = {path.name: path.read_bytes() for path in out.parent.iterdir()}
    for size in (0, 50_000, 500_000):
        with largest_file(size):
            sentence = refused("density", scene, "-q", "road - water", "-o", out)
            assert str(out) in sentence
            assert "disk is full" in sentence
            assert "disk is full" in refused("replay", out, "-o", out)
        assert {path.name: path.read_bytes() for path in out.parent.iterdir()} == before
    done("density", scene, "-q", "road - water", "-o", out)
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
