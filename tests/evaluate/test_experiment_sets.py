from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from known_encoder import KnownEncoder

from graft_core.evaluate.drawn import Taking, draw_pairs
from graft_core.evaluate.experiment_sets import (
    HeldOut,
    PairsToDraw,
    TruthToDraw,
    draw_to,
    held_out_set,
    training_draws,
    training_set,
)
from graft_core.evaluate.experiments import SCALES, Setting
from graft_core.types import F32

CPU = torch.device("cpu")
SCALE = replace(SCALES["small"], worlds=2, places=3, tiles=4)
TAKING = Taking(photos_per_place=3)


class Captions(KnownEncoder):
    """Text rows that cannot be taken for photo rows."""

    def encode_texts(self, texts: object) -> F32:
        return np.tile(np.array([[0, 0, 0, -1]], np.float32), (len(texts), 1))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn")
    for wanted in training_draws(Setting(taking=TAKING), SCALE, 0):
        draw_to(folder, wanted, Captions())
    return folder


def test_a_file_is_named_after_everything_that_decides_it() -> None:
    first = PairsToDraw("naip", 5, 3, Taking())
    others = [
        replace(first, sensor="sentinel2"),
        replace(first, world=6),
        replace(first, places=4),
        *(
            replace(first, taking=taking)
            for taking in (Taking(geotag_error_m=5), Taking(photos_per_place=2), Taking(distractor_share=0.5))
        ),
    ]
    assert len({each.file for each in (first, *others)}) == 7
    assert len({TruthToDraw("naip", 5, 3).file, TruthToDraw("naip", 5, 4).file, TruthToDraw("naip", 6, 3).file}) == 3


def test_a_training_set_is_what_was_drawn_of_all_its_worlds(cache: Path) -> None:
    pairs = training_set(Setting(taking=TAKING), SCALE, 0, cache, CPU)
    worlds = [draw_pairs("naip", world, 9, TAKING) for world in (3000, 3001)]
    assert len(pairs) == sum(len(world.tiles) for world in worlds)
    np.testing.assert_array_equal(pairs.tiles[-1], worlds[1].tiles[-1])
    photo = KnownEncoder().encode_photos(list(worlds[1].photos))[-1]
    np.testing.assert_array_equal(pairs.photos[-1].numpy(), photo)
    apart = torch.cdist(pairs.centers[: len(worlds[0].tiles)], pairs.centers[len(worlds[0].tiles) :])
    assert apart.min() > 9e5


def test_captions_stand_beside_the_photos_of_their_tile_or_in_their_place(cache: Path) -> None:
    photos, both, alone = (
        training_set(Setting(taking=TAKING, targets=targets), SCALE, 0, cache, CPU)
        for targets in ("photos", "photos and captions", "captions")
    )
    assert len(both.photos) == 2 * len(photos.photos) == 2 * len(alone.photos)
    assert (alone.photos[:, 3] == -1).all()
    np.testing.assert_array_equal(both.first.numpy(), 2 * photos.first.numpy())
    for tile in range(len(both)):
        own = both.photos[both.first[tile] : both.first[tile + 1]]
        assert (own[:, 3] == -1).sum() * 2 == len(own)


def test_tiles_stay_when_photos_are_left_out(cache: Path) -> None:
    one = training_set(Setting(taking=TAKING, photos_per_tile=1), SCALE, 0, cache, CPU)
    every = training_set(Setting(taking=TAKING), SCALE, 0, cache, CPU)
    np.testing.assert_array_equal(one.tiles, every.tiles)
    assert one.first.diff().tolist() == [1] * len(one)
    assert len(one.photos) == len(one.points) < len(every.photos)


def test_tiles_of_no_clear_class_have_no_label(tmp_path: Path) -> None:
    labels = np.zeros((3, 4, 4), np.int64)
    labels[0, 0] = 5
    labels[1, :2] = 5
    labels[2, :3] = 7
    kept, classes = HeldOut(np.zeros((3, 4, 4, 3), np.uint8), labels).dominated()
    assert (kept.tolist(), classes.tolist()) == ([0, 2], [0, 7])
    draw_to(tmp_path, TruthToDraw("naip", 5000, 4), KnownEncoder())
    held_out = held_out_set("naip", SCALE, 0, tmp_path)
    assert held_out.labels.shape == held_out.tiles.shape[:3] == (4, 128, 128)
