"""Pairs ready for the device: every tile, and the cached embeddings of its photos."""

from dataclasses import dataclass

import torch
from torch import Tensor

from graft_core.errors import TrainError
from graft_core.types import F32, I64, U8


@dataclass(frozen=True)
class PairSet:
    """Tiles and photo embeddings on one device, photos grouped by tile."""

    tiles: Tensor
    """(T, S, S, 3) uint8."""
    photos: Tensor
    """(P, D) float32 unit rows of the frozen photo tower."""
    first: Tensor
    """(T + 1,) int64: tile t owns photos first[t] .. first[t + 1]."""

    @classmethod
    def of(cls, tiles: U8, photos: F32, owner: I64, device: torch.device) -> "PairSet":
        """Put arrays on the device.

        Args:
            tiles: (T, S, S, 3).
            photos: (P, D) unit rows.
            owner: (P,) tile of each photo, ascending.

        Raises:
            TrainError: there are no tiles, or a tile without a photo.
        """
        counts = torch.bincount(torch.from_numpy(owner), minlength=len(tiles))
        if not len(tiles) or int(counts.min()) == 0:
            raise TrainError("Every tile needs at least one photo, and there must be a tile; check the pairs.")
        first = torch.cat([torch.zeros(1, dtype=torch.int64), counts.cumsum(0)])
        return cls(torch.from_numpy(tiles).to(device), torch.from_numpy(photos).to(device), first.to(device))

    def batch(self, chosen: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Tiles (B, S, S, 3) uint8, their photos (M, D), and the batch row that owns each photo (M,)."""
        counts = self.first[chosen + 1] - self.first[chosen]
        owner = torch.repeat_interleave(torch.arange(len(chosen), device=chosen.device), counts)
        start = torch.cumsum(counts, 0) - counts
        within = torch.arange(len(owner), device=chosen.device) - start[owner]
        return self.tiles[chosen], self.photos[self.first[chosen][owner] + within], owner


def step_generator(seed: int, step: int, device: torch.device) -> torch.Generator:
    """The random numbers of one step: the same whether the run was interrupted before it or not."""
    return torch.Generator(device=device).manual_seed(seed * 1_000_003 + step)
