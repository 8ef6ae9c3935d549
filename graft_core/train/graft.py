"""GRAFT training: a satellite tower learns to land where the frozen photo tower puts the photos of the place."""

import contextlib
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from graft_core.errors import TrainError
from graft_core.train.augment import Augmentation, Views, draw_views
from graft_core.train.config import LossConfig, OptimizerConfig
from graft_core.train.data import Batch, PairSet, step_generator, tiles_of_step
from graft_core.train.distributed import Ranks
from graft_core.train.loop import StepMetrics, fit
from graft_core.train.losses import Targets, graft_loss, near_tiles
from graft_core.train.patch_dropout import TokenChoice, choose_tokens, choosing_tokens, dropout_at
from graft_core.types import Level

TILE_VIEWS = Augmentation(rotate=True)


class AnchorTower(nn.Module):
    """A satellite tower that gives what the loss compares with photos: tiles, or the patches photos were taken in."""

    def __init__(self, tower: nn.Module, level: Level, choice: TokenChoice) -> None:
        super().__init__()
        self.tower, self.level, self.choice = tower, level, choice

    def forward(self, pixels: Tensor, kept: Tensor | None, row: Tensor, token: Tensor) -> Tensor:
        """Embed tiles.

        Args:
            pixels: (b, 3, S, S), normalised.
            kept: (b, K) tokens that the tower sees, or None for all.
            row: (m,) tile of each photo; used at patch level.
            token: (m,) token of its tile that each photo lies in, among ``kept``; used at patch level.

        Returns:
            Unit rows in single precision: (b, D) at tile level, (m, D) at patch level.
        """
        self.choice.kept = kept
        if self.level == "tile":
            embedded: Tensor = self.tower(pixels)
            return embedded.float()
        tokens: Tensor = self.tower.tokens(pixels)  # type: ignore[operator]  # (b, K, D)
        place = token if kept is None else (kept[row] == token[:, None]).int().argmax(dim=1)
        return tokens[row, place].float()


@dataclass(frozen=True)
class Look:
    """A batch as one step looks at it; the same in every process."""

    batch: Batch
    """Tiles and the photos that their views show."""
    views: Views
    """How each tile is seen, on the host."""
    kept: Tensor | None
    """(B, K) tokens that are kept, on the host; None for all."""
    token: Tensor
    """(M,) token that each photo lies in, row-major in its view, on the host."""


class GraftStep:
    """One training step: draw a batch, embed its tiles, compare them with all of its photos, go back.

    The photos' embeddings are fixed, so the loss of the whole batch is a small matrix that every process can compute
    from the embedded tiles alone. Its gradient with respect to them is then carried back through the tower, part by
    part where memory is short (Gao et al. 2021, GradCache): neither parts nor processes change the loss.
    """

    def __init__(
        self,
        tower: AnchorTower,
        pairs: PairSet,
        normalize: nn.Module,
        optimizer: OptimizerConfig,
        loss: LossConfig,
        *,
        ranks: Ranks,
    ) -> None:
        self.anchors = tower
        """What the loss compares with photos, for whoever wants to look at validation tiles with it."""
        self._tower, self._pairs, self._normalize = tower, pairs, normalize
        self._optimizer, self._loss, self._ranks = optimizer, loss, ranks
        self._learner: nn.Module = DistributedDataParallel(tower) if ranks.count > 1 else tower
        self._across = tokens_across(tower.tower, pairs.side)
        self.parts = optimizer.accumulate
        """How many parts this process's share of a batch is computed in; doubled when memory runs out."""

    def __call__(self, step: int) -> Tensor:
        """Leave the gradients of a step in the parameters and return its loss.

        Raises:
            TrainError: memory runs out with a single tile at a time.
        """
        look = self._look(step)
        while True:
            try:
                return self._backward(look)
            except RuntimeError as error:
                if not out_of_memory(error):
                    raise
                self._halve(error)
            # Only here are the failed pass and what it held let go, with the error that refers to it.
            if self._pairs.device.type == "cuda":
                torch.cuda.empty_cache()

    def _look(self, step: int) -> Look:
        generator = step_generator(self._optimizer.seed, step)
        batch = self._pairs.batch(tiles_of_step(len(self._pairs), self._optimizer.batch, step, self._optimizer.seed))
        views = draw_views(len(batch.tiles), TILE_VIEWS, generator)
        points = views.find(batch.points, batch.owner)
        if self._tower.level == "patch":
            seen = (points.abs() < 1).all(dim=1)
            if not seen.any():
                seen[:] = True  # a step without any photo has no loss; the nearest tokens stand for those out of view
            batch, points = _shown(batch, seen), points[seen]
        token = token_of(points, self._across)
        needed = (batch.owner, token) if self._tower.level == "patch" else None
        dropout = dropout_at(step, self._optimizer)
        kept = choose_tokens(len(batch.tiles), self._across**2, dropout, generator, needed)
        return Look(batch, views, kept, token)

    def _backward(self, look: Look) -> Tensor:
        parts = self._parts(look)
        with torch.set_grad_enabled(len(parts) == 1):
            own = torch.cat(
                [self._embed(look, part, self._tower if len(parts) > 1 else self._learner) for part in parts]
            )
        first, total = self._anchor_rows(look, parts)
        anchors = self._ranks.all_rows(own.detach(), first, total).requires_grad_()  # (A, D)
        loss = graft_loss(anchors, look.batch.photos, self._targets(look.batch), self._loss)
        loss.backward()  # type: ignore[no-untyped-call]
        assert anchors.grad is not None
        # DistributedDataParallel takes the mean over the processes, and each has a share of the sum.
        gradient = anchors.grad[first : first + len(own)] * self._ranks.count
        if len(parts) == 1:
            own.backward(gradient)  # type: ignore[no-untyped-call]
            return loss.detach()
        for number, (part, piece) in enumerate(zip(parts, self._pieces(look, parts, gradient), strict=True), start=1):
            last = number == len(parts)
            with contextlib.nullcontext() if last else self._unsynced():
                self._embed(look, part, self._learner).backward(piece)  # type: ignore[no-untyped-call]
        return loss.detach()

    def _parts(self, look: Look) -> list[slice]:
        """Tiles of this process, part by part."""
        share = self._ranks.share(len(look.batch.tiles))
        count = min(self.parts, share.stop - share.start)
        edges = [share.start + (share.stop - share.start) * i // count for i in range(count + 1)]
        return [slice(a, b) for a, b in itertools.pairwise(edges)]

    def _embed(self, look: Look, part: slice, tower: nn.Module) -> Tensor:
        """Anchors of some tiles, in single precision."""
        device, photos = self._pairs.device, _photos_of(look.batch.owner, part)
        pixels = self._pairs.pixels(look.batch.tiles[part])
        row, token = (look.batch.owner[photos] - part.start).to(device), look.token[photos].to(device)
        kept = None if look.kept is None else look.kept[part].to(device)
        half = torch.autocast("cuda", torch.bfloat16) if device.type == "cuda" else contextlib.nullcontext()
        with half:
            views = self._normalize(look.views[part].to(device).show(pixels))
            anchors: Tensor = tower(views, kept, row, token)
        return anchors

    def _anchor_rows(self, look: Look, parts: list[slice]) -> tuple[int, int]:
        """Where this process's anchors begin among all, and how many there are in all."""
        if self._tower.level == "tile":
            return parts[0].start, len(look.batch.tiles)
        return _photos_of(look.batch.owner, parts[0]).start, len(look.batch.owner)

    def _pieces(self, look: Look, parts: list[slice], gradient: Tensor) -> list[Tensor]:
        """The gradient of each part's anchors."""
        spans = parts if self._tower.level == "tile" else [_photos_of(look.batch.owner, part) for part in parts]
        return list(torch.split(gradient, [span.stop - span.start for span in spans]))

    def _targets(self, batch: Batch) -> Targets:
        device = self._pairs.device
        # At patch level, a tile whose view shows none of its photos takes no part.
        present, owner = torch.unique(batch.owner, return_inverse=True)
        ignored = near_tiles(batch.centers[present], self._loss.mask_radius_m)
        anchor = owner if self._tower.level == "tile" else torch.arange(len(owner))
        near = None if ignored is None else ignored.to(device)
        return Targets(anchor.to(device), owner.to(device), len(present), near)

    def _unsynced(self) -> contextlib.AbstractContextManager[None]:
        learner = self._learner
        return learner.no_sync() if isinstance(learner, DistributedDataParallel) else contextlib.nullcontext()

    def _halve(self, error: RuntimeError) -> None:
        most = self._ranks.share(min(self._optimizer.batch, len(self._pairs)))
        if self._ranks.count > 1:
            raise TrainError(
                f"Memory ran out in process {self._ranks.rank}: set accumulate = {2 * self.parts} and resume the run."
            ) from error
        if self.parts >= most.stop - most.start:
            raise TrainError(
                "Memory does not suffice for a single tile: close other programs, or take a smaller teacher."
            ) from error
        self.parts = min(2 * self.parts, most.stop - most.start)
        self._tower.zero_grad(set_to_none=True)


@contextmanager
def graft_step(
    tower: nn.Module,
    pairs: PairSet,
    normalize: nn.Module,
    optimizer: OptimizerConfig,
    loss: LossConfig,
    level: Level,
    *,
    ranks: Ranks | None = None,
) -> Iterator[GraftStep]:
    """The step of a run; while it is held, the tower is in training mode.

    Args:
        tower: (B, 3, S, S) -> (B, D) unit rows; at patch level one with ``tokens``, see `SatelliteTower`.
        pairs: tiles and the cached embeddings of their photos.
        normalize: (B, 3, S, S) in [0, 1] -> the tower's input.
        optimizer: batch size, patch dropout, parts and seed.
        loss: what is minimised.
        level: image level (``tile``) or pixel level (``patch``).
        ranks: the processes that learn together.

    Raises:
        TrainError: tokens are to be dropped from a tower that has none, or a batch is smaller than the processes.
    """
    ranks = ranks or Ranks()
    if min(optimizer.batch, len(pairs)) < ranks.count:
        raise TrainError(
            f"A batch of {optimizer.batch} out of {len(pairs)} tiles does not fill {ranks.count} processes."
        )
    tower.train()
    try:
        with choosing_tokens(getattr(tower, "visual", tower), optimizer) as choice:
            yield GraftStep(AnchorTower(tower, level, choice), pairs, normalize, optimizer, loss, ranks=ranks)
    finally:
        tower.eval()


def train_encoder(
    tower: nn.Module,
    pairs: PairSet,
    normalize: nn.Module,
    optimizer: OptimizerConfig,
    loss: LossConfig,
    level: Level,
) -> Iterator[StepMetrics]:
    """Fit a satellite tower, usually a copy of the teacher's photo tower, from the first step to the last.

    Arguments are those of `graft_step`; the tower is changed in place.
    """
    with graft_step(tower, pairs, normalize, optimizer, loss, level) as backward:
        yield from fit([tower], backward, optimizer)


def out_of_memory(error: RuntimeError) -> bool:
    """Whether torch failed for want of memory; on the CPU it says so in words only."""
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def tokens_across(tower: nn.Module, side: int) -> int:
    """Tokens along a side of a tile of ``side`` pixels; one for a tower without tokens."""
    size = getattr(getattr(tower, "visual", None), "patch_size", (side,))
    return side // int(size[0])


def token_of(points: Tensor, across: int) -> Tensor:
    """(M, 2) x, y in [-1, 1] -> (M,) token, row-major; the nearest one for a point outside."""
    column, row = ((points + 1) / 2 * across).floor().long().clamp(0, across - 1).unbind(dim=1)
    return row * across + column


def _shown(batch: Batch, seen: Tensor) -> Batch:
    """The batch without the photos that are out of view."""
    photos = batch.photos[seen.nonzero()[:, 0].to(batch.photos.device)]
    return replace(batch, photos=photos, owner=batch.owner[seen], points=batch.points[seen])


def _photos_of(owner: Tensor, tiles: slice) -> slice:
    """The photos, grouped by tile, of some consecutive tiles."""
    return slice(*torch.searchsorted(owner, torch.tensor([tiles.start, tiles.stop])).tolist())
