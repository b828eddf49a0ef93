"""Dropout."""

from edunn.layers.dropout import Dropout

__all__ = ["Dropout"]
