"""Training on a random part of an image's tokens: most of what is learned, for half of the work (Li et al. 2023)."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from open_clip.transformer import VisionTransformer
from torch import Tensor, nn

from graft_core.errors import TrainError
from graft_core.train.config import OptimizerConfig

WHOLE_AFTER = 0.9
"""Share of the steps after which every token is seen, so that the tower ends on what it will be used on."""


class TokenChoice(nn.Module):
    """Lets the chosen tokens and the CLS token pass.

    It takes the place of open_clip's own, which draws for itself: here the step draws, so that a part of a batch, a
    second process and a resumed run see the tokens they would have seen.
    """

    def __init__(self) -> None:
        super().__init__()
        self.kept: Tensor | None = None

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, 1 + T, W), CLS first -> (B, 1 + K, W); everything passes where nothing was chosen."""
        if self.kept is None:
            return tokens
        patches = tokens[:, 1:].gather(1, self.kept[:, :, None].expand(-1, -1, tokens.shape[2]))  # (B, K, W)
        return torch.cat([tokens[:, :1], patches], dim=1)


def dropout_at(step: int, config: OptimizerConfig) -> float:
    """Share of tokens that step 0 .. steps - 1 leaves out."""
    return 0.0 if step >= WHOLE_AFTER * config.steps else config.patch_dropout


def choose_tokens(
    count: int, tokens: int, dropout: float, generator: torch.Generator, needed: tuple[Tensor, Tensor] | None = None
) -> Tensor | None:
    """Choose the tokens that each of ``count`` images keeps.

    Args:
        count: images B.
        tokens: tokens T an image has, CLS not counted.
        dropout: share of them to leave out.
        generator: on the device of the choice; decides everything.
        needed: image (N,) and token (N,) of those that must stay.

    Returns:
        (B, K) int64 token indices, or None where all are kept.
    """
    if dropout == 0:
        return None
    wanted = torch.rand(count, tokens, generator=generator, device=generator.device)
    keep = max(1, int(tokens * (1 - dropout)))
    if needed is not None:
        wanted[needed] = 2.0
        keep = max(keep, int((wanted == 2.0).sum(dim=1).max()))
    return wanted.topk(keep, dim=1).indices


@contextmanager
def choosing_tokens(visual: nn.Module, config: OptimizerConfig) -> Iterator[TokenChoice]:
    """Put a `TokenChoice` into a vision transformer; on leaving, the tower sees every token again.

    Raises:
        TrainError: tokens are to be dropped from a tower that has none.
    """
    choice = TokenChoice()
    if not isinstance(visual, VisionTransformer):
        if config.patch_dropout:
            raise TrainError(f"patch_dropout = {config.patch_dropout}: a {type(visual).__name__} has no tokens; set 0.")
        yield choice
        return
    visual.patch_dropout = choice
    try:
        yield choice
    finally:
        visual.patch_dropout = nn.Identity()
