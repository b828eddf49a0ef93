"""The layers of a neural network in NumPy: `import edunn as nn`."""

from edunn import arrays, catalogue, errors, initializers, model
from edunn.catalogue import LAYER_TYPES, build, describe
from edunn.errors import ConfigError, LayerError, NoForwardError
from edunn.layers.dropout import Dropout
from edunn.layers.linear import Bias, Linear
from edunn.layers.relu import ReLU
from edunn.model import (
    Model,
    ModelWithoutParameters,
    ModelWithParameters,
    ParameterSet,
    Phase,
)
from edunn.sequential import Sequential

__all__ = [
    "LAYER_TYPES",
    "Bias",
    "ConfigError",
    "Dropout",
    "LayerError",
    "Linear",
    "Model",
    "ModelWithParameters",
    "ModelWithoutParameters",
    "NoForwardError",
    "ParameterSet",
    "Phase",
    "ReLU",
    "Sequential",
    "arrays",
    "build",
    "catalogue",
    "describe",
    "errors",
    "initializers",
    "model",
]
