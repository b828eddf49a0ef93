"""A network as a sequence of layers."""

from edunn.sequential import Sequential

__all__ = ["Sequential"]
