"""The filter on photos as the demo world draws them: it finds what shows no place and leaves the rest alone."""

import numpy as np
import pytest

from graft_core.models.registry import load_encoder
from graft_core.train.pairs.place_filter import shows_place
from graft_core.types import Encoder
from graft_core.world.album import take_photos
from graft_core.world.ground import render_distractor

SEED = 5002
"""A world that no encoder was trained on."""


@pytest.fixture(scope="module")
def teacher() -> Encoder:
    return load_encoder("demo-teacher", device="cpu")


def test_drawn_rooms_faces_meals_pets_and_screens_are_found(teacher: Encoder) -> None:
    photos = [render_distractor(900_000 + i, 160)[0] for i in range(60)]
    assert shows_place(teacher.encode_photos(photos), teacher).mean() <= 0.05


def test_nearly_every_photo_of_a_place_stays(teacher: Encoder) -> None:
    positions = np.random.default_rng(SEED).uniform(-2000, 2000, (120, 2))
    shots = take_photos(SEED, positions, np.random.default_rng(0), 160, distractor_share=0.0)
    photos = [shot.pixels for shot in shots]
    assert shows_place(teacher.encode_photos(photos), teacher).mean() >= 0.97


def test_a_photo_that_could_not_be_read_is_not_the_filters_business(teacher: Encoder) -> None:
    assert shows_place(np.full((1, teacher.spec.dim), np.nan, np.float32), teacher).tolist() == [True]
