"""The contrastive losses, as pure functions of embeddings that already have unit norm."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from graft_core.train.config import GRAFT_TEMPERATURE as GRAFT_TEMPERATURE
from graft_core.train.config import LossConfig


@dataclass(frozen=True)
class Targets:
    """Which photos belong to which anchor. An anchor is what a satellite tower says of a tile, or of one patch."""

    anchor: Tensor
    """(M,) int64, row of the anchors each photo belongs to."""
    owner: Tensor
    """(M,) int64, tile of each photo; every tile of the batch owns at least one."""
    tiles: int
    """B, tiles of the batch."""
    ignored: Tensor | None = None
    """(B, B) bool, tiles too near to be held against each other; None where all are."""

    def photo_weights(self, dtype: torch.dtype) -> Tensor:
        """(M,) 1 / (B N_i): photos count equally in their tile, tiles in the batch."""
        return 1 / (self.tiles * _counts(self.owner, self.tiles)[self.owner].to(dtype))

    def anchor_tiles(self, anchors: int) -> Tensor:
        """(A,) tile of each anchor."""
        tiles = torch.empty(anchors, dtype=torch.int64, device=self.owner.device)
        tiles[self.anchor] = self.owner
        return tiles


def image_level_loss(tiles: Tensor, photos: Tensor, owner: Tensor, *, temperature: float = GRAFT_TEMPERATURE) -> Tensor:
    """Pull each tile towards the photos taken inside it, away from the photos of the other tiles.

    Mall et al. 2024, equation 1: satellite -> ground only, the photos of one tile averaged, every photo of the
    batch in the denominator.

    Args:
        tiles: (B, D) unit rows from the satellite tower.
        photos: (M, D) unit rows from the frozen photo tower.
        owner: (M,) int64, row of ``tiles`` each photo belongs to; every tile owns at least one.
        temperature: tau of the paper.

    Returns:
        Scalar, float32 at least; with one photo a tile it equals InfoNCE.
    """
    return graft_loss(tiles, photos, Targets(owner, owner, len(tiles)), LossConfig(temperature=temperature))


def pixel_level_loss(
    tokens: Tensor, photos: Tensor, owner: Tensor, *, temperature: float = GRAFT_TEMPERATURE
) -> Tensor:
    """Pull the token of the patch a photo was taken in towards that photo, away from all others.

    Mall et al. 2024, equation 2: as the image-level loss, with the token of the photo's own position in place of the
    tile; the other photos of the tile stay in the denominator.

    Args:
        tokens: (M, D) unit rows, token of the patch that holds photo m.
        photos: (M, D) unit rows from the frozen photo tower.
        owner: (M,) int64, tile of each photo, 0 .. B - 1, each at least once.
        temperature: tau of the paper.

    Returns:
        Scalar, float32 at least.
    """
    anchor = torch.arange(len(photos), device=photos.device)
    targets = Targets(anchor, owner, int(owner.max()) + 1)
    return graft_loss(tokens, photos, targets, LossConfig(temperature=temperature))


def graft_loss(anchors: Tensor, photos: Tensor, targets: Targets, config: LossConfig) -> Tensor:
    """The loss of a batch at either level, with the options of the configuration.

    Args:
        anchors: (A, D) unit rows: one a tile at image level, one a photo at pixel level.
        photos: (M, D) unit rows from the frozen photo tower.
        targets: which photo belongs to which anchor and tile.
        config: softmax in one direction (the paper) or both, or sigmoid; neighbours masked where ``ignored`` says so.

    Returns:
        Scalar, float32 at least.
    """
    logits = anchors @ photos.T / config.temperature  # (A, M)
    logits = logits if logits.dtype == torch.float64 else logits.float()
    tiles = targets.anchor_tiles(len(anchors))  # (A,)
    ignored = None if targets.ignored is None else targets.ignored[tiles][:, targets.owner]  # (A, M)
    if config.kind == "sigmoid":
        return _sigmoid(logits, targets, tiles, ignored)
    if ignored is not None:
        logits = logits.masked_fill(ignored, -torch.inf)
    forward = _softmax(logits, targets)
    return (forward + _softmax_back(logits, targets)) / 2 if config.both_directions else forward


def _softmax(logits: Tensor, targets: Targets) -> Tensor:
    """Each anchor finds its photos among all of the batch."""
    photo = torch.arange(logits.shape[1], device=logits.device)
    own = F.log_softmax(logits, dim=1)[targets.anchor, photo]  # (M,)
    return -(own * targets.photo_weights(own.dtype)).sum()


def _softmax_back(logits: Tensor, targets: Targets) -> Tensor:
    """Each photo finds its anchor among all of the batch."""
    photo = torch.arange(logits.shape[1], device=logits.device)
    own = F.log_softmax(logits, dim=0)[targets.anchor, photo]  # (M,)
    return -(own * targets.photo_weights(own.dtype)).sum()


def _sigmoid(logits: Tensor, targets: Targets, tiles: Tensor, ignored: Tensor | None) -> Tensor:
    """Each pair of an anchor and a photo is judged by itself (Zhai et al. 2023, equation 1).

    The bias, learned there, is fixed at the prior of one match among the M photos. A tile's anchors share its weight,
    its photos share the positives' weight; photos of the same tile at another patch are neither.
    """
    logits = logits - math.log(logits.shape[1])
    photo = torch.arange(logits.shape[1], device=logits.device)
    weights = targets.photo_weights(logits.dtype)  # (M,)
    positive = -(F.logsigmoid(logits[targets.anchor, photo]) * weights).sum()
    other = tiles[:, None] != targets.owner[None, :]  # (A, M)
    if ignored is not None:
        other = other & ~ignored
    share = 1 / (targets.tiles * _counts(tiles, targets.tiles)[tiles].to(logits.dtype))  # (A,)
    against = (F.logsigmoid(-logits) * other).sum(dim=1)  # (A,)
    return positive - (against * share).sum()


def _counts(rows: Tensor, total: int) -> Tensor:
    """How often each of 0 .. total - 1 occurs; unlike bincount, it does not wait for the device."""
    return torch.zeros(total, dtype=torch.int64, device=rows.device).index_add_(0, rows, torch.ones_like(rows))


def near_tiles(centers: Tensor, radius_m: float) -> Tensor | None:
    """(B, 2) tile centres in metres -> (B, B) whether two different tiles are nearer than the radius; None for 0."""
    if radius_m <= 0:
        return None
    near = torch.cdist(centers, centers) < radius_m
    return near & ~torch.eye(len(centers), dtype=torch.bool, device=centers.device)


def clip_loss(photos: Tensor, texts: Tensor, scale: Tensor) -> Tensor:
    """Symmetric InfoNCE between photos and their captions (Radford et al. 2021).

    Args:
        photos: (B, D) unit rows.
        texts: (B, D) unit rows; row i is the caption of photo i.
        scale: scalar, exp of the learned logit scale.
    """
    logits = scale * photos @ texts.T  # (B, B)
    target = torch.arange(len(photos), device=photos.device)
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2
