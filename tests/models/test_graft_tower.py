"""Satellite towers: both levels start where CLIP is, and the patch grid lies as the tile does."""

import numpy as np
import pytest
import torch
from small_specs import spec
from torch import nn

from graft_core.errors import ModelError
from graft_core.models.clip import CLIP_MEAN, CLIP_STD, DEMO_CONFIG, assemble, model_config
from graft_core.models.graft import SatelliteTower, TileRunner
from graft_core.models.preprocess import Normalize
from graft_core.types import U8, Level

CPU = torch.device("cpu")


def tiles(count: int) -> U8:
    return np.random.default_rng(3).integers(0, 256, (count, 128, 128, 3), dtype=np.uint8)


def runner(teacher: nn.Module, level: Level) -> TileRunner:
    tower = SatelliteTower.from_photo_tower(teacher.visual, level)  # type: ignore[arg-type]
    return TileRunner(tower, spec("x", level=level), CPU)


def test_image_level_starts_as_the_photo_tower(teacher: nn.Module) -> None:
    batch = tiles(3)
    pixels = Normalize(CLIP_MEAN, CLIP_STD)(torch.from_numpy(batch).permute(0, 3, 1, 2) / 255)
    with torch.inference_mode():
        expected = teacher.encode_image(pixels, normalize=True).numpy()  # type: ignore[operator]
    found = runner(teacher, "tile")(batch)
    assert found.shape == (3, 128)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=2e-6)


def test_pixel_level_starts_as_every_token_through_clips_last_norm_and_projection(teacher: nn.Module) -> None:
    batch, visual = tiles(2), teacher.visual
    tokens: list[torch.Tensor] = []
    hook = visual.transformer.register_forward_hook(lambda *call: tokens.append(call[2]))  # type: ignore[operator, union-attr]
    pixels = Normalize(CLIP_MEAN, CLIP_STD)(torch.from_numpy(batch).permute(0, 3, 1, 2) / 255)
    with torch.inference_mode():
        visual(pixels)  # type: ignore[operator]
        hook.remove()
        every = nn.functional.normalize(visual.ln_post(tokens[0]) @ visual.proj, dim=-1)  # type: ignore[operator, union-attr]
    expected = every[:, 1:].reshape(2, 8, 8, 128).numpy()
    np.testing.assert_allclose(runner(teacher, "patch")(batch), expected, atol=2e-6)


def test_a_changed_patch_shows_at_its_own_row_and_column(teacher: nn.Module) -> None:
    plain = np.full((1, 128, 128, 3), 120, np.uint8)
    marked = plain.copy()
    marked[0, 32:48, 96:112] = (255, 0, 0)  # patch row 2, column 6
    encode = runner(teacher, "patch")
    change = np.linalg.norm(encode(marked) - encode(plain), axis=-1)[0]
    assert np.unravel_index(change.argmax(), change.shape) == (2, 6)


@pytest.mark.parametrize("level", ["tile", "patch"])
def test_rows_have_unit_length_and_do_not_depend_on_the_batch(teacher: nn.Module, level: Level) -> None:
    encode, batch = runner(teacher, level), tiles(8)
    together = encode(batch)
    np.testing.assert_allclose(np.linalg.norm(together, axis=-1), 1, atol=1e-6)
    np.testing.assert_allclose(together, np.concatenate([encode(batch[i : i + 1]) for i in range(8)]), atol=2e-6)


def test_many_tiles_are_taken_in_batches_and_keep_their_order(
    teacher: nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graft_core.models.graft.CPU_BATCH", 3)
    batch = tiles(7)
    found = runner(teacher, "tile")(batch)
    np.testing.assert_allclose(found[6], runner(teacher, "tile")(batch[6:])[0], atol=2e-6)
    assert found.shape == (7, 128)


def test_training_a_satellite_tower_leaves_the_photo_tower_alone(teacher: nn.Module) -> None:
    visual = teacher.visual
    before = {name: tensor.clone() for name, tensor in visual.state_dict().items()}  # type: ignore[operator, union-attr]
    tower = SatelliteTower.from_photo_tower(visual, "patch").train()  # type: ignore[arg-type]
    optimizer = torch.optim.SGD(tower.parameters(), lr=1.0)
    tower(torch.randn(2, 3, 128, 128))[..., 0].sum().backward()
    assert tower.visual.proj.grad is not None
    assert tower.visual.ln_post.weight.grad is not None
    optimizer.step()
    after = visual.state_dict()  # type: ignore[operator, union-attr]
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert not visual.output_tokens  # type: ignore[union-attr]


def test_a_tower_without_a_cls_token_is_refused() -> None:
    small_text = model_config(DEMO_CONFIG)["text_cfg"]
    resnet = assemble(model_config("RN50") | {"text_cfg": small_text}, "RN50").visual
    with pytest.raises(ModelError, match="needs a vision transformer with a CLS token, and this is a ModifiedResNet"):
        SatelliteTower(resnet, "tile")  # type: ignore[arg-type]


def test_values_that_are_not_numbers_stop_here(teacher: nn.Module) -> None:
    tower = SatelliteTower.from_photo_tower(teacher.visual, "tile")  # type: ignore[arg-type]
    with torch.no_grad():
        tower.visual.proj[0, 0] = float("inf")
    with pytest.raises(ModelError, match="satellite tower gave values that are not numbers"):
        TileRunner(tower, spec("x"), CPU)(tiles(1))
