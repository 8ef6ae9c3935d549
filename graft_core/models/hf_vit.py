"""From the names of transformers' CLIPVisionModelWithProjection, which GRAFT's released files use, to open_clip's."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graft_core.errors import ModelError
from graft_core.types import Level

if TYPE_CHECKING:
    from torch import Tensor

BACKBONE = "satellite_image_backbone."
VISION = f"{BACKBONE}vision_model."
PROJECTION = f"{BACKBONE}visual_projection.weight"
HEAD_NORM = "projector.0."
HEAD = "projector.1.weight"
HEAD_BIAS = "projector.1.bias"
POSITION = f"{VISION}embeddings.position_embedding.weight"
HEAD_WIDTH = 64
OUTER = {
    "embeddings.class_embedding": "class_embedding",
    "embeddings.patch_embedding.weight": "conv1.weight",
    "embeddings.position_embedding.weight": "positional_embedding",
    "pre_layrnorm.weight": "ln_pre.weight",
    "pre_layrnorm.bias": "ln_pre.bias",
}
INNER = {
    "self_attn.out_proj": "attn.out_proj",
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
}


@dataclass(frozen=True)
class VitShape:
    """Sizes of a vision transformer, as its tensors show them."""

    width: int
    """Length of a token."""
    layers: int
    """Number of blocks."""
    patch_px: int
    """Side of a patch, pixels."""
    tile_px: int
    """Side of the input, pixels."""
    dim: int
    """Length of an embedding."""

    @property
    def vision_config(self) -> dict[str, int]:
        """The same in open_clip's configuration format."""
        return {
            "image_size": self.tile_px,
            "layers": self.layers,
            "width": self.width,
            "head_width": HEAD_WIDTH,
            "patch_size": self.patch_px,
        }


def released_shape(shapes: Mapping[str, tuple[int, ...]], level: Level, source: str) -> VitShape:
    """Sizes of the tower in a released checkpoint, from the shapes of its tensors.

    Args:
        shapes: tensor name -> shape.
        level: which head must be there.
        source: what an error calls the file.
    """
    head = PROJECTION if level == "tile" else HEAD
    needed = [f"{VISION}{name}" for name in OUTER] + [head]
    if missing := [name for name in needed if name not in shapes]:
        raise ModelError(
            f"{source} is not a {level}-level GRAFT checkpoint: it has no {missing[0]}; "
            "for a plain CLIP file write its architecture before it, as in ViT-B-16@file.pt."
        )
    first, position = shapes[f"{VISION}embeddings.patch_embedding.weight"], shapes[POSITION]
    if len(first) != 4 or len(position) != 2 or len(shapes[head]) != 2:
        raise ModelError(
            f"{source} does not have the shapes of a vision transformer (its first layer is {first}, its positions are "
            f"{position}): it is not a GRAFT checkpoint."
        )
    width, _, patch, _ = first
    patches = position[0] - 1
    layers = {name.split(".")[4] for name in shapes if name.startswith(f"{VISION}encoder.layers.")}
    return VitShape(width, len(layers), patch, round(patches**0.5) * patch, shapes[head][0])


def to_open_clip(tensors: "Mapping[str, Tensor]", level: Level, source: str) -> "dict[str, Tensor]":
    """Tensors of a released checkpoint under the names of open_clip's VisionTransformer.

    At tile level the layer norm after the last block and the projection are CLIP's own; at patch level they are the
    projector's. The stale ``position_ids`` and whatever else the file holds are left out.
    """
    renamed = dict(_blocks(tensors))
    outer = {f"{VISION}{old}": new for old, new in OUTER.items()}
    if level == "tile":
        norm, head = f"{VISION}post_layernorm.", PROJECTION
    else:
        norm, head = HEAD_NORM, HEAD
        if HEAD_BIAS in tensors and tensors[HEAD_BIAS].any():
            raise ModelError(
                f"{source} has a projector with a bias, unlike every released checkpoint: it cannot be used."
            )
    outer |= {f"{norm}weight": "ln_post.weight", f"{norm}bias": "ln_post.bias"}
    renamed |= {
        new: tensors[old] for old, new in outer.items() if old in tensors
    }  # what lacks is told when it is loaded
    return renamed | {"proj": tensors[head].T.contiguous()}


def _blocks(tensors: "Mapping[str, Tensor]") -> "Iterator[tuple[str, Tensor]]":
    """Every tensor of every block; query, key and value are stacked into one, as nn.MultiheadAttention wants them."""
    import torch

    pattern = re.compile(re.escape(f"{VISION}encoder.layers.") + r"(\d+)\.(.+)\.(weight|bias)")
    for name, tensor in tensors.items():
        if not (found := pattern.fullmatch(name)):
            continue
        block, part, kind = found.groups()
        target = f"transformer.resblocks.{block}."
        if part in INNER:
            yield f"{target}{INNER[part]}.{kind}", tensor
        elif part == "self_attn.q_proj":
            attention = f"{VISION}encoder.layers.{block}.self_attn."
            stacked = [tensors.get(f"{attention}{letter}_proj.{kind}") for letter in "qkv"]
            same = [one for one in stacked if one is not None and one.shape == tensor.shape]
            yield f"{target}attn.in_proj_{kind}", torch.cat(same)
