"""Shapes that a layer computes, and that there may be no array of."""

from __future__ import annotations

import math

from edunn.arrays import check_size
from edunn.model import Model

# What NumPy can count of, in bytes of eight a number.
_MOST_COUNTED = 2**59


def fitting(model: Model, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of a result that there could be an array of.

    Raises
    ------
    LayerError
        If it is empty, but with sizes that NumPy cannot count.
    MemoryError
        If there could be memory for it nowhere.
    """
    if 0 not in shape:
        return check_size(shape)
    if math.prod(size for size in shape if size) > _MOST_COUNTED:
        raise model.refusal("x", "such that the result is of a shape that can be", f"{shape}")
    return shape
