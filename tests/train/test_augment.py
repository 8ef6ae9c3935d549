"""Views stay images of the same thing, and say where a place of the image went."""

import pytest
import torch
from torch.nn import functional as F

from graft_core.train.augment import Augmentation, draw_views

STILL = Augmentation(rotate=False, zoom=0, shift=0, light=0, color=0)
TURNED = Augmentation(rotate=True)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def images() -> torch.Tensor:
    return torch.randint(0, 256, (6, 16, 16, 3), dtype=torch.uint8, generator=generator())


def test_views_have_the_towers_layout_and_range() -> None:
    views = draw_views(6, TURNED, generator()).show(images())
    assert views.shape == (6, 3, 16, 16)
    assert views.dtype == torch.float32
    assert 0 <= float(views.min()) <= float(views.max()) <= 1


def test_the_generator_decides_everything() -> None:
    tiles = images()
    first = draw_views(6, TURNED, generator(1)).show(tiles)
    assert torch.equal(first, draw_views(6, TURNED, generator(1)).show(tiles))
    assert not torch.equal(first, draw_views(6, TURNED, generator(2)).show(tiles))


def test_a_part_of_a_batch_is_seen_as_in_the_whole() -> None:
    tiles, views = images(), draw_views(6, TURNED, generator())
    torch.testing.assert_close(views[2:5].show(tiles[2:5]), views.show(tiles)[2:5])


def test_the_grid_is_torchs_affine_grid() -> None:
    views = draw_views(6, TURNED, generator())
    expected = F.affine_grid(views.affine, [6, 3, 20, 20], align_corners=False)
    torch.testing.assert_close(views.grid(20), expected, rtol=1e-5, atol=1e-6)


def test_photos_are_never_turned_upside_down() -> None:
    sky = torch.zeros(32, 32, 32, 3, dtype=torch.uint8)
    sky[:, :16] = 250
    views = draw_views(32, Augmentation(rotate=False), generator()).show(sky)
    assert bool((views[:, :, :8].mean((1, 2, 3)) > views[:, :, 24:].mean((1, 2, 3))).all())


def test_tiles_are_turned_every_way() -> None:
    edge = torch.zeros(64, 32, 32, 3, dtype=torch.uint8)
    edge[:, :16] = 250
    views = draw_views(64, TURNED, generator()).show(edge)
    top_is_bright = views[:, :, :8].mean((1, 2, 3)) > views[:, :, 24:].mean((1, 2, 3))
    assert 0.2 < float(top_is_bright.float().mean()) < 0.8


def test_a_flat_colour_keeps_its_colour_when_nothing_may_change() -> None:
    flat = torch.full((2, 8, 8, 3), 100, dtype=torch.uint8)
    views = draw_views(2, STILL, generator()).show(flat)
    assert torch.allclose(views, torch.tensor(100 / 255), atol=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_a_place_is_found_where_the_view_shows_it(seed: int) -> None:
    side, count = 64, 16
    spots = torch.rand(count, 2, generator=generator(seed)) - 0.5  # x, y; the middle stays in view
    column, row = ((spots + 1) / 2 * side).long().unbind(1)
    tiles = torch.zeros(count, side, side, 3, dtype=torch.uint8)
    for i in range(count):
        tiles[i, row[i] - 1 : row[i] + 2, column[i] - 1 : column[i] + 2] = 255
    views = draw_views(count, Augmentation(rotate=True, light=0, color=0), generator(seed))
    found = views.find((torch.stack([column, row], 1) + 0.5) / side * 2 - 1, torch.arange(count))
    x, y = ((found + 1) / 2 * side).long().unbind(1)
    bright = views.show(tiles).mean(1)[torch.arange(count), y, x]
    assert float(bright.min()) > 0.4  # of all else, nothing is: the edges of a spot may be mixed with black
