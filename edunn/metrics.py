"""How good predictions are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edunn.arrays import Array, as_array, describe, double, largest
from edunn.errors import LayerError
from edunn.notebook import Printable
from edunn.utils.labels import check_labels, onehot2labels

Labels = npt.NDArray[np.intp]


def accuracy(y_true: Array, y_pred: Array) -> float:
    """Return the share of labels that are right.

    Parameters
    ----------
    y_true, y_pred : ndarray of integers, shape (samples,) or (samples, 1)
        At least one sample.
    """
    y_true, y_pred = _labels("accuracy", y_true, y_pred)
    return np.count_nonzero(y_true == y_pred) / y_true.size


def check_label_array(y: Array) -> None:
    """Refuse what is no vector of labels.

    Raises
    ------
    LayerError
        If it is not integers from 0 up, of shape (samples,).
    """
    if check_labels("check_label_array", "y", y).shape != np.shape(y):
        raise LayerError(
            layer="check_label_array",
            argument="y",
            expected="of shape (samples,)",
            got=describe(np.asarray(y)),
        )


def check_binary(y: Array) -> None:
    """Refuse labels that are not 0 or 1.

    Raises
    ------
    LayerError
        If there is another.
    """
    values = np.asarray(y)
    wrong = values[(values != 0) & (values != 1)]
    if wrong.size:
        raise LayerError(
            layer="check_binary", argument="y", expected="labels 0 and 1", got=str(wrong[0])
        )


def precision(y_true: Array, y_pred: Array, positive: int | None = None) -> float:
    """Return the share of right ones among the samples called positive.

    Parameters
    ----------
    y_true, y_pred : ndarray of integers, shape (samples,) or (samples, 1)
        At least one sample.
    positive : int, optional
        Which class is meant. Without it the labels must be 0 and 1, and 1 is meant.

    Returns
    -------
    float
        0 where no sample was called positive.
    """
    hits, called, _ = _counts("precision", y_true, y_pred, positive)
    return hits / called if called else 0.0


def recall(y_true: Array, y_pred: Array, positive: int | None = None) -> float:
    """Return the share of the positive samples that were called so.

    Parameters are those of `precision`. 0 where no sample is positive.
    """
    hits, _, actual = _counts("recall", y_true, y_pred, positive)
    return hits / actual if actual else 0.0


def fscore(y_true: Array, y_pred: Array, positive: int | None = None) -> float:
    """Return the harmonic mean of precision and recall, known as F1.

    Parameters are those of `precision`. 0 where nothing is positive, nor called so.
    """
    hits, called, actual = _counts("fscore", y_true, y_pred, positive)
    return 2 * hits / (called + actual) if called + actual else 0.0


def confusion(y_true: Array, y_pred: Array, n_classes: int | None = None) -> Labels:
    """Count how many samples of each class were given each label.

    Parameters
    ----------
    y_true, y_pred : ndarray of integers, shape (samples,) or (samples, 1)
        At least one sample.
    n_classes : int, optional
        Without it, as many as the largest label in either asks for.

    Returns
    -------
    ndarray of integers, shape (n_classes, n_classes)
        Row: the true class. Column: the label given.
    """
    y_true, y_pred = _labels("confusion", y_true, y_pred)
    most = max(largest(y_true), largest(y_pred))
    classes = most + 1 if n_classes is None else n_classes
    if most >= classes:
        raise LayerError(
            layer="confusion",
            argument="n_classes",
            expected=f"at least {most + 1}, one more than the largest label",
            got=str(n_classes),
        )
    pairs = np.bincount(y_true * classes + y_pred, minlength=classes * classes)
    return pairs.reshape(classes, classes)


def rmse(y_true: Array, y_pred: Array) -> float:
    """Return the root of the mean of the squared errors.

    Parameters
    ----------
    y_true, y_pred : ndarray of numbers, the same shape, not empty
    """
    errors = _errors("rmse", y_true, y_pred).ravel()
    return math.sqrt(errors.dot(errors) / errors.size)


def mae(y_true: Array, y_pred: Array) -> float:
    """Return the mean of the absolute errors.

    Parameters
    ----------
    y_true, y_pred : ndarray of numbers, the same shape, not empty
    """
    errors = _errors("mae", y_true, y_pred)
    return float(np.add.reduce(np.abs(errors), axis=None)) / errors.size


@dataclass(frozen=True)
class ClassificationSummary(Printable):
    """How good labels are, as a whole and for each class; a table where it is printed."""

    accuracy: float
    precision: tuple[float, ...]
    recall: tuple[float, ...]
    fscore: tuple[float, ...]
    confusion: Labels

    def __str__(self) -> str:
        lines = [f"accuracy {self.accuracy:.4f}", "class  precision  recall  fscore  samples"]
        rows = zip(self.precision, self.recall, self.fscore, self.confusion.sum(1), strict=True)
        lines += [
            f"{label:>5}  {p:>9.4f}  {r:>6.4f}  {f:>6.4f}  {count:>7}"
            for label, (p, r, f, count) in enumerate(rows)
        ]
        return "\n".join([*lines, "confusion (rows true, columns predicted)", str(self.confusion)])


@dataclass(frozen=True)
class RegressionSummary(Printable):
    """How good predicted numbers are; a line where it is printed."""

    rmse: float
    mae: float

    def __str__(self) -> str:
        return f"rmse {self.rmse:.6g}, mae {self.mae:.6g}"


def classification_summary(
    y_true: Array, y_pred: Array, verbose: bool = True
) -> ClassificationSummary:
    """Summarize labels, and print the summary.

    Parameters
    ----------
    y_true, y_pred : ndarray of integers, shape (samples,) or (samples, 1)
        At least one sample.
    verbose : bool
        Whether it is printed.
    """
    counts = confusion(y_true, y_pred)
    classes = range(len(counts))
    summary = ClassificationSummary(
        accuracy(y_true, y_pred),
        tuple(precision(y_true, y_pred, label) for label in classes),
        tuple(recall(y_true, y_pred, label) for label in classes),
        tuple(fscore(y_true, y_pred, label) for label in classes),
        counts,
    )
    return summary.printed() if verbose else summary


def classification_summary_onehot(
    y_true: Array, y_pred: Array, verbose: bool = True
) -> ClassificationSummary:
    """Summarize one-hot rows or probabilities, shape (samples, classes), and print it."""
    return classification_summary(onehot2labels(y_true), onehot2labels(y_pred), verbose)


def regression_summary(y_true: Array, y_pred: Array, verbose: bool = True) -> RegressionSummary:
    """Summarize predicted numbers, and print the summary.

    Parameters
    ----------
    y_true, y_pred : ndarray of numbers, the same shape, not empty
    verbose : bool
        Whether it is printed.
    """
    summary = RegressionSummary(rmse(y_true, y_pred), mae(y_true, y_pred))
    return summary.printed() if verbose else summary


def _labels(metric: str, y_true: object, y_pred: object) -> tuple[Labels, Labels]:
    true = check_labels(metric, "y_true", y_true)
    predicted = check_labels(metric, "y_pred", y_pred)
    _check_shapes(metric, true, predicted)
    return true, predicted


def _counts(
    metric: str, y_true: object, y_pred: object, positive: int | None
) -> tuple[int, int, int]:
    """Return how many samples are positive and called so, are called so, are positive."""
    true, predicted = _labels(metric, y_true, y_pred)
    if positive is None:
        positive, most = 1, max(largest(true), largest(predicted))
        if most > 1:
            raise LayerError(
                layer=metric,
                argument="y_true",
                expected="labels 0 and 1, or `positive` to say which class is meant",
                got=f"the label {most}",
            )
    called, actual = predicted == positive, true == positive
    return (
        int(np.count_nonzero(called & actual)),
        int(np.count_nonzero(called)),
        int(np.count_nonzero(actual)),
    )


def _errors(metric: str, y_true: object, y_pred: object) -> npt.NDArray[np.float64]:
    true = as_array(metric, "y_true", y_true, "an array of numbers")
    predicted = as_array(metric, "y_pred", y_pred, "an array of numbers")
    for argument, array in (("y_true", true), ("y_pred", predicted)):
        if array.dtype.kind not in "biuf":
            raise LayerError(
                layer=metric, argument=argument, expected="an array of numbers", got=describe(array)
            )
    _check_shapes(metric, true, predicted)
    return np.asarray(double(predicted) - double(true))


def _check_shapes(metric: str, y_true: Array, y_pred: Array) -> None:
    # Broadcasting (n,) against (n, 1) would compare every sample with every other.
    if y_true.shape != y_pred.shape or y_true.size == 0:
        raise LayerError(
            layer=metric,
            argument="y_pred",
            expected=f"of the shape of y_true, {y_true.shape}, and not empty",
            got=describe(y_pred),
        )
