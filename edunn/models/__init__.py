"""The layers and losses under the names of the files that the course keeps them in.

`edunn.models.dense.Dense` is `edunn.Dense`. Some files have functions too that the course's
layers are made of; here those are made of the layers.
"""

from edunn.models import (
    activations,
    batchnorm,
    bias,
    binary_cross_entropy_error,
    convolution,
    cross_entropy_error,
    dense,
    dropout,
    fake,
    flatten,
    linear,
    linear_regression,
    logistic_regression,
    mean_error,
    pooling,
    rnn,
    sequential,
    squared_error,
)
from edunn.models.activations import (
    GELU,
    AddConstant,
    Identity,
    MultiplyConstant,
    ReLU,
    Sigmoid,
    Softmax,
    TanH,
)
from edunn.models.batchnorm import BatchNorm
from edunn.models.bias import Bias
from edunn.models.binary_cross_entropy_error import BinaryCrossEntropy
from edunn.models.convolution import Conv2d
from edunn.models.cross_entropy_error import CrossEntropyWithLabels, SequenceCrossEntropyWithLabels
from edunn.models.dense import Dense
from edunn.models.dropout import Dropout
from edunn.models.fake import FakeError, FakeModel
from edunn.models.flatten import Flatten
from edunn.models.linear import Linear
from edunn.models.linear_regression import LinearRegression
from edunn.models.logistic_regression import LogisticRegression
from edunn.models.mean_error import MeanError
from edunn.models.pooling import AvgPool2d, MaxPool2d
from edunn.models.rnn import RNN
from edunn.models.sequential import Sequential
from edunn.models.squared_error import SquaredError

__all__ = [
    "GELU",
    "RNN",
    "AddConstant",
    "AvgPool2d",
    "BatchNorm",
    "Bias",
    "BinaryCrossEntropy",
    "Conv2d",
    "CrossEntropyWithLabels",
    "Dense",
    "Dropout",
    "FakeError",
    "FakeModel",
    "Flatten",
    "Identity",
    "Linear",
    "LinearRegression",
    "LogisticRegression",
    "MaxPool2d",
    "MeanError",
    "MultiplyConstant",
    "ReLU",
    "SequenceCrossEntropyWithLabels",
    "Sequential",
    "Sigmoid",
    "Softmax",
    "SquaredError",
    "TanH",
    "activations",
    "batchnorm",
    "bias",
    "binary_cross_entropy_error",
    "convolution",
    "cross_entropy_error",
    "dense",
    "dropout",
    "fake",
    "flatten",
    "linear",
    "linear_regression",
    "logistic_regression",
    "mean_error",
    "pooling",
    "rnn",
    "sequential",
    "squared_error",
]
