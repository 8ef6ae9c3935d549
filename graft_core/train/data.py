"""Pairs ready to be learned from: the photos' embeddings on the device, everything else on the host."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from graft_core.errors import TrainError
from graft_core.types import F32, I64, U8, Bool

F64 = npt.NDArray[np.float64]

_STEP, _EPOCH = 0, 1


@dataclass(frozen=True)
class Batch:
    """Some tiles with all of their photos; the tiles' pixels are fetched by themselves.

    All on the host but ``photos``: what a step is made of is decided without waiting for the device.
    """

    tiles: Tensor
    """(B,) int64, which tiles of the set."""
    photos: Tensor
    """(M, D) float32 unit rows, grouped by tile, on the device."""
    owner: Tensor
    """(M,) int64, tile of the batch each photo belongs to, ascending."""
    points: Tensor
    """(M, 2) float32 x, y of each photo in its tile, in [-1, 1] from edge to edge."""
    centers: Tensor
    """(B, 2) float64 x, y of the tiles' centres, metres."""


@dataclass(frozen=True)
class PairSet:
    """Tiles and photo embeddings, photos grouped by tile."""

    tiles: U8
    """(N, S, S, 3) on the host, in memory or mapped from a file; may hold more tiles than the set."""
    row: Tensor
    """(T,) int64, where each tile of the set lies in ``tiles``."""
    photos: Tensor
    """(P, D) float32 unit rows of the frozen photo tower, on the device."""
    first: Tensor
    """(T + 1,) int64: tile t owns photos first[t] .. first[t + 1]."""
    points: Tensor
    """(P, 2) float32 x, y of each photo in its tile, in [-1, 1] from edge to edge."""
    centers: Tensor
    """(T, 2) float64 x, y of the tiles' centres, metres; only differences mean something."""

    @classmethod
    def of(
        cls,
        tiles: U8,
        photos: F32,
        owner: I64,
        device: torch.device,
        *,
        pixel: F64 | None = None,
        centers: F64 | None = None,
        row: I64 | None = None,
    ) -> "PairSet":
        """Bring arrays together.

        Args:
            tiles: (N, S, S, 3).
            photos: (P, D) unit rows.
            owner: (P,) tile of each photo, ascending.
            device: where the tower is trained.
            pixel: (P, 2) row, col of each photo in its tile; the middle where none is given.
            centers: (T, 2) x, y in metres; far apart where none is given.
            row: (T,) where each tile of the set lies in ``tiles``; all of them in their order where none is given.

        Raises:
            TrainError: there are no tiles, or a tile without a photo.
        """
        rows = np.arange(len(tiles)) if row is None else row
        counts = torch.bincount(torch.from_numpy(owner), minlength=len(rows))
        if not len(rows) or int(counts.min()) == 0:
            raise TrainError("Every tile needs at least one photo, and there must be a tile; check the pairs.")
        side = tiles.shape[1]
        middle = np.full((len(owner), 2), side / 2) if pixel is None else pixel
        apart = np.arange(len(rows))[:, None] * np.array([1e9, 0]) if centers is None else centers
        return cls(
            tiles,
            torch.from_numpy(rows),
            torch.from_numpy(photos).to(device),
            torch.cat([torch.zeros(1, dtype=torch.int64), counts.cumsum(0)]),
            torch.from_numpy((2 * middle[:, ::-1] / side - 1).astype(np.float32)),
            torch.from_numpy(apart.astype(np.float64)),
        )

    def __len__(self) -> int:
        return len(self.row)

    @property
    def side(self) -> int:
        """Side of the tiles, pixels."""
        return int(self.tiles.shape[1])

    @property
    def device(self) -> torch.device:
        """Where the photo embeddings are."""
        return self.photos.device

    def subset(self, wanted: Bool) -> "PairSet":
        """The tiles that are wanted, (T,), with their photos; their pixels are not copied."""
        kept = torch.from_numpy(np.flatnonzero(wanted))
        batch = self.batch(kept)
        counts = torch.bincount(batch.owner, minlength=len(kept))
        first = torch.cat([torch.zeros(1, dtype=torch.int64), counts.cumsum(0)])
        return PairSet(self.tiles, self.row[kept], batch.photos, first, batch.points, batch.centers)

    def batch(self, chosen: Tensor) -> Batch:
        """Tiles (B,) of the set with all of their photos."""
        counts = self.first[chosen + 1] - self.first[chosen]
        owner = torch.repeat_interleave(torch.arange(len(chosen)), counts)
        start = torch.cumsum(counts, 0) - counts
        photo = self.first[chosen][owner] + torch.arange(len(owner)) - start[owner]
        return Batch(chosen, self.photos[photo.to(self.device)], owner, self.points[photo], self.centers[chosen])

    def pixels(self, chosen: Tensor) -> Tensor:
        """Tiles (B,) of the set -> (B, S, S, 3) uint8 on the device."""
        found = torch.from_numpy(self.tiles[self.row[chosen].numpy()])
        return found.pin_memory().to(self.device, non_blocking=True) if self.device.type == "cuda" else found


def tiles_of_step(tiles: int, batch: int, step: int, seed: int) -> Tensor:
    """Which of so many tiles a step learns from.

    An epoch meets each tile once, in an order of its own, but for the last few that fill no batch.

    Returns:
        (min(batch, tiles),) int64, all different.
    """
    size = min(batch, tiles)
    epoch, place = divmod(step, tiles // size)
    return _order(tiles, seed, epoch)[place * size : (place + 1) * size]


@lru_cache(maxsize=2)
def _order(tiles: int, seed: int, epoch: int) -> Tensor:
    return torch.randperm(tiles, generator=_generator(seed, _EPOCH, epoch))


def step_generator(seed: int, step: int) -> torch.Generator:
    """The random numbers of one step: the same whatever was before it, on every device and in every process."""
    return _generator(seed, _STEP, step)


def _generator(seed: int, stream: int, index: int) -> torch.Generator:
    state = int(np.random.SeedSequence([seed, stream, index]).generate_state(1, np.uint64)[0])
    return torch.Generator().manual_seed(state >> 1)
