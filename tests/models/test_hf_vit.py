"""GRAFT's released checkpoints give what transformers computes from them, on random weights of the same structure."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from graft_core import settings
from graft_core.errors import ModelError
from graft_core.models.clip import CLIP_MEAN, CLIP_STD
from graft_core.models.hf_vit import released_shape
from graft_core.models.registry import load_encoder
from graft_core.types import U8

SIDE = 64


class Released(nn.Module):
    """The structure behind the released files: CLIP's photo tower as transformers has it, and the pixel-level head."""

    def __init__(self) -> None:
        super().__init__()
        config = CLIPVisionConfig(
            hidden_size=128,
            intermediate_size=512,
            num_hidden_layers=3,
            num_attention_heads=2,
            image_size=SIDE,
            patch_size=16,
            projection_dim=32,
            hidden_act="quick_gelu",
        )
        self.satellite_image_backbone = CLIPVisionModelWithProjection(config)
        norm, head = nn.LayerNorm(128, eps=config.layer_norm_eps), nn.Linear(128, 32, bias=False)
        self.projector = nn.Sequential(norm, head)
        self.register_buffer("logit_scale", torch.ones([]) / 0.07)


class Settings:
    """Stands for the OmegaConf objects in the released files."""

    def __init__(self) -> None:
        self._content = {"lr": 1e-5}


@pytest.fixture(scope="module")
def released() -> Released:
    """Random weights, spread so that every layer matters and the activation is driven into its bend."""
    torch.manual_seed(5)
    model = Released().eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(torch.randn_like(parameter) * (0.3 if parameter.ndim == 1 else parameter.shape[-1] ** -0.5))
            if name.endswith(("norm1.weight", "norm2.weight", "norm.weight", "pre_layrnorm.weight", "0.weight")):
                parameter.add_(1)
    return model


@pytest.fixture
def save(released: Released) -> Callable[..., Path]:
    """Writes a checkpoint as the authors' training did, into a given file."""

    def write(path: Path, change: Callable[[dict[str, Any]], None] = lambda tensors: None) -> Path:
        tensors: dict[str, Any] = dict(released.state_dict())
        tensors["satellite_image_backbone.vision_model.embeddings.position_ids"] = torch.arange(17)[None]
        change(tensors)
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save({"epoch": 9, "state_dict": tensors, "hyper_parameters": Settings()}, path)
        return path

    return write


def tiles(count: int) -> U8:
    return np.random.default_rng(2).integers(0, 256, (count, SIDE, SIDE, 3), dtype=np.uint8)


def pixels(batch: U8) -> Tensor:
    """The authors' own preprocessing of a tile that already has the right size."""
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (CLIP_MEAN, CLIP_STD))
    return (torch.from_numpy(batch).permute(0, 3, 1, 2) / 255 - mean) / std


def test_image_level_equals_the_reference(released: Released, save: Callable[..., Path]) -> None:
    save(settings.weights_dir() / "graft_naip.ckpt")
    encoder = load_encoder("graft-naip", device="cpu")
    with torch.inference_mode():
        reference = released.satellite_image_backbone(pixels(tiles(4))).image_embeds
    np.testing.assert_allclose(encoder.encode_tiles(tiles(4)), nn.functional.normalize(reference).numpy(), atol=1e-5)
    spec = encoder.spec
    assert (spec.level, spec.sensor, spec.gsd, spec.tile_px, spec.patch_px, spec.dim) == (
        "tile",
        "naip",
        1,
        SIDE,
        16,
        32,
    )


def test_pixel_level_equals_the_reference_on_every_token(released: Released, save: Callable[..., Path]) -> None:
    save(settings.weights_dir() / "graft_sentinel_patch.ckpt")
    encoder = load_encoder("graft-sentinel2-patch", device="cpu")
    with torch.inference_mode():
        hidden = released.satellite_image_backbone(pixels(tiles(4))).last_hidden_state
        reference = nn.functional.normalize(released.projector(hidden), dim=-1)[:, 1:]  # CLS dropped
    found = encoder.encode_tiles(tiles(4))
    assert found.shape == (4, 4, 4, 32)
    np.testing.assert_allclose(found.reshape(4, 16, 32), reference.numpy(), atol=1e-5)
    assert (encoder.spec.level, encoder.spec.sensor, encoder.spec.gsd) == ("patch", "sentinel2", 10)


def test_the_wrong_activation_would_be_noticed(released: Released, save: Callable[..., Path]) -> None:
    """Guards the two tests above: with plain GELU the reference moves by far more than their tolerance."""
    backbone = released.satellite_image_backbone
    with torch.inference_mode():
        right = nn.functional.normalize(backbone(pixels(tiles(2))).image_embeds)
        blocks = [block.mlp for block in backbone.vision_model.encoder.layers]
        kept = [block.activation_fn for block in blocks]
        for block in blocks:
            block.activation_fn = nn.GELU()
        wrong = nn.functional.normalize(backbone(pixels(tiles(2))).image_embeds)
        for block, activation in zip(blocks, kept, strict=True):
            block.activation_fn = activation
    assert (right - wrong).abs().max() > 1e-3


@pytest.mark.parametrize(
    ("file", "level", "sensor"),
    [
        ("graft_naip.ckpt", "tile", "naip"),
        ("my_sentinel_patch_last.ckpt", "patch", "sentinel2"),
        ("anything.ckpt", "tile", "naip"),
    ],
)
def test_a_checkpoint_given_by_its_path_is_what_its_name_says(
    tmp_path: Path, save: Callable[..., Path], file: str, level: str, sensor: str
) -> None:
    encoder = load_encoder(str(save(tmp_path / "elsewhere" / file)), device="cpu")
    assert (encoder.spec.level, encoder.spec.sensor) == (level, sensor)
    assert encoder.encode_tiles(tiles(1)).shape[-1] == 32


def test_words_need_clip_and_say_what_to_fetch_while_tiles_work(save: Callable[..., Path]) -> None:
    save(settings.weights_dir() / "graft_naip.ckpt")
    encoder = load_encoder("graft-naip", device="cpu")
    with pytest.raises(ModelError, match=r"No weights for 'clip-vit-b-16'.*python -m graft_core fetch clip-vit-b-16"):
        encoder.encode_texts(["forest"])
    assert np.isfinite(encoder.encode_tiles(tiles(1))).all()


def drop(name: str) -> Callable[[dict[str, Any]], None]:
    """Takes one tensor out of a checkpoint."""

    def change(tensors: dict[str, Any]) -> None:
        del tensors[name]

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (drop("satellite_image_backbone.visual_projection.weight"), "is not a tile-level GRAFT checkpoint"),
        (
            drop("satellite_image_backbone.vision_model.encoder.layers.1.mlp.fc1.weight"),
            r"1 tensors are missing \(first transformer\.resblocks\.1\.mlp\.c_fc\.weight\)",
        ),
        (
            drop("satellite_image_backbone.vision_model.encoder.layers.2.self_attn.k_proj.bias"),
            r"transformer\.resblocks\.2\.attn\.in_proj_bias is \(256,\) in the file and \(384,\) in the model",
        ),
        (lambda tensors: tensors.update(dict.fromkeys(list(tensors), torch.ones(1))), "does not have the shapes of"),
    ],
)
def test_checkpoints_of_another_structure_are_refused(
    save: Callable[..., Path], change: Callable[[dict[str, Any]], None], message: str
) -> None:
    save(settings.weights_dir() / "graft_naip.ckpt", change)
    with pytest.raises(ModelError, match=message):
        load_encoder("graft-naip", device="cpu").encode_tiles(tiles(1))


def test_a_patch_level_file_needs_its_projector_and_no_bias(save: Callable[..., Path]) -> None:
    path = settings.weights_dir() / "graft_naip_patch.ckpt"
    save(path, drop("projector.1.weight"))
    with pytest.raises(ModelError, match=r"is not a patch-level GRAFT checkpoint: it has no projector\.1\.weight"):
        load_encoder("graft-naip-patch")
    save(path, lambda tensors: tensors.update({"projector.1.bias": torch.ones(32)}))
    with pytest.raises(ModelError, match="has a projector with a bias"):
        load_encoder("graft-naip-patch").encode_tiles(tiles(1))


def test_the_real_files_have_the_sizes_of_vit_b_16() -> None:
    vision = "satellite_image_backbone.vision_model."
    shapes = {
        f"{vision}embeddings.class_embedding": (768,),
        f"{vision}embeddings.patch_embedding.weight": (768, 3, 16, 16),
        f"{vision}embeddings.position_embedding.weight": (197, 768),
        f"{vision}pre_layrnorm.weight": (768,),
        f"{vision}pre_layrnorm.bias": (768,),
        **{f"{vision}encoder.layers.{i}.mlp.fc1.weight": (3072, 768) for i in range(12)},
        "satellite_image_backbone.visual_projection.weight": (512, 768),
    }
    shape = released_shape(shapes, "tile", "graft_naip.ckpt")
    assert (shape.width, shape.layers, shape.patch_px, shape.tile_px, shape.dim) == (768, 12, 16, 224, 512)
    assert math.isclose(shape.width / shape.vision_config["head_width"], 12)
