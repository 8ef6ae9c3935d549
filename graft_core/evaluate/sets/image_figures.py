"""Zero-shot on a set of images: every encoder the same way."""

from collections.abc import Generator
from pathlib import Path

import numpy as np

from graft_core.evaluate.metrics import class_average_precision, class_recall, top1_accuracy
from graft_core.evaluate.pooled import PooledEncoder
from graft_core.evaluate.sets.embed import embed_set
from graft_core.evaluate.sets.fit import choose_fit
from graft_core.evaluate.sets.labelled_set import LabelledSet
from graft_core.evaluate.sets.result import SetResult, per_class, rounded
from graft_core.search.embed import prompt_vector
from graft_core.types import F32, Encoder, Progress

RANKS = 20
"""Images looked at in a ranking, unless another number is asked for."""


def evaluate_images(
    asked: LabelledSet, encoder: Encoder, cache: Path, *, fit: str | None = None, ranks: int = RANKS
) -> Generator[Progress, None, SetResult]:
    """Measure one encoder on one set; an interrupted run goes on where it stopped.

    Args:
        asked: N images of C classes.
        encoder: of tile level, or of patch level: then an image is the mean of its tokens. Its templates make the
            prompts.
        cache: folder of the embeddings.
        fit: how an image becomes a tile; that which suits the encoder unless given.
        ranks: k of mAP@k, each class's words against all images.

    Yields:
        Progress in images.

    Returns:
        With one class an image: ``zero_shot_top1`` (share of images whose class's words are nearest),
        ``balanced_accuracy`` (mean of the classes' recalls) and ``map_at_<ranks>``. With several classes an image:
        ``map`` (mean over the classes of the average precision over all images) and ``map_at_<ranks>``.

    Raises:
        BenchmarkError: the fit is unknown, or an image cannot be read.
        ExportError: the cache cannot be written.
        ModelError: weights are missing or damaged.
    """
    tower = PooledEncoder(encoder) if encoder.spec.level == "patch" else encoder
    chosen = choose_fit(fit, encoder.spec)
    templates = encoder.defaults.templates
    words = np.stack([prompt_vector(encoder, each, templates) for each in asked.words.values()])  # (C, D)
    rows = yield from embed_set(asked, tower, chosen, cache)
    figures, by_class = image_figures(rows @ words.T, asked, ranks)
    return SetResult(
        dataset=asked.name,
        fingerprint=asked.fingerprint,
        images=len(rows),
        encoder=tower.spec.name,
        encoder_key=tower.spec.key,
        tile_px=tower.spec.tile_px,
        fit=chosen,
        templates=templates,
        words=dict(asked.words),
        figures=figures,
        by_class=by_class,
    )


def image_figures(scores: F32, asked: LabelledSet, ranks: int) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Figures, and those of each class, of (N, C) scores."""
    classes = list(asked.words)
    first = class_average_precision(scores, asked.truth, ranks)
    ranked = {f"map_at_{ranks}": rounded(float(np.nanmean(first)))}
    if asked.multi_label:
        whole = class_average_precision(scores, asked.truth, len(scores))
        return {"map": rounded(float(np.nanmean(whole)))} | ranked, {"average_precision": per_class(whole, classes)}
    recall = class_recall(scores, asked.label)
    single = {
        "zero_shot_top1": rounded(top1_accuracy(scores, asked.label)),
        "balanced_accuracy": rounded(float(np.nanmean(recall))),
    }
    return single | ranked, {"recall": per_class(recall, classes)}
