"""Classes as labels and as one-hot rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edunn.arrays import Array, as_array, as_integers, describe, least
from edunn.errors import LayerError

_INTP = np.dtype(np.intp)


def labels2onehot(labels: Array, n_classes: int) -> npt.NDArray[np.float64]:
    """Return a row for each label, with a one at its class.

    Parameters
    ----------
    labels : ndarray of integers, shape (samples,), (samples, 1) or (samples, steps)
        From 0 to n_classes - 1.
    n_classes : int

    Returns
    -------
    ndarray of float64, shape (samples, n_classes) or (samples, steps, n_classes)

    Raises
    ------
    LayerError
        If a label is out of range, or they are not integers.
    """
    shape = np.shape(labels)
    of_sequences = len(shape) == 2 and shape[1] != 1
    flat = check_labels("labels2onehot", "labels", np.ravel(labels) if of_sequences else labels)
    if flat.size and flat.max() >= n_classes:
        raise LayerError(
            layer="labels2onehot",
            argument="labels",
            expected=f"labels from 0 to {n_classes - 1}",
            got=f"labels up to {flat.max()}",
        )
    onehot = np.zeros((flat.size, n_classes))
    onehot[np.arange(flat.size), flat] = 1
    return onehot.reshape(*shape, n_classes) if of_sequences else onehot


def onehot2labels(onehot: Array) -> npt.NDArray[np.intp]:
    """Return the class of each row: where it is largest, the first of equals.

    Parameters
    ----------
    onehot : ndarray of numbers, shape (samples, classes) or (samples, steps, classes)
        One-hot rows, probabilities or scores.

    Returns
    -------
    ndarray of integers, shape (samples,) or (samples, steps)

    Raises
    ------
    LayerError
        If it has another number of axes, or no class.
    """
    rows = as_array("onehot2labels", "onehot", onehot, "an array of numbers")
    if rows.ndim not in (2, 3) or rows.shape[-1] == 0:
        raise LayerError(
            layer="onehot2labels",
            argument="onehot",
            expected="of shape (samples, classes) or (samples, steps, classes), classes >= 1",
            got=describe(rows),
        )
    return np.asarray(np.argmax(rows, axis=-1))


def check_labels(function: str, argument: str, labels: object) -> npt.NDArray[np.intp]:
    """Return labels as a vector of integers from 0 up.

    Raises
    ------
    LayerError
        If they are not integers or booleans, are negative, or are not one per sample.
    """
    if (
        isinstance(labels, np.ndarray)
        and labels.dtype is _INTP
        and labels.ndim == 1
        and (not labels.size or least(labels) >= 0)
    ):
        return labels
    given = as_array(function, argument, labels, "an array of integers")
    array = as_integers(function, argument, given.astype(int) if given.dtype == bool else given)
    flat = array.ndim == 1 or (array.ndim == 2 and array.shape[1] == 1)
    if not flat or (array.size and array.min() < 0):
        raise LayerError(
            layer=function,
            argument=argument,
            expected="labels from 0 up, of shape (samples,) or (samples, 1)",
            got=describe(array) if not flat else f"the label {array.min()}",
        )
    return array.reshape(-1).astype(np.intp)
