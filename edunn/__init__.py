"""The layers of a neural network in NumPy: `import edunn as nn`."""

from edunn import catalogue, datasets, errors, initializers, metrics, model, plot, utils
from edunn.catalogue import LAYER_TYPES, build, describe
from edunn.errors import ConfigError, LayerError, NoForwardError
from edunn.fake import FakeError, FakeModel
from edunn.layers.activations import ReLU, Sigmoid, TanH
from edunn.layers.batchnorm import BatchNorm
from edunn.layers.constants import AddConstant, Identity, MultiplyConstant
from edunn.layers.convolution import Conv2d
from edunn.layers.dense import Dense, LinearRegression, LogisticRegression
from edunn.layers.dropout import Dropout
from edunn.layers.flatten import Flatten
from edunn.layers.gelu import GELU
from edunn.layers.linear import Bias, Linear
from edunn.layers.pooling import AvgPool2d, MaxPool2d
from edunn.layers.rnn import RNN
from edunn.layers.softmax import Softmax
from edunn.losses.cross_entropy import BinaryCrossEntropy, CrossEntropyWithLabels
from edunn.losses.loss import Loss
from edunn.losses.mean_error import MeanError
from edunn.losses.sequence_cross_entropy import SequenceCrossEntropyWithLabels
from edunn.losses.squared_error import SquaredError
from edunn.model import (
    Model,
    ModelWithoutParameters,
    ModelWithParameters,
    ParameterSet,
    Phase,
)
from edunn.optimizers import steps
from edunn.optimizers.gradient import (
    Adam,
    GradientDescent,
    MomentumGD,
    NesterovMomentumGD,
    RMSprop,
    SignGD,
)
from edunn.optimizers.optimizer import BatchedGradientOptimizer, Optimizer
from edunn.parameter_memory import TooLargeError
from edunn.sequential import Sequential

__all__ = [
    "GELU",
    "LAYER_TYPES",
    "RNN",
    "Adam",
    "AddConstant",
    "AvgPool2d",
    "BatchNorm",
    "BatchedGradientOptimizer",
    "Bias",
    "BinaryCrossEntropy",
    "ConfigError",
    "Conv2d",
    "CrossEntropyWithLabels",
    "Dense",
    "Dropout",
    "FakeError",
    "FakeModel",
    "Flatten",
    "GradientDescent",
    "Identity",
    "LayerError",
    "Linear",
    "LinearRegression",
    "LogisticRegression",
    "Loss",
    "MaxPool2d",
    "MeanError",
    "Model",
    "ModelWithParameters",
    "ModelWithoutParameters",
    "MomentumGD",
    "MultiplyConstant",
    "NesterovMomentumGD",
    "NoForwardError",
    "Optimizer",
    "ParameterSet",
    "Phase",
    "RMSprop",
    "ReLU",
    "SequenceCrossEntropyWithLabels",
    "Sequential",
    "Sigmoid",
    "SignGD",
    "Softmax",
    "SquaredError",
    "TanH",
    "TooLargeError",
    "build",
    "catalogue",
    "datasets",
    "describe",
    "errors",
    "initializers",
    "metrics",
    "model",
    "plot",
    "steps",
    "utils",
]
