"""How a tower does on tiles of places it does not learn from: without words, by finding its own photos."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from graft_core.models.device import inference
from graft_core.train.config import LossConfig
from graft_core.train.data import Batch, PairSet
from graft_core.train.graft import AnchorTower, token_of
from graft_core.train.losses import Targets, graft_loss

TOGETHER = 100
"""Tiles whose photos are told apart: the same number at every batch size, so that runs can be compared."""
MOST = 2000
"""Tiles that are looked at."""
_AT_ONCE = 50


@dataclass(frozen=True)
class Validation:
    """What was found."""

    loss: float
    """The paper's loss in groups of up to a hundred tiles."""
    top1: float
    """Share of tiles (of photos, at patch level) for which the best photo of the group lies in the tile itself."""


def validate(tower: AnchorTower, pairs: PairSet, normalize: nn.Module, across: int) -> Validation:
    """Measure a tower, which is left in training mode as it was.

    Args:
        tower: at either level.
        pairs: validation tiles.
        normalize: (B, 3, S, S) in [0, 1] -> the tower's input.
        across: tokens along a side of a tile.
    """
    order = torch.randperm(len(pairs), generator=torch.Generator().manual_seed(0))[:MOST]
    losses, right = [], []
    tower.eval()
    for chosen in torch.tensor_split(order, -(-len(order) // TOGETHER)):
        batch = pairs.batch(chosen)
        anchors = torch.cat([_anchors(tower, pairs, part, normalize, across) for part in torch.split(chosen, _AT_ONCE)])
        loss, hits = _judge(anchors, batch, tower.level == "patch")
        losses.append(loss * len(chosen))
        right.append(hits)
    tower.train()
    return Validation(float(torch.stack(losses).sum()) / len(order), float(torch.cat(right).float().mean()))


def _anchors(tower: AnchorTower, pairs: PairSet, chosen: Tensor, normalize: nn.Module, across: int) -> Tensor:
    batch, device = pairs.batch(chosen), pairs.device
    with inference(device):
        pixels = normalize(pairs.pixels(chosen).permute(0, 3, 1, 2).float() / 255)
        found: Tensor = tower(pixels, None, batch.owner.to(device), token_of(batch.points, across).to(device))
    return found


def _judge(anchors: Tensor, batch: Batch, patches: bool) -> tuple[Tensor, Tensor]:
    """Loss of a group, and for each anchor whether the best photo is one of its tile."""
    owner = batch.owner.to(anchors.device)
    own = torch.arange(len(owner), device=anchors.device) if patches else owner
    with torch.inference_mode():
        loss = graft_loss(anchors, batch.photos, Targets(own, owner, len(batch.tiles)), LossConfig())
        best = owner[(anchors @ batch.photos.T).argmax(dim=1)]  # (A,)
    return loss, best == (owner if patches else torch.arange(len(anchors), device=anchors.device))
