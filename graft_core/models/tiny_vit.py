"""MobileSAM's image encoder: timm's TinyViT under other names, one stride of its own, and SAM's neck behind it.

Source: Zhang et al., "Faster Segment Anything", arXiv 2306.14289; the names are those of the authors' mobile_sam.pt.
"""

import re
from collections.abc import Mapping

from segment_anything.modeling.common import LayerNorm2d
from timm.models.tiny_vit import TinyVit
from torch import Tensor, nn

SIDE_PX = 1024
CHANNELS = 256
WIDTHS = (64, 128, 160, 320)

_UNUSED = re.compile(r"(head|norm_head)\.|.*\.attention_bias_idxs$")
"""The classifier that the weights began with, and a table that follows from the window's size."""
_LAYER = re.compile(r"layers\.(\d+)\.")
_STEM = {"patch_embed.seq.0.": "patch_embed.conv1.", "patch_embed.seq.2.": "patch_embed.conv2."}


class TinyVitEncoder(nn.Module):
    """(B, 3, 1024, 1024) normalised pixels -> (B, 256, 64, 64), in the place of SAM's ImageEncoderViT."""

    def __init__(self) -> None:
        super().__init__()
        self.img_size = SIDE_PX
        trunk = TinyVit(
            num_classes=0,
            embed_dims=WIDTHS,
            depths=(2, 2, 6, 2),
            num_heads=(2, 4, 5, 10),
            window_sizes=(7, 7, 14, 7),
            drop_path_rate=0.0,
        )
        self.patch_embed, self.stages = trunk.patch_embed, trunk.stages
        # SAM wants 64 x 64 tokens of 1024 px, so the last stage keeps the resolution of the one before.
        halving = trunk.get_submodule("stages.3.downsample.conv2.conv")
        assert isinstance(halving, nn.Conv2d)
        halving.stride = (1, 1)
        self.neck = nn.Sequential(
            nn.Conv2d(WIDTHS[-1], CHANNELS, kernel_size=1, bias=False),
            LayerNorm2d(CHANNELS),
            nn.Conv2d(CHANNELS, CHANNELS, kernel_size=3, padding=1, bias=False),
            LayerNorm2d(CHANNELS),
        )

    def forward(self, pixels: Tensor) -> Tensor:
        tokens = self.stages(self.patch_embed(pixels))  # (B, 320, 64, 64)
        embedding: Tensor = self.neck(tokens)  # (B, 256, 64, 64)
        return embedding


def from_mobile_sam(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The image encoder's tensors by the names of ``TinyVitEncoder``.

    Args:
        tensors: by the authors' names, without ``image_encoder.`` before them. The authors end a layer with the merging
            of patches that timm begins the next one with.
    """
    return {_renamed(name): tensor for name, tensor in tensors.items() if not _UNUSED.match(name)}


def _renamed(name: str) -> str:
    for theirs, ours in _STEM.items():
        name = name.replace(theirs, ours)
    if layer := _LAYER.match(name):
        rest = name[layer.end() :]
        name = f"stages.{int(layer[1]) + rest.startswith('downsample.')}.{rest}"
    return name.replace(".c.", ".conv.")
