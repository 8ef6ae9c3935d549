"""From photos and a scene to an encoder that is measured, as a person types it."""

import json
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from commands import command, done, refused
from pyproj import Transformer

from graft_core.io.photo import PhotoTags, write_photo
from graft_core.world.album import take_photos
from graft_core.world.scenes import WORLD_CRS, write_scene

SEED, SIDE, PHOTOS = 1003, 1024, 110
CONFIG = """
name = "mine"
pairs = ["pairs.parquet"]

[optimizer]
steps = 6
batch = 8
learning_rate = 5e-4
warmup = 1

[run]
checkpoint_every = 3
validate_every = 3
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scene, its photos and the table of their pairs."""
    folder = tmp_path_factory.mktemp("train")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRAFT_WEIGHTS", str(folder / "weights"))
        write_scene(folder, "naip", SEED, SIDE)
        (folder / "photos").mkdir()
        rng = np.random.default_rng(SEED)
        positions = rng.uniform(-SIDE / 2, SIDE / 2, (PHOTOS, 2))
        lon, lat = Transformer.from_crs(WORLD_CRS, "EPSG:4326", always_xy=True).transform(*positions.T)
        for i, photo in enumerate(take_photos(SEED, positions, rng, 64)):
            tags = PhotoTags(lon[i], lat[i], 0.0, 4.0, datetime(2024, 5, 1))
            write_photo(folder / "photos" / f"{i:03}.jpg", photo.pixels, tags)
        out = folder / "pairs.parquet"
        share = ("--validation-share", "0.25")
        done("pairs", "--photos", folder / "photos", "--scenes", folder / "naip.tif", "-o", out, *share)
    (folder / "train.toml").write_text(CONFIG)
    return folder


@pytest.fixture
def folder(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, with weights that all tests share."""
    monkeypatch.setenv("GRAFT_WEIGHTS", str(made / "weights"))
    return made


def test_an_encoder_is_trained_and_listed(folder: Path) -> None:
    said = command("train", folder / "train.toml", "--device", "cpu")
    assert said.status == 0, said.err
    told = json.loads(said.out)
    assert told["name"] == "mine"
    assert (Path(told["run"]) / "metrics.jsonl").is_file()
    assert told["validation"]["loss"] < told["before"]["loss"]
    assert "step 0: validation loss" in said.err
    assert said.err.count("step 6: validation loss") == 1
    assert "mine" in [entry["name"] for entry in json.loads(done("models", "--json"))]


def test_the_same_run_is_not_started_again_and_can_be_resumed(folder: Path) -> None:
    assert "already, at step 6" in refused("train", folder / "train.toml")
    said = command("train", folder / "train.toml", "--resume", "--device", "cpu")
    assert said.status == 0, said.err
    assert "step 6: Resumed at step 6." in said.err
    assert "validation" not in said.err  # what was told before is not told again


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"steps = 6": "stpes = 6"}, "stpes"),
        ({"pairs.parquet": "none.parquet"}, "none.parquet"),
        ({"[optimizer]": 'teacher = "graft-demo-naip"\n[optimizer]'}, "no photo tower"),
        ({'"mine"': '"graft-demo-naip"'}, "already"),
    ],
)
def test_a_wrong_configuration_is_refused_in_a_sentence(folder: Path, change: dict[str, str], named: str) -> None:
    text = CONFIG.replace('"mine"', '"other"') if '"mine"' not in change else CONFIG
    for old, new in change.items():
        text = text.replace(old, new)
    path = folder / "wrong.toml"
    path.write_text(text)
    assert named in refused("train", path)


def test_options_that_would_do_nothing_are_refused(folder: Path) -> None:
    assert "no --cache and no --workers" in refused("train", folder / "train.toml", "--cache", "x", "--workers", "1")
    recipe = folder / "worlds.toml"
    recipe.write_text("[worlds]\n")
    assert "no --resume" in refused("train", recipe, "--resume")
