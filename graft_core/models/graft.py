"""GRAFT's satellite towers: image level and pixel level, both a CLIP photo tower that learned to look down."""

import copy

import numpy as np
import torch
from open_clip.transformer import VisionTransformer
from torch import Tensor, nn

from graft_core.errors import ModelError
from graft_core.models.clip import finite_rows, place, unit
from graft_core.models.device import inference
from graft_core.models.preprocess import Normalize, to_unit_range
from graft_core.types import F32, U8, EncoderSpec, Level

CPU_BATCH = 64
GPU_BATCH = 512


class SatelliteTower(nn.Module):
    """Normalised pixels in, unit rows out.

    Image level: CLS token -> layer norm -> projection -> L2 norm. Pixel level: every token -> layer norm -> projection
    without bias -> L2 norm, CLS dropped (paper section 3; the release's ``projector``). The two differ only in which
    tokens leave the tower, so both hold the layer norm as ``visual.ln_post`` and the projection as ``visual.proj``:
    started from a CLIP photo tower, both start where CLIP is.
    """

    def __init__(self, visual: VisionTransformer, level: Level) -> None:
        super().__init__()
        if not isinstance(visual, VisionTransformer) or visual.attn_pool is not None or visual.pool_type != "tok":
            raise ModelError(
                f"A GRAFT tower needs a vision transformer with a CLS token, and this is a {type(visual).__name__}; "
                "choose an architecture like ViT-B-16."
            )
        self.visual = visual
        self.level: Level = level
        visual.output_tokens = level == "patch"

    @classmethod
    def from_photo_tower(cls, visual: VisionTransformer, level: Level) -> "SatelliteTower":
        """A copy of a CLIP photo tower, to be trained; the photo tower stays as it is."""
        return cls(copy.deepcopy(visual), level).requires_grad_(True)

    def forward(self, pixels: Tensor) -> Tensor:
        """(B, 3, S, S) -> (B, D) at tile level, (B, h, w, D) at patch level, unit rows."""
        if self.level == "tile":
            return unit(self.visual(pixels))
        rows, columns = self.visual.grid_size
        embedded = self.tokens(pixels)  # (B, h*w, D)
        return embedded.reshape(len(embedded), rows, columns, -1)  # (B, h, w, D)

    def tokens(self, pixels: Tensor) -> Tensor:
        """(B, 3, S, S) -> (B, T, D) unit rows at patch level, for the T tokens that the tower keeps."""
        _, tokens = self.visual(pixels)  # (B, T, width), after ln_post
        return unit(tokens @ self.visual.proj)


class TileRunner:
    """A satellite or photo tower on one device: uint8 tiles in, unit rows out.

    A call is safe from several threads, and no faster: sessions that share one runner take turns with a lock.
    """

    def __init__(self, tower: nn.Module, spec: EncoderSpec, device: torch.device) -> None:
        self._tower = place(tower, device)
        self._normalize = Normalize(spec.mean, spec.std).to(device)
        self._device = device
        self._batch = GPU_BATCH if device.type == "cuda" else CPU_BATCH

    def __call__(self, tiles: U8) -> F32:
        """(B, S, S, 3) uint8 -> (B, D) or (B, h, w, D) unit rows; memory stays that of one batch."""
        results = []
        for start in range(0, len(tiles), self._batch):
            with inference(self._device):
                pixels = to_unit_range(tiles[start : start + self._batch], self._device)
                results.append(finite_rows(unit(self._tower(self._normalize(pixels))), "satellite"))
        return np.concatenate(results)
