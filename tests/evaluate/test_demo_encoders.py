"""The configuration of the shipped encoders, and a run of the same code that is small enough for a test."""

from pathlib import Path

import numpy as np
import pytest
import torch

from graft_core.errors import TrainError
from graft_core.evaluate.demo_encoders import make_demo_encoders, read_config
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


def test_three_encoders_come_out_that_load_and_share_one_space(tmp_path: Path) -> None:
    config, out = read_config(write(tmp_path, SMALL)), tmp_path / "weights"
    reported = dict(make_demo_encoders(config, out, tmp_path / "cache", torch.device("cpu"), workers=1))
    assert set(reported) == {"demo-teacher", "graft-demo-naip", "graft-demo-sentinel2"}
    assert set(reported["graft-demo-naip"]) == {"top1", "map_at_20", "teacher_top1", "teacher_map_at_20"}
    teacher, naip, satellite = (
        load_encoder(str(out / f"{name}.json")) for name in ("demo-teacher", "graft-demo-naip", "graft-demo-sentinel2")
    )
    assert (naip.spec.gsd, satellite.spec.gsd) == (1, 10)
    words = [encoder.encode_texts(["a photo of a lake"]) for encoder in (teacher, naip, satellite)]
    np.testing.assert_array_equal(words[0], words[1])
    np.testing.assert_array_equal(words[0], words[2])
    tiles = np.random.default_rng(0).integers(0, 255, (2, 128, 128, 3), dtype=np.uint8)
    assert np.abs(naip.encode_tiles(tiles) - teacher.encode_tiles(tiles)).max() > 1e-3  # it was trained
    assert satellite.encode_tiles(tiles).shape == (2, naip.spec.dim)
