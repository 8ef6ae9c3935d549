"""Thumbs up and down move the query: Rocchio's rule (1971), with the examples centred on the tiles at hand.

    q' = unit(q + LIKED * (mean of the liked - centre) - DISLIKED * (mean of the disliked - centre))

Why not a regularised logistic regression started at the query: an analyst marks one to five tiles, often only right
ones or only wrong ones. There its result hangs on two more constants, and those that suit one space or one count of
marks ruin another; Rocchio's with the textbook's small weight for dislikes helped in every case tried, is one line, and
gives the same answer in any order (docs/decisions/0005-relevance-feedback.md has the figures).

Why centred: every tile's embedding shares a large part with every other one, and words live elsewhere than images do.
Uncentred, one thumb would drown the words in that shared part; centred, only what sets the example apart counts.
"""

import numpy as np

from graft_core.types import F32

LIKED = 1.0
"""Weight of the liked tiles' mean beside the query."""
DISLIKED = 0.25
"""Weight of the disliked tiles' mean: what is not wanted says little about what is; 0.5 did harm."""


def refine(query: F32, likes: F32, dislikes: F32, center: F32) -> F32:
    """Move a unit query vector (D,) by liked and disliked unit rows (L, D) and (M, D), either of which may be empty.

    Args:
        query: the vector to move.
        likes: embeddings marked as right.
        dislikes: embeddings marked as wrong.
        center: (D,) mean embedding of the tiles searched.

    Returns:
        (D,) unit vector; the very same bits where nothing is marked.
    """
    if len(likes) == 0 and len(dislikes) == 0:
        return query
    moved = query.astype(np.float64)
    if len(likes):
        moved += LIKED * (likes.mean(axis=0, dtype=np.float64) - center)
    if len(dislikes):
        moved -= DISLIKED * (dislikes.mean(axis=0, dtype=np.float64) - center)
    return (moved / np.linalg.norm(moved)).astype(np.float32)
