"""Activations and layers of a fixed formula."""

from edunn.layers.activations import ReLU, Sigmoid, TanH
from edunn.layers.constants import AddConstant, Identity, MultiplyConstant
from edunn.layers.gelu import GELU, erf, normal_pdf
from edunn.layers.softmax import Softmax

__all__ = ["AddConstant", "GELU", "Identity", "MultiplyConstant", "ReLU", "Sigmoid", "Softmax", "TanH", "erf", "normal_pdf"]
