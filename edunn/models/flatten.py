"""Flatten."""

from edunn.layers.flatten import Flatten

__all__ = ["Flatten"]
