"""Random views of tiles and photos; what is drawn and what is done with it are apart, so that any part of a batch can
be looked at by itself."""

import math
from dataclasses import dataclass, fields

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


@dataclass(frozen=True)
class Views:
    """What was drawn for each of B images."""

    affine: Tensor
    """(B, 2, 3) float32, from x, y in the view to x, y in the image, both in [-1, 1] from edge to edge."""
    saturation: Tensor
    """(B, 1) factor."""
    contrast: Tensor
    """(B, 1) factor."""
    brightness: Tensor
    """(B, 1) factor."""
    gain: Tensor
    """(B, 3) factor of each channel."""

    def __getitem__(self, part: slice) -> "Views":
        """The views of some of the images."""
        return Views(**{each.name: getattr(self, each.name)[part] for each in fields(self)})

    def to(self, device: torch.device) -> "Views":
        """The same views on another device."""
        return Views(**{each.name: getattr(self, each.name).to(device) for each in fields(self)})

    def show(self, images: Tensor) -> Tensor:
        """(B, S, S, 3) uint8 -> (B, 3, S, S) float32 in [0, 1], as each view shows its image."""
        pixels = images.permute(0, 3, 1, 2).float()  # (B, 3, S, S)
        seen = F.grid_sample(pixels, self.grid(pixels.shape[-1]), padding_mode="reflection", align_corners=False)
        return self._recolored(seen).clamp_(0, 1)

    def grid(self, side: int) -> Tensor:
        """(B, side, side, 2) x, y in the image of every pixel of each view.

        As torch's affine_grid, in a fifth of its time: rows and columns are turned by themselves, and only their sum is
        as large as the views.
        """
        middles = (torch.arange(side, device=self.affine.device) + 0.5) * (2 / side) - 1  # (side,)
        across = middles[None, :, None] * self.affine[:, None, :, 0]  # (B, side, 2)
        down = middles[None, :, None] * self.affine[:, None, :, 1] + self.affine[:, None, :, 2]  # (B, side, 2)
        return across[:, None] + down[:, :, None]

    def find(self, points: Tensor, row: Tensor) -> Tensor:
        """Where points of the images lie in their views.

        Args:
            points: (M, 2) x, y in the image, in [-1, 1] from edge to edge.
            row: (M,) view each point belongs to.

        Returns:
            (M, 2) x, y in the view; beyond [-1, 1] where the view does not show the point.
        """
        turned = points - self.affine[row, :, 2]  # (M, 2)
        found: Tensor = torch.linalg.solve(self.affine[row, :, :2], turned)
        return found

    def _recolored(self, pixels: Tensor) -> Tensor:
        """Saturation, contrast, brightness, channel gains and the range, folded into one matrix an image.

        (B, 3, S, S) in [0, 255] -> the same in about [0, 1], in a single pass over the pixels.
        """
        eye, gray = torch.eye(3, device=pixels.device), torch.full((3, 3), 1 / 3, device=pixels.device)
        plain, mixed = self.contrast * self.saturation, self.contrast * (1 - self.saturation)  # (B, 1)
        matrix = plain[:, :, None] * eye + mixed[:, :, None] * gray  # (B, 3, 3)
        middle = pixels.mean(dim=(1, 2, 3))[:, None]  # (B, 1)
        gain = self.gain / 255  # (B, 3)
        offset = gain * middle * (self.brightness - self.contrast)  # (B, 3)
        flat = torch.baddbmm(offset[:, :, None], gain[:, :, None] * matrix, pixels.flatten(2))  # (B, 3, S * S)
        return flat.view_as(pixels)


def draw_views(count: int, amount: Augmentation, generator: torch.Generator) -> Views:
    """Draw one random view for each of ``count`` images, on the generator's device, which decides everything."""

    def uniform(half_width: float, columns: int = 1) -> Tensor:
        drawn = torch.rand(count, columns, generator=generator, device=generator.device)
        return (drawn * 2 - 1) * half_width  # (B, columns)

    angle = uniform(math.pi if amount.rotate else 0.05)[:, 0]
    scale = 1 + uniform(amount.zoom)[:, 0]
    mirror = torch.where(uniform(1.0)[:, 0] < 0, -1.0, 1.0)
    shift = uniform(2 * amount.shift, 2)
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    matrix = torch.stack([torch.stack([cos * mirror, -sin], 1), torch.stack([sin * mirror, cos], 1)], 1)  # (B, 2, 2)
    return Views(
        affine=torch.cat([matrix, shift[:, :, None]], dim=2),
        saturation=1 + uniform(3 * amount.color),
        contrast=1 + uniform(amount.light),
        brightness=1 + uniform(amount.light),
        gain=1 + uniform(amount.color, 3),
    )
