"""The cross-entropy of yes or no."""

from edunn.losses.cross_entropy import BinaryCrossEntropy

__all__ = ["BinaryCrossEntropy"]
