"""From uint8 pixels to what a tower takes."""

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from graft_core.errors import ModelError
from graft_core.models.sources import ResizeMode
from graft_core.types import U8


class Normalize(nn.Module):
    """(B, 3, H, W) RGB in [0, 1] -> the tower's input: minus mean, over standard deviation."""

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32).view(1, 3, 1, 1), persistent=False)

    def forward(self, pixels: Tensor) -> Tensor:
        return (pixels - self.mean) / self.std


def to_unit_range(images: U8, device: torch.device) -> Tensor:
    """(B, H, W, 3) uint8 -> (B, 3, H, W) float32 in [0, 1] on the device, channels last on a GPU.

    The bytes cross to the device as they are, a quarter of what floats would take.
    """
    pixels = torch.from_numpy(np.require(images, requirements=["C", "W"]))  # torch refuses to share read-only memory
    if device.type == "cuda":
        pixels = pixels.pin_memory().to(device, non_blocking=True)
        return pixels.permute(0, 3, 1, 2).float().div_(255)  # the permuted view is channels last already
    return pixels.permute(0, 3, 1, 2).contiguous().float().div_(255)


def fit_photo(photo: U8, size: int, mode: ResizeMode = "shortest") -> U8:
    """(H, W, 3) photo of any size -> (size, size, 3), as CLIP's own preprocessing does it.

    ``shortest``: bicubic resize of the shorter side to ``size``, then the middle square. ``squash``: both sides.
    """
    if photo.ndim != 3 or photo.shape[2] != 3 or photo.dtype != np.uint8 or 0 in photo.shape:
        raise ModelError(
            f"A photo is (height, width, 3) uint8, this one {photo.shape} {photo.dtype}: convert it to RGB."
        )
    image = Image.fromarray(photo)
    if mode == "squash":
        return np.asarray(image.resize((size, size), Image.Resampling.BICUBIC))
    shorter = min(image.size)
    width, height = (size if side == shorter else int(size * side / shorter) for side in image.size)
    if (width, height) != image.size:
        image = image.resize((width, height), Image.Resampling.BICUBIC)
    left, top = round((width - size) / 2.0), round((height - size) / 2.0)
    return np.asarray(image.crop((left, top, left + size, top + size)))
