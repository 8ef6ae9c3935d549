"""The contrastive losses, as pure functions of embeddings that already have unit norm."""

import torch
import torch.nn.functional as F
from torch import Tensor

GRAFT_TEMPERATURE = 0.07
"""Fixed, not learned: the value of the released GRAFT training code."""


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
    logits = tiles @ photos.T / temperature  # (B, M)
    log_probability = F.log_softmax(logits.float() if logits.dtype != torch.float64 else logits, dim=1)
    own = log_probability[owner, torch.arange(len(owner), device=owner.device)]  # (M,)
    photos_of_tile = torch.bincount(owner, minlength=len(tiles)).to(own.dtype)  # (B,)
    return -(own / photos_of_tile[owner]).sum() / len(tiles)


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
