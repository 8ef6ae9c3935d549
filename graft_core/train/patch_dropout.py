"""Training on a random part of an image's tokens: most of what is learned, for half of the work (Li et al. 2023)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from open_clip.transformer import PatchDropout, VisionTransformer
from torch import nn

from graft_core.train.config import OptimizerConfig

WHOLE_AFTER = 0.9
"""Share of the steps after which every token is seen, so that the tower ends on what it will be used on."""


@contextmanager
def dropping_patches(visual: VisionTransformer, config: OptimizerConfig) -> Iterator[Callable[[int], None]]:
    """Let a vision transformer in training mode drop tokens; the CLS token always stays.

    Yields:
        A function to call with the step before each forward pass. On leaving, the tower drops nothing.
    """
    dropout = PatchDropout(config.patch_dropout)
    visual.patch_dropout = dropout

    def begin(step: int) -> None:
        if step >= WHOLE_AFTER * config.steps:
            dropout.prob = 0.0

    try:
        yield begin
    finally:
        visual.patch_dropout = nn.Identity()
