"""Metrics, against numbers worked out by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import edunn as nn
from edunn import metrics
from edunn.arrays import Array

TRUE = np.array([1, 1, 1, 0, 0, 0, 0, 0])
PREDICTED = np.array([1, 1, 0, 1, 0, 0, 0, 0])


def test_accuracy_precision_recall_and_fscore() -> None:
    assert metrics.accuracy(TRUE, PREDICTED) == 6 / 8
    assert metrics.precision(TRUE, PREDICTED) == 2 / 3
    assert metrics.recall(TRUE, PREDICTED) == 2 / 3
    assert metrics.fscore(TRUE, PREDICTED) == 2 / 3


def test_precision_and_recall_differ_where_they_should() -> None:
    predicted = np.array([1, 0, 0, 0, 0, 0, 0, 0])
    assert metrics.precision(TRUE, predicted) == 1
    assert metrics.recall(TRUE, predicted) == 1 / 3
    assert metrics.fscore(TRUE, predicted) == 0.5


def test_nothing_positive_gives_zero_and_no_warning() -> None:
    zeros = np.zeros(4, dtype=int)
    for metric in (metrics.precision, metrics.recall, metrics.fscore):
        assert metric(zeros, zeros) == 0


def test_a_class_may_be_named() -> None:
    true, predicted = np.array([0, 1, 2, 2]), np.array([0, 2, 2, 2])
    assert metrics.precision(true, predicted, positive=2) == 2 / 3
    assert metrics.recall(true, predicted, positive=2) == 1


def test_several_classes_ask_for_one_to_be_named() -> None:
    with pytest.raises(nn.LayerError, match="positive"):
        metrics.precision(np.array([0, 1, 2]), np.array([0, 1, 2]))


def test_confusion_counts_true_rows_and_predicted_columns() -> None:
    counts = metrics.confusion(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]))
    np.testing.assert_array_equal(counts, [[1, 1], [0, 2]])


def test_confusion_takes_a_class_that_the_truth_lacks() -> None:
    counts = metrics.confusion(np.array([0, 0]), np.array([0, 2]))
    np.testing.assert_array_equal(counts, [[1, 0, 1], [0, 0, 0], [0, 0, 0]])


def test_confusion_takes_a_class_that_both_lack() -> None:
    assert metrics.confusion(np.array([0]), np.array([0]), n_classes=3).shape == (3, 3)


def test_confusion_refuses_labels_beyond_its_classes() -> None:
    with pytest.raises(nn.LayerError) as caught:
        metrics.confusion(np.array([0, 5]), np.array([0, 1]), n_classes=3)
    assert caught.value.argument == "n_classes"


def test_rmse_of_errors_one_to_four_is_the_root_of_7_5() -> None:
    np.testing.assert_allclose(
        metrics.rmse(np.zeros(4), np.array([1.0, -2.0, 3.0, 4.0])), 7.5**0.5, rtol=1e-15
    )


def test_mae_is_the_mean_of_the_absolute_errors() -> None:
    assert metrics.mae(np.array([0, 0]), np.array([1, -4])) == 2.5


@pytest.mark.parametrize("metric", [metrics.rmse, metrics.mae])
def test_numbers_do_not_broadcast(metric: Callable[[Array, Array], float]) -> None:
    with pytest.raises(nn.LayerError):
        metric(np.zeros(3), np.zeros((3, 1)))


@pytest.mark.parametrize(
    "metric", [metrics.rmse, metrics.mae, metrics.accuracy, metrics.confusion, metrics.recall]
)
def test_nothing_to_measure_is_refused(metric: Callable[[Array, Array], float]) -> None:
    with pytest.raises(nn.LayerError):
        metric(np.zeros(0, dtype=int), np.zeros(0, dtype=int))


@pytest.mark.parametrize(
    "labels", [np.array([0.0, 1.0]), np.array([0, -1]), np.eye(2, dtype=int), np.array(["a", "b"])]
)
def test_labels_that_are_none_are_refused(labels: Array) -> None:
    with pytest.raises(nn.LayerError) as caught:
        metrics.accuracy(np.array([0, 1]), labels)
    assert caught.value.argument == "y_pred"


def test_labels_may_be_columns_and_booleans() -> None:
    assert metrics.accuracy(np.array([[1], [0]]), np.array([True, False])) == 1


def test_a_classification_summary_has_every_class_and_prints() -> None:
    summary = metrics.classification_summary(
        np.array([0, 1, 2, 2]), np.array([0, 2, 2, 2]), verbose=False
    )
    assert summary.accuracy == 0.75
    assert summary.precision == (1, 0, 2 / 3)
    assert summary.recall == (1, 0, 1)
    assert "accuracy 0.7500" in str(summary)


def test_a_summary_is_printed_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    metrics.regression_summary(np.zeros(2), np.array([3.0, 4.0]))
    assert capsys.readouterr().out == "rmse 3.53553, mae 3.5\n"


def test_a_summary_of_onehot_rows_is_that_of_their_labels() -> None:
    true, predicted = np.eye(3)[[0, 1, 2]], np.eye(3)[[0, 1, 1]]
    assert metrics.classification_summary_onehot(true, predicted, verbose=False).accuracy == 2 / 3
