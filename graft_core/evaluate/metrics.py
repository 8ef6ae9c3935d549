"""Figures of merit as pure functions of scores and truth."""

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from graft_core.types import F32, I64, Bool

F64 = npt.NDArray[np.float64]


def top1_accuracy(scores: F32, truth: I64) -> float:
    """Share of rows whose highest column is the true one.

    Args:
        scores: (N, C), one column a class.
        truth: (N,) true column.
    """
    return float((scores.argmax(axis=1) == truth).mean())


def average_precision_at_k(scores: F32, relevant: npt.NDArray[np.bool_], k: int) -> float:
    """Mean precision at the rank of each relevant row among the first k, over min(k, relevant rows).

    Args:
        scores: (N,), higher is better; equal scores keep row order.
        relevant: (N,), at least one true.
        k: ranks looked at.
    """
    order = np.argsort(-scores, kind="stable")[:k]
    hits = relevant[order]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float((precision * hits).sum() / min(k, int(relevant.sum())))


def mean_average_precision_at_k(scores: F32, truth: I64 | Bool, k: int) -> float:
    """Mean over the classes that occur of `average_precision_at_k`.

    Args:
        scores: (N, C), one column a class.
        truth: (N,) true column of each row, or (N, C) all that are true.
        k: ranks looked at; with N of them it is the mean average precision (mAP).
    """
    return float(np.nanmean(class_average_precision(scores, truth, k)))


def class_average_precision(scores: F32, truth: I64 | Bool, k: int) -> F64:
    """(C,) `average_precision_at_k` of each class; NaN for one that does not occur. Arguments as for the mean."""
    relevant = truth if truth.ndim == 2 else truth[:, None] == np.arange(scores.shape[1])
    columns = [
        average_precision_at_k(column, shown, k) if shown.any() else np.nan
        for column, shown in zip(scores.T, relevant.T.astype(np.bool_), strict=True)
    ]
    return np.array(columns, np.float64)


def class_recall(scores: F32, truth: I64) -> F64:
    """(C,) share of the rows of each class whose highest column is theirs; NaN for a class that does not occur."""
    right = scores.argmax(axis=1) == truth
    count = np.bincount(truth, minlength=scores.shape[1])
    hits = np.bincount(truth[right], minlength=scores.shape[1])
    recall: F64 = np.divide(hits, count, out=np.full(len(count), np.nan), where=count > 0)
    return recall


def confusion_matrix(truth: npt.NDArray[np.integer], predicted: npt.NDArray[np.integer], classes: int) -> I64:
    """How many pixels of each class were taken for which.

    Args:
        truth: class 0 .. classes - 1 of every pixel; negative where it is not known or not asked.
        predicted: of the same shape, 0 .. classes - 1 where the truth is known.
        classes: how many there are.

    Returns:
        (C, C) counts, truth by row, prediction by column.
    """
    known = truth >= 0
    pairs = truth[known].astype(np.int64) * classes + predicted[known]
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def class_iou(confusion: I64) -> F64:
    """(C, C) confusion matrix -> (C,) intersection over union of each class; NaN for one that the truth lacks."""
    both, true, said = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    iou: F64 = np.divide(both, true + said - both, out=np.full(len(both), np.nan), where=true > 0)
    return iou


def mean_iou(confusion: I64) -> float:
    """Mean of `class_iou` over the classes that the truth has."""
    return float(np.nanmean(class_iou(confusion)))


def pearson(a: npt.NDArray[np.floating], b: npt.NDArray[np.floating]) -> float:
    """Correlation over the places where both are finite; 0 where either does not vary: nothing is explained then."""
    both = np.isfinite(a) & np.isfinite(b)
    x, y = a[both].astype(np.float64), b[both].astype(np.float64)
    if len(x) < 2 or x.std() == 0 or y.std() == 0:
        return 0.0
    return float(np.corrcoef(x, y)[0, 1])


def spearman(a: npt.NDArray[np.floating], b: npt.NDArray[np.floating]) -> float:
    """Correlation of ranks, equal values sharing their mean rank; 0 where either does not vary."""
    from scipy.stats import rankdata

    both = np.isfinite(a) & np.isfinite(b)
    return pearson(rankdata(a[both]), rankdata(b[both]))


def color_features(tiles: npt.NDArray[np.uint8]) -> F64:
    """(N, S, S, 3) tiles -> (N, 6) mean and standard deviation of R, G, B in [0, 1]."""
    pixels = tiles.reshape(len(tiles), -1, 3).astype(np.float64) / 255
    return np.concatenate([pixels.mean(axis=1), pixels.std(axis=1)], axis=1)


def nearest_neighbours_predict(known: F64, labels: I64, asked: F64, *, neighbours: int = 15) -> I64:
    """Majority label of the nearest known rows; features are scaled to unit variance of the known ones.

    Args:
        known: (N, F) features with labels.
        labels: (N,) small non-negative integers.
        asked: (M, F).
        neighbours: how many vote; a draw goes to the smaller label.

    Returns:
        (M,) labels.
    """
    spread = known.std(axis=0)
    spread[spread == 0] = 1
    count = min(neighbours, len(known))
    _, rows = cKDTree(known / spread).query(asked / spread, k=count)
    votes = labels[rows.reshape(len(asked), count)]  # (M, K)
    ballots = (votes[:, :, None] == np.arange(labels.max() + 1)).sum(axis=1)  # (M, labels)
    winner: I64 = ballots.argmax(axis=1).astype(np.int64)
    return winner
