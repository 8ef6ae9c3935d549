"""Which rule should thumbs move a query by? Mean average precision of the rest after a few marks; one JSON object.

A synthetic scene with the traits that matter: twenty kinds of land with two looks each, tiles that share one large
direction, and words that live elsewhere in the space and point only roughly at their kind. The marks are the first
right and the first wrong tiles of the ranking, as a person would click them; marked tiles do not count in the result.
"""

import argparse
import json

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from graft_core.search.feedback import refine
from graft_core.types import F32

Array = npt.NDArray[np.float64]

DIM, KINDS, LOOKS, TILES = 64, 20, 2, 2000
MARKS = ((0, 0), (1, 0), (3, 0), (0, 1), (0, 3), (1, 1), (3, 3), (10, 10))
REGRESSIONS = ((0.3, 10.0), (1.0, 1.0), (1.0, 3.0))
"""Temperature and ridge of the regressions tried."""


def unit(rows: npt.NDArray[np.floating]) -> F32:
    """Rows of length 1."""
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), dtype=np.float32)


def scene(seed: int) -> tuple[F32, npt.NDArray[np.int64], F32]:
    """Tiles (N, D), their kinds (N,), words (KINDS, D)."""
    rng = np.random.default_rng(seed)
    shared, elsewhere = unit(rng.normal(size=(2, DIM)))
    kinds, looks = unit(rng.normal(size=(KINDS, DIM))), unit(rng.normal(size=(KINDS, LOOKS, DIM)))
    kind, look = rng.integers(KINDS, size=TILES), rng.integers(LOOKS, size=TILES)
    noise = unit(rng.normal(size=(TILES, DIM)))
    tiles = unit(shared + 0.5 * kinds[kind] + 0.3 * looks[kind, look] + 0.5 * noise)
    return tiles, kind, unit(elsewhere + 0.3 * kinds + 0.6 * unit(rng.normal(size=(KINDS, DIM))))


def regress(query: F32, likes: F32, dislikes: F32, center: F32, temperature: float, ridge: float) -> F32:
    """Logistic regression on the marks, held to the query by a ridge."""
    rows = (np.concatenate([likes, dislikes]) - center).astype(np.float64)
    sign = np.concatenate([np.ones(len(likes)), -np.ones(len(dislikes))])
    start = query.astype(np.float64)

    def loss(weights: Array) -> tuple[float, Array]:
        margin = sign * (rows @ weights) / temperature
        away = weights - start
        slope = -(sign / (1 + np.exp(margin))) @ rows / temperature
        return float(np.logaddexp(0, -margin).sum() + ridge / 2 * away @ away), slope + ridge * away

    return unit(minimize(loss, start, jac=True, method="L-BFGS-B").x)


def average_precision(scores: F32, right: npt.NDArray[np.bool_]) -> float:
    """Over the whole ranking."""
    hits = right[np.argsort(-scores, kind="stable")]
    return float((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean())


def measure(seeds: int, liked: int, disliked: int) -> dict[str, float]:
    """Mean average precision of each rule with that many marks."""
    found: dict[str, list[float]] = {}
    for seed in range(seeds):
        tiles, kind, words = scene(seed)
        center = tiles.mean(axis=0)
        for wanted in range(0, KINDS, 5):
            query, right = words[wanted], kind == wanted
            order = np.argsort(-(tiles @ query), kind="stable")
            up, down = order[right[order]][:liked], order[~right[order]][:disliked]
            rest = np.setdiff1d(order, np.concatenate([up, down]))
            moved = {"none": query, "rocchio": refine(query, tiles[up], tiles[down], center)}
            for temperature, ridge in REGRESSIONS:
                name = f"regression t={temperature:g} ridge={ridge:g}"
                moved[name] = regress(query, tiles[up], tiles[down], center, temperature, ridge)
            for name, vector in moved.items():
                found.setdefault(name, []).append(average_precision((tiles @ vector)[rest], right[rest]))
    return {name: round(float(np.mean(values)), 3) for name, values in found.items()}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    seeds = parser.parse_args().seeds
    rows = {f"{liked} liked, {disliked} disliked": measure(seeds, liked, disliked) for liked, disliked in MARKS}
    print(json.dumps({"benchmark": "feedback", "seeds": seeds, "map": rows}))


if __name__ == "__main__":
    main()
