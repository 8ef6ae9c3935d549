"""Random views of tiles and photos, drawn on the device the images live on."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Augmentation:
    """How far a view may stray from its image; every amount is a half-width around no change."""

    rotate: bool
    """Any angle and mirror images (tiles); otherwise left-right mirror images only (photos)."""
    zoom: float = 0.15
    """Relative change of scale."""
    shift: float = 0.08
    """Translation, share of the side."""
    light: float = 0.2
    """Relative change of brightness and contrast."""
    color: float = 0.08
    """Relative change of each channel's gain, and three times that of saturation."""


def augment(images: Tensor, amount: Augmentation, generator: torch.Generator) -> Tensor:
    """Draw one random view of each image.

    Args:
        images: (B, S, S, 3) uint8.
        amount: limits of the change.
        generator: on the images' device; decides everything.

    Returns:
        (B, 3, S, S) float32 in [0, 1].
    """
    pixels = images.permute(0, 3, 1, 2).float() / 255  # (B, 3, S, S)
    pixels = _move(pixels, amount, generator)
    return _recolor(pixels, amount, generator).clamp(0, 1)


def _uniform(count: int, half_width: float, like: Tensor, generator: torch.Generator) -> Tensor:
    return (torch.rand(count, generator=generator, device=like.device) * 2 - 1) * half_width


def _move(pixels: Tensor, amount: Augmentation, generator: torch.Generator) -> Tensor:
    count = len(pixels)
    angle = _uniform(count, math.pi if amount.rotate else 0.05, pixels, generator)
    scale = 1 + _uniform(count, amount.zoom, pixels, generator)
    mirror = torch.where(torch.rand(count, generator=generator, device=pixels.device) < 0.5, -1.0, 1.0)
    shift = torch.stack([_uniform(count, 2 * amount.shift, pixels, generator) for _ in range(2)], dim=1)
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    matrix = torch.stack([torch.stack([cos * mirror, -sin], 1), torch.stack([sin * mirror, cos], 1)], 1)  # (B, 2, 2)
    affine = torch.cat([matrix, shift[:, :, None]], dim=2)  # (B, 2, 3)
    grid = F.affine_grid(affine, list(pixels.shape), align_corners=False)
    return F.grid_sample(pixels, grid, padding_mode="reflection", align_corners=False)


def _recolor(pixels: Tensor, amount: Augmentation, generator: torch.Generator) -> Tensor:
    """Saturation, contrast, brightness and channel gains, folded into one matrix an image: colour is one pass."""
    count, size = len(pixels), pixels.shape[-1]

    def factor(half_width: float, channels: int = 1) -> Tensor:
        return 1 + torch.stack([_uniform(count, half_width, pixels, generator) for _ in range(channels)], dim=1)

    saturation, contrast, brightness = factor(3 * amount.color), factor(amount.light), factor(amount.light)
    gain = factor(amount.color, 3)  # (B, 3)
    eye, gray = torch.eye(3, device=pixels.device), torch.full((3, 3), 1 / 3, device=pixels.device)
    matrix = (contrast * saturation)[:, :, None] * eye + (contrast * (1 - saturation))[:, :, None] * gray
    middle = pixels.mean(dim=(1, 2, 3))[:, None]  # (B, 1)
    offset = gain * middle * (brightness - contrast)  # (B, 3)
    flat = torch.baddbmm(offset[:, :, None], gain[:, :, None] * matrix, pixels.flatten(2))  # (B, 3, S * S)
    return flat.view(count, 3, size, size)
