"""The dense layer, and the activations that it knows by name."""

from edunn.layers.dense import ACTIVATIONS, Dense

__all__ = ["Dense", "activation_dict"]

activation_dict = ACTIVATIONS
