"""Typical tiles of a scene: what an example image competes with, as words compete with background prompts.

Images lie far from words in the space of a contrastively trained model (Liang et al. 2022, "Mind the gap"), so the
cosine of a tile with an example photo cannot be weighed against its cosine with a background prompt. How far the tile
stands out for the photo can be weighed against how far it stands out for the scene's typical tiles.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graft_core.search.embed import unit_rows
from graft_core.types import F32, I64, Bool

F64 = npt.NDArray[np.float64]

KINDS = 24
"""Typical tiles looked for; a scene holds some ten kinds of land."""
SAMPLE = 4096
"""Tiles they are looked for among, evenly spread over the scene."""
SAME_KIND = 0.7
"""Correlation over the tiles above which a typical tile and the example look for the same."""
SOFTER = 2.0
"""How much wider the temperature of images is than that of words, both in standard deviations of what competes."""
LEAST_DEVIATION = 1e-6
"""Standard deviation of cosines below which they are all the same."""
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


@dataclass(frozen=True)
class Moments:
    """How the cosines of each of K examples are spread over a scene."""

    mean: F64
    """(K,)"""
    deviation: F64
    """(K,) standard deviation."""


def moments(cosines: F32) -> Moments:
    """Of each row of (K, N); NaN does not count. In double precision: the order of a sum shall not show."""
    known = np.isfinite(cosines)
    count = np.maximum(known.sum(axis=1), 1)
    mean = np.where(known, cosines, 0).sum(axis=1, dtype=np.float64) / count
    away = np.where(known, cosines - mean[:, None], 0)
    return Moments(mean, np.sqrt((away**2).sum(axis=1) / count))


def standard_scores(cosines: F32, usual: Moments | None = None) -> F32:
    """(K, N) cosines -> each row with mean 0 and standard deviation 1 over the scene; NaN stays, a constant row is 0.

    A ground photo's cosines with tiles are lower and closer together than those of a tile, so it would lose to every
    tile; how far a tile stands out among the scene's compares the two. ``usual`` are the scene's moments where the N
    columns are not all of it.
    """
    over = moments(cosines) if usual is None else usual
    away, deviation = cosines - over.mean[:, None], over.deviation[:, None]
    scores = np.divide(away, deviation, out=np.zeros_like(away), where=deviation > LEAST_DEVIATION)
    return np.where(np.isfinite(cosines), scores, np.nan).astype(np.float32)


def competing_looks(example: F32, typical: F32) -> Bool:
    """(K,) typical tiles that do not look for what the example looks for.

    Args:
        example: (N,) standard scores of the scene's tiles.
        typical: (K, N) the same of each typical tile; NaN stands in the same columns.
    """
    known = np.isfinite(example) & np.isfinite(typical).all(axis=0)
    if not known.any():
        return np.ones(len(typical), dtype=bool)
    likeness = (typical[:, known].astype(np.float64) * example[known]).mean(axis=1)
    return np.asarray(likeness <= SAME_KIND)


def _spread(sample: F32) -> list[int]:
    chosen = [int((sample @ sample.mean(axis=0)).argmax())]
    likeness = sample @ sample[chosen[0]]
    while len(chosen) < min(KINDS, len(sample)):
        chosen.append(int(likeness.argmin()))
        likeness = np.maximum(likeness, sample @ sample[chosen[-1]])
    return chosen
