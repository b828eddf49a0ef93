"""The dense layer."""

from edunn.layers.dense import ACTIVATIONS as activation_dict
from edunn.layers.dense import Dense

__all__ = ["Dense", "activation_dict"]
