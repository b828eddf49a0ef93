"""The logistic regression."""

from edunn.layers.dense import LogisticRegression

__all__ = ["LogisticRegression"]
