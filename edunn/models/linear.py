"""The linear layer."""

from edunn.layers.linear import Linear

__all__ = ["Linear"]
