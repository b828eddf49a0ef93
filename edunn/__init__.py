"""The layers of a neural network in NumPy: `import edunn as nn`."""

from edunn import (
    catalogue,
    datasets,
    errors,
    initializers,
    metrics,
    model,
    models,
    optimizer,
    plot,
    trainers,
    utils,
)
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

# The course's library shows the files of its layers here too.
from edunn.models import (
    activations,
    batchnorm,
    bias,
    binary_cross_entropy_error,
    convolution,
    cross_entropy_error,
    dense,
    dropout,
    flatten,
    linear,
    linear_regression,
    logistic_regression,
    mean_error,
    pooling,
    rnn,
    squared_error,
)
from edunn.optimizers import steps
from edunn.optimizers.catalogue import OPTIMIZER_TYPES, build_optimizer, describe_optimizer
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
from edunn.saving import load, save
from edunn.sequential import Sequential

#: What the course adds to a probability before it takes the logarithm.
eps = 1e-12

__all__ = [
    "GELU",
    "LAYER_TYPES",
    "OPTIMIZER_TYPES",
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
    "activations",
    "batchnorm",
    "bias",
    "binary_cross_entropy_error",
    "build",
    "build_optimizer",
    "catalogue",
    "convolution",
    "cross_entropy_error",
    "datasets",
    "dense",
    "describe",
    "describe_optimizer",
    "dropout",
    "eps",
    "errors",
    "flatten",
    "initializers",
    "linear",
    "linear_regression",
    "load",
    "logistic_regression",
    "mean_error",
    "metrics",
    "model",
    "models",
    "optimizer",
    "plot",
    "pooling",
    "rnn",
    "save",
    "squared_error",
    "steps",
    "trainers",
    "utils",
]
