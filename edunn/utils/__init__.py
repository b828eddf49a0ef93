"""What notebooks and tests need besides layers."""

from edunn.utils import check_gradient, comparisons, model2function
from edunn.utils.batches import batch_arrays
from edunn.utils.comparisons import (
    approximate_equals,
    check_different,
    check_mean,
    check_same,
    check_same_float,
    check_same_shape,
    check_std,
    default_tol,
    different,
    failure,
    same,
    same_shape,
    success,
)
from edunn.utils.labels import labels2onehot, onehot2labels
from edunn.utils.numerical_gradient import numerical_gradient

__all__ = [
    "approximate_equals",
    "batch_arrays",
    "check_different",
    "check_gradient",
    "check_mean",
    "check_same",
    "check_same_float",
    "check_same_shape",
    "check_std",
    "comparisons",
    "default_tol",
    "different",
    "failure",
    "labels2onehot",
    "model2function",
    "numerical_gradient",
    "onehot2labels",
    "same",
    "same_shape",
    "success",
]
