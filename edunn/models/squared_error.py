"""The squared error."""

from edunn.losses.squared_error import SquaredError

__all__ = ["SquaredError"]
