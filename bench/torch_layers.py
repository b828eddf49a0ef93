"""Compares the layers with PyTorch's: one thread, float64, forward and backward in turns.

PyTorch is no part of the project. It is the one that is installed for this Python, or Debian's
python3-torch. Its tensors share memory with NumPy's arrays, whatever NumPy it was built for.
Debian's has a plain BLAS for float64, so its matrix products say little.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import edunn as nn

_DEBIAN = "/usr/lib/python3/dist-packages"
_REPEATS = 15


def load() -> Any:
    """Return PyTorch with one thread; None if it is not installed."""
    with warnings.catch_warnings():
        # A PyTorch that was built for an older NumPy warns at length.
        warnings.simplefilter("ignore")
        silenced = os.dup(2)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        sys.path.append(_DEBIAN)
        try:
            import torch

            torch.rand(1).tolist()
        except ImportError:
            return None
        finally:
            sys.path.remove(_DEBIAN)
            os.dup2(silenced, 2)
            os.close(silenced)
            os.close(nowhere)
    torch.set_num_threads(1)
    return torch


def measure(torch: Any) -> list[tuple[str, float, float]]:
    """Return each layer's seconds and PyTorch's, in this thread's processor time."""
    rng = np.random.default_rng(0)
    matrix, images = rng.standard_normal((256, 512)), rng.standard_normal((32, 16, 28, 28))
    sequences = rng.standard_normal((32, 20, 16))
    # Larger than a second cache.
    large = rng.standard_normal((2048, 256))
    f, modules = torch.nn.functional, torch.nn
    bias = torch.zeros(512, dtype=torch.float64, requires_grad=True)
    recurrent = modules.RNN(16, 32, bias=False, batch_first=True).double()
    pairs: list[tuple[nn.Model, Any, Callable[[Any], Any]]] = [
        (nn.Sigmoid(), matrix, torch.sigmoid),
        (nn.TanH(), matrix, torch.tanh),
        (nn.ReLU(), matrix, torch.relu),
        (nn.GELU(), matrix, f.gelu),
        (nn.Softmax(), matrix, lambda x: torch.softmax(x, 1)),
        (nn.Dropout(0.5), matrix, modules.Dropout(0.5)),
        (nn.Linear(512, 128), matrix, modules.Linear(512, 128, bias=False).double()),
        (nn.Bias(512), matrix, lambda x: x + bias),
        (nn.Dense(512, 128, "relu"), matrix, _dense(modules)),
        (nn.BatchNorm(512), matrix, modules.BatchNorm1d(512).double()),
        (nn.BatchNorm(16), images, modules.BatchNorm2d(16).double()),
        (nn.Sigmoid(), large, torch.sigmoid),
        (nn.Softmax(), large, lambda x: torch.softmax(x, 1)),
        (nn.BatchNorm(256), large, modules.BatchNorm1d(256).double()),
        (nn.Conv2d(16, 32, 3), images, modules.Conv2d(16, 32, 3, bias=False).double()),
        (nn.MaxPool2d(2, 2), images, lambda x: f.max_pool2d(x, 2)),
        (nn.AvgPool2d(2, 2), images, lambda x: f.avg_pool2d(x, 2)),
        # PyTorch's is a view both ways; ours gives arrays of the caller's own.
        (nn.Flatten(), images, lambda x: x.clone().flatten(1).clone()),
        (nn.RNN(16, 32, 32), sequences, lambda x: recurrent(x)[0]),
    ]
    return [_beside(torch, *pair) for pair in pairs]


def _dense(modules: Any) -> Callable[[Any], Any]:
    linear = modules.Linear(512, 128).double()
    return lambda x: linear(x).relu()


def _beside(
    torch: Any, layer: nn.Model, x: Any, theirs: Callable[[Any], Any]
) -> tuple[str, float, float]:
    g = np.ones_like(layer.forward(x))

    def tensor(array: Any) -> Any:
        return torch.frombuffer(array.data, dtype=torch.float64).reshape(array.shape)

    given, error = tensor(x.copy()).requires_grad_(True), tensor(g)

    def ours() -> None:
        layer.forward(x)
        layer.backward(g)

    def pytorch() -> None:
        given.grad = None
        theirs(given).backward(error)

    times: list[list[float]] = [[], []]
    for turn in range(_REPEATS + 1):
        for work, taken in zip((ours, pytorch), times, strict=True):
            start = time.thread_time()
            work()
            if turn:
                taken.append(time.thread_time() - start)
    name = f"{type(layer).__name__} {'x'.join(map(str, x.shape))}"
    return name, statistics.median(times[0]), statistics.median(times[1])
