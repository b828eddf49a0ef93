"""Activations and layers of a fixed formula, and the normal distribution."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from edunn.layers.activations import ReLU, Sigmoid, TanH
from edunn.layers.constants import AddConstant, Identity, MultiplyConstant
from edunn.layers.gelu import GELU
from edunn.layers.softmax import Softmax

__all__ = [
    "GELU",
    "AddConstant",
    "Identity",
    "MultiplyConstant",
    "ReLU",
    "Sigmoid",
    "Softmax",
    "TanH",
    "erf",
    "normal_pdf",
]

Floats = npt.NDArray[np.float64]
_erf = np.vectorize(math.erf, otypes=[np.float64])


def erf(x: npt.ArrayLike) -> Floats:
    """Compute the error function of each number."""
    return np.asarray(_erf(x))


def normal_pdf(x: npt.ArrayLike, mean: float = 0, std: float = 1) -> Floats:
    """Compute the density of the normal distribution at each number."""
    z = (np.asarray(x, dtype=np.float64) - mean) / std
    return np.asarray(np.exp(-z * z / 2) / (std * math.sqrt(2 * math.pi)))
