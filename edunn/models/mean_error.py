"""The mean of errors."""

from edunn.losses.mean_error import MeanError

__all__ = ["MeanError"]
