import numpy as np

from graft_core.world import captions
from graft_core.world.album import DISTRACTOR_SHARE, take_photos


def test_photos_repeat_with_their_random_numbers() -> None:
    positions = np.random.default_rng(0).uniform(-500, 500, (6, 2))
    first, second = (list(take_photos(3, positions, np.random.default_rng(1), 64)) for _ in range(2))
    assert [photo.caption for photo in first] == [photo.caption for photo in second]
    assert all((a.pixels == b.pixels).all() and a.heading == b.heading for a, b in zip(first, second, strict=True))
    assert first[0].pixels.shape == (64, 64, 3)


def test_some_photos_show_no_place() -> None:
    positions = np.zeros((200, 2))
    elsewhere = {noun for kind in captions.NOUNS if kind not in captions.HELD_OUT for noun in captions.NOUNS[kind]}
    texts = [photo.caption for photo in take_photos(3, positions, np.random.default_rng(2), 16)]
    share = np.mean([any(noun in text for noun in elsewhere) for text in texts])
    assert abs(share - DISTRACTOR_SHARE) < 0.08


def test_the_share_of_photos_that_show_no_place_can_be_chosen() -> None:
    positions = np.zeros((20, 2))
    elsewhere = {noun for kind in captions.NOUNS if kind not in captions.HELD_OUT for noun in captions.NOUNS[kind]}
    for share in (0.0, 1.0):
        shown = take_photos(3, positions, np.random.default_rng(2), 16, distractor_share=share)
        assert [any(noun in photo.caption for noun in elsewhere) for photo in shown] == [share == 1.0] * 20
