"""SAM files with random values and the structure of the published ones."""

import re

import torch
from released import saved
from segment_anything.build_sam import _build_sam
from segment_anything.modeling import Sam
from torch import Tensor

from graft_core.models.sam_network import build_mobile_sam


def small_meta_sam() -> Sam:
    """Meta's structure with one block of width 32."""
    return _build_sam(32, 1, 2, [])


def meta_sam() -> bytes:
    torch.manual_seed(3)
    return saved(small_meta_sam().state_dict())


def mobile_sam() -> bytes:
    """MobileSAM at full size, by its authors' names: with a classifier's remains and tables of the windows."""
    torch.manual_seed(3)
    tensors = {_theirs(name): tensor for name, tensor in build_mobile_sam().state_dict().items()}
    tables = {
        name.replace("attention_biases", "attention_bias_idxs"): torch.zeros(4, 4, dtype=torch.int64)
        for name in tensors
        if name.endswith("attention_biases")
    }
    classifier: dict[str, Tensor] = {
        "image_encoder.norm_head.weight": torch.ones(320),
        "image_encoder.norm_head.bias": torch.zeros(320),
        "image_encoder.head.weight": torch.zeros(1, 320),
        "image_encoder.head.bias": torch.zeros(1),
    }
    return saved(tensors | tables | classifier)


def _theirs(name: str) -> str:
    """timm's name -> the authors'."""
    if not name.startswith("image_encoder."):
        return name
    name = name.replace("patch_embed.conv1.", "patch_embed.seq.0.").replace("patch_embed.conv2.", "patch_embed.seq.2.")
    name = re.sub(r"stages\.(\d+)\.downsample", lambda found: f"layers.{int(found[1]) - 1}.downsample", name)
    return name.replace("stages.", "layers.").replace(".conv.", ".c.")
