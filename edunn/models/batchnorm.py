"""Batch normalisation."""

from edunn.layers.batchnorm import BatchNorm

__all__ = ["BatchNorm"]
