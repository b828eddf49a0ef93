"""The linear regression."""

from edunn.layers.dense import LinearRegression

__all__ = ["LinearRegression"]
