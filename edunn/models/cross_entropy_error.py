"""The cross-entropies of labels, and the logarithm of softmax."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edunn.losses.cross_entropy import CrossEntropyWithLabels
from edunn.losses.sequence_cross_entropy import SequenceCrossEntropyWithLabels

__all__ = ["CrossEntropyWithLabels", "SequenceCrossEntropyWithLabels", "log_softmax"]


def log_softmax(x: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Compute the logarithm of the softmax of the last axis, precise also where that is tiny."""
    scores = np.asarray(x, dtype=np.float64)
    below = scores - np.max(scores, axis=-1, keepdims=True)
    return np.asarray(below - np.log(np.sum(np.exp(below), axis=-1, keepdims=True)))
