"""The layer of biases."""

from edunn.layers.linear import Bias

__all__ = ["Bias"]
