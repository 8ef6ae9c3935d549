"""Two programs at once, and a program that is killed: what was committed stays, and the work can be finished."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from commands import done, refused, tiles_of
from real_scenes import QUERY, Encoded

ROOT = Path(__file__).resolve().parents[2]
BATCH = 32
"""Tiles encoded and stored together."""


@dataclass(frozen=True)
class Paused:
    """A program in the middle of its work."""

    process: subprocess.Popen[str]
    """It waits to be told to go on."""
    go: Path
    """Made, it goes on."""


StartProgram = Callable[..., Paused]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[StartProgram]:
    """Start ``python -m graft_core WORDS`` and wait until it is about to encode a batch of tiles."""
    started: list[subprocess.Popen[str]] = []

    def program(batch: int, *words: object) -> Paused:
        ready, go = tmp_path / "ready", tmp_path / "go"
        line = [sys.executable, str(Path(__file__).with_name("paused_program.py"))]
        line += [str(word) for word in (batch, ready, go, *words)]
        path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        process = subprocess.Popen(
            line, env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        while not ready.exists():
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        return Paused(process, go)

    yield program
    for process in started:
        process.kill()
        process.communicate()


def test_second_writer_is_refused_and_the_first_commits(
    forest_lake: Path, earlier: Path, start: StartProgram, shared_data: Path, tmp_path: Path
) -> None:
    kept = tiles_of(earlier)
    first = start(1, "index", forest_lake)
    for wanted in (forest_lake, shared_data / "bad" / "rotated.tif"):
        sentence = refused("index", wanted)
        assert f"process {first.process.pid} " in sentence
        assert "being written" in sentence
    assert "being written" in refused("index", "remove", "tiny_100x80")
    done("density", earlier, "-q", QUERY, "-o", tmp_path / "map.tif")  # who only reads need not wait
    assert (tiles_of(forest_lake), tiles_of(earlier)) == (0, kept)

    first.go.touch()
    out, err = first.process.communicate(timeout=300)
    assert (first.process.returncode, err) == (0, "")
    assert out.startswith(forest_lake.stem)
    assert (tiles_of(forest_lake) > 100, tiles_of(earlier)) == (True, kept)
    done("index", shared_data / "bad" / "rotated.tif")


@pytest.mark.parametrize("batch", [0, 1, 3])
def test_killed_program_loses_nothing_and_a_new_one_goes_on(
    forest_lake: Path, earlier: Path, start: StartProgram, batch: int, encoded: Encoded, tmp_path: Path
) -> None:
    kept = tiles_of(earlier)
    killed = start(batch, "index", forest_lake)
    killed.process.kill()
    killed.process.communicate()
    assert killed.process.returncode == -9
    assert (tiles_of(forest_lake), tiles_of(earlier)) == (0, kept)
    done("retrieve", earlier, "-q", QUERY)
    assert encoded.tiles == 0

    done("density", forest_lake, "-q", QUERY, "-o", tmp_path / "map.tif")
    whole = tiles_of(forest_lake)
    assert encoded.tiles == whole - batch * BATCH, "what was stored is not encoded again"
    assert tiles_of(earlier) == kept
