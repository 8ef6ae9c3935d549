"""Typical tiles of a scene: what an example image competes with, as words compete with background prompts.

Images lie far from words in the space of a contrastively trained model (Liang et al. 2022, "Mind the gap"), so the
cosine of a tile with an example photo cannot be weighed against its cosine with a background prompt. It can be weighed
against its cosine with the scene's other tiles.
"""

import numpy as np

from graft_core.search.embed import unit_rows
from graft_core.types import F32, I64, Bool

KINDS = 24
"""Typical tiles looked for; a scene holds some ten kinds of land."""
SAMPLE = 4096
"""Tiles they are looked for among, evenly spread over the scene."""
SAME_KIND = 0.5
"""Cosine, measured from the middle of the typical tiles, above which one of them shows what the example shows."""
ROUNDS = 8
"""Of assigning tiles and averaging them."""


def typical_tiles(rows: F32) -> F32:
    """Spherical k-means of unit rows (N, D): at most 24 unit rows, the same for the same input.

    Starts from the tile nearest the mean, then always takes the tile least like those chosen: rare kinds are found.
    """
    sample = unit_rows(rows[sample_rows(len(rows))])
    centers = sample[_spread(sample)]
    for _ in range(ROUNDS):
        nearest = (sample @ centers.T).argmax(axis=1)
        members = np.eye(len(centers))[nearest]  # (N, K), in double precision: the order of a sum shall not show
        filled = members.sum(axis=0) > 0
        centers = unit_rows((members.T @ sample)[filled])
    return centers


def sample_rows(count: int) -> I64:
    """At most 4096 of ``count`` rows, evenly spread."""
    return np.unique(np.linspace(0, count - 1, SAMPLE).astype(np.int64))


def competing_looks(example: F32, typical: F32) -> Bool:
    """(K,) typical tiles that are not of the example's own kind, seen from the middle of all of them."""
    middle = typical.mean(axis=0)
    return np.asarray(unit_rows(typical - middle) @ unit_rows(example - middle) <= SAME_KIND)


def _spread(sample: F32) -> list[int]:
    chosen = [int((sample @ sample.mean(axis=0)).argmax())]
    likeness = sample @ sample[chosen[0]]
    while len(chosen) < min(KINDS, len(sample)):
        chosen.append(int(likeness.argmin()))
        likeness = np.maximum(likeness, sample @ sample[chosen[-1]])
    return chosen
