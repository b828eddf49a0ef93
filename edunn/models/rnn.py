"""The plain recurrent network."""

from edunn.layers.rnn import RNN

__all__ = ["RNN"]
