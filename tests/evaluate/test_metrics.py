"""Figures of merit give the answers worked out by hand."""

import numpy as np
import pytest

from graft_core.evaluate.metrics import (
    average_precision_at_k,
    class_iou,
    color_features,
    confusion_matrix,
    mean_average_precision_at_k,
    mean_iou,
    nearest_neighbours_predict,
    pearson,
    spearman,
    top1_accuracy,
)


def test_top1_counts_rows_whose_best_column_is_true() -> None:
    scores = np.array([[0.9, 0.1], [0.2, 0.3], [0.8, 0.7]], dtype=np.float32)
    assert top1_accuracy(scores, np.array([0, 1, 1])) == pytest.approx(2 / 3)


def test_average_precision_by_hand() -> None:
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5], dtype=np.float32)
    relevant = np.array([True, False, True, False, True])
    assert average_precision_at_k(scores, relevant, 5) == pytest.approx((1 + 2 / 3 + 3 / 5) / 3)
    assert average_precision_at_k(scores, relevant, 2) == pytest.approx(1 / 2)


def test_a_perfect_ranking_scores_one_even_with_fewer_relevant_than_k() -> None:
    scores = np.array([3, 2, 1, 0], dtype=np.float32)
    assert average_precision_at_k(scores, np.array([True, True, False, False]), 20) == 1.0


def test_the_mean_is_over_classes_that_occur() -> None:
    scores = np.array([[1, 0, 0], [0, 1, 0]], dtype=np.float32)
    assert mean_average_precision_at_k(scores, np.array([0, 1]), 20) == 1.0


def test_confusion_by_hand_leaves_unknown_pixels_out() -> None:
    truth = np.array([[0, 0, 0, 1], [1, 2, -1, -1]], np.int16)
    predicted = np.array([[0, 0, 1, 1], [2, 2, 0, -1]])
    found = confusion_matrix(truth, predicted, 4)
    assert found.tolist() == [[2, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 0], [0, 0, 0, 0]]


def test_intersection_over_union_by_hand_and_only_of_classes_that_occur() -> None:
    confusion = np.array([[2, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 3], [0, 0, 0, 0]])
    np.testing.assert_allclose(class_iou(confusion), [2 / 3, 1 / 3, 1 / 5, np.nan])
    assert mean_iou(confusion) == pytest.approx((2 / 3 + 1 / 3 + 1 / 5) / 3)


def test_pearson_leaves_missing_places_out_and_is_zero_for_a_constant() -> None:
    assert pearson(np.array([1.0, 2.0, np.nan, 3.0]), np.array([2.0, 4.0, 9.0, 6.0])) == pytest.approx(1.0)
    assert pearson(np.ones(4), np.arange(4.0)) == 0.0


def test_spearman_sees_only_the_order() -> None:
    assert spearman(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 10.0, 100.0, 1000.0])) == pytest.approx(1.0)
    assert spearman(np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 1.0])) == pytest.approx(-1.0)


def test_colour_features_are_mean_and_spread() -> None:
    tile = np.zeros((1, 2, 2, 3), np.uint8)
    tile[0, 0, :, 0] = 255
    np.testing.assert_allclose(color_features(tile), [[0.5, 0, 0, 0.5, 0, 0]])


def test_nearest_neighbours_take_the_majority() -> None:
    known = np.array([[0.0], [0.1], [0.2], [1.0], [1.1]])
    labels = np.array([0, 0, 1, 1, 1])
    asked = np.array([[0.05], [1.05]])
    assert nearest_neighbours_predict(known, labels, asked, neighbours=3).tolist() == [0, 1]
