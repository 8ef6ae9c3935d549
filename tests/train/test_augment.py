"""Views stay images of the same thing."""

import torch

from graft_core.train.augment import Augmentation, augment

STILL = Augmentation(rotate=False, zoom=0, shift=0, light=0, color=0)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def images() -> torch.Tensor:
    return torch.randint(0, 256, (6, 16, 16, 3), dtype=torch.uint8, generator=generator())


def test_views_have_the_towers_layout_and_range() -> None:
    views = augment(images(), Augmentation(rotate=True), generator())
    assert views.shape == (6, 3, 16, 16)
    assert views.dtype == torch.float32
    assert 0 <= float(views.min()) <= float(views.max()) <= 1


def test_the_generator_decides_everything() -> None:
    tiles = images()
    first = augment(tiles, Augmentation(rotate=True), generator(1))
    assert torch.equal(first, augment(tiles, Augmentation(rotate=True), generator(1)))
    assert not torch.equal(first, augment(tiles, Augmentation(rotate=True), generator(2)))


def test_photos_are_never_turned_upside_down() -> None:
    sky = torch.zeros(32, 32, 32, 3, dtype=torch.uint8)
    sky[:, :16] = 250
    views = augment(sky, Augmentation(rotate=False), generator())
    assert bool((views[:, :, :8].mean((1, 2, 3)) > views[:, :, 24:].mean((1, 2, 3))).all())


def test_tiles_are_turned_every_way() -> None:
    edge = torch.zeros(64, 32, 32, 3, dtype=torch.uint8)
    edge[:, :16] = 250
    views = augment(edge, Augmentation(rotate=True), generator())
    top_is_bright = views[:, :, :8].mean((1, 2, 3)) > views[:, :, 24:].mean((1, 2, 3))
    assert 0.2 < float(top_is_bright.float().mean()) < 0.8


def test_a_flat_colour_keeps_its_colour_when_nothing_may_change() -> None:
    flat = torch.full((2, 8, 8, 3), 100, dtype=torch.uint8)
    views = augment(flat, STILL, generator())
    assert torch.allclose(views, torch.tensor(100 / 255), atol=1e-5)
