"""The configuration of the shipped encoders, and a run of the same code that is small enough for a test."""

from pathlib import Path

import numpy as np
import pytest
import torch

from graft_core.errors import TrainError
from graft_core.evaluate.demo_encoders import make_demo_encoders
from graft_core.evaluate.demo_recipe import ENCODERS, read_config
from graft_core.models.registry import load_encoder

SHIPPED = Path(__file__).parents[2] / "graft_core" / "train" / "configs" / "demo.toml"
SMALL = """
[worlds]
first_seed = 1000
last_seed = 1001
validation_seeds = [2000]
photos_per_world = 8
validation_tiles = 6
validation_photos = 6

[teacher]
steps = 2
batch = 4
learning_rate = 1e-3
warmup = 0
patch_dropout = 0.5

[encoder]
steps = 2
batch = 4
learning_rate = 1e-3
warmup = 0

[pixel_encoder]
steps = 2
batch = 4
learning_rate = 1e-3
warmup = 0
patch_dropout = 0.5

[query]
templates = ["a photo of {}"]
background = ["trees", "water"]
temperature = 0.05
bandwidth_tiles = 1.0
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(text)
    return path


def test_shipped_configuration_keeps_validation_worlds_apart() -> None:
    config = read_config(SHIPPED)
    assert not set(config.training_seeds) & set(config.validation_seeds)
    assert 7 not in {*config.training_seeds, *config.validation_seeds}  # the world of the README


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (SMALL + "colour = 'red'\n", "colour"),
        (SMALL.replace("photos_per_world = 8\n", ""), "photos_per_world"),
        (SMALL.replace("[teacher]\n", "[teacher]\nspeed = 3\n"), "speed"),
    ],
)
def test_unknown_and_missing_keys_are_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(TrainError, match=named):
        read_config(write(tmp_path, text))


def test_encoders_come_out_that_load_and_share_one_space(tmp_path: Path) -> None:
    config, out, cpu = read_config(write(tmp_path, SMALL)), tmp_path / "weights", torch.device("cpu")
    reported = dict(make_demo_encoders(config, out, tmp_path / "cache", cpu, workers=1))
    names = ["demo-teacher", *(made.name for made in ENCODERS)]
    assert list(reported) == names
    assert set(reported["graft-demo-naip"]) == {"top1", "map_at_20", "teacher_top1", "teacher_map_at_20"}
    assert set(reported["graft-demo-naip-patch"]) == {"miou", "teacher_miou"}
    encoders = {name: load_encoder(str(out / f"{name}.json")) for name in names}
    word = encoders["demo-teacher"].encode_texts(["a photo of a lake"])
    tiles = np.random.default_rng(0).integers(0, 255, (2, 128, 128, 3), dtype=np.uint8)
    before = encoders["demo-teacher"].encode_tiles(tiles)
    for made in ENCODERS:
        encoder = encoders[made.name]
        assert (encoder.spec.sensor, encoder.spec.level) == (made.sensor, made.level)
        assert encoder.spec.gsd == {"naip": 1, "sentinel2": 10}[made.sensor]
        np.testing.assert_array_equal(encoder.encode_texts(["a photo of a lake"]), word)
        rows = encoder.encode_tiles(tiles)
        assert rows.shape == ((2, 128) if made.level == "tile" else (2, 8, 8, 128))
        if made.level == "tile":
            assert np.abs(rows - before).max() > 1e-3  # it was trained

    saved = {name: (out / f"{name}.safetensors").read_bytes() for name in names}
    again = dict(make_demo_encoders(config, out, tmp_path / "cache", cpu, workers=1, only=["graft-demo-naip-patch"]))
    assert list(again) == ["graft-demo-naip-patch"]
    assert {name: (out / f"{name}.safetensors").read_bytes() for name in names} == saved  # the same to the bit


def test_a_model_that_is_not_made_here_is_refused(tmp_path: Path) -> None:
    work = make_demo_encoders(
        read_config(SHIPPED), tmp_path, tmp_path, torch.device("cpu"), workers=1, only=["graft-demo-naop"]
    )
    with pytest.raises(TrainError, match="'graft-demo-naop' is not made"):
        next(work)
