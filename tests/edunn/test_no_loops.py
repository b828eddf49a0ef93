"""No Python loop runs over samples, pixels or classes: the lines that run are counted."""

from __future__ import annotations

import gc
import sys
from types import FrameType
from typing import Any

import numpy as np
import pytest
from examples import ALL, gradient, inputs, make

import edunn as nn
from edunn.arrays import Array


def lines_run(layer: nn.Model, *given_inputs: Array) -> int:
    """Return how many lines of Python a forward and its backward run."""
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    # Whatever is looked up once and kept is looked up before.
    layer.backward(gradient(layer.forward(*given_inputs)))
    before = sys.gettrace()
    # What others left to be collected may run lines of its own.
    gc.collect()
    gc.disable()
    sys.settrace(trace)
    try:
        layer.backward(gradient(layer.forward(*given_inputs)))
    finally:
        sys.settrace(before)
        gc.enable()
    return count


@pytest.mark.parametrize("kind", ALL)
def test_no_python_loops_over_samples(kind: str) -> None:
    few = inputs(kind)
    many = tuple(np.concatenate([x] * 20) for x in few)
    assert lines_run(make(kind), *few) == lines_run(make(kind), *many)


@pytest.mark.parametrize("kind", ["Conv2d", "MaxPool2d", "AvgPool2d", "GELU", "BatchNorm"])
def test_no_python_loops_over_pixels(kind: str) -> None:
    # GELU takes another way where numbers are few.
    small = np.ones((2, 2 if kind == "Conv2d" else 3, 10, 10))
    assert lines_run(make(kind), small) == lines_run(make(kind), np.tile(small, (1, 1, 3, 4)))


@pytest.mark.parametrize(
    "kind", ["Softmax", "CrossEntropyWithLabels", "SequenceCrossEntropyWithLabels"]
)
def test_no_python_loops_over_classes(kind: str) -> None:
    *truth, y = inputs(kind)
    wider = [np.pad(t, ((0, 0), (0, 0), (0, 90))) if t.ndim == 3 else t for t in truth]
    wide = np.pad(y, [(0, 0)] * (y.ndim - 1) + [(0, 90)])
    assert lines_run(make(kind), *truth, y) == lines_run(make(kind), *wider, wide)


def test_the_count_tells_a_loop() -> None:
    # The one loop that there has to be: a recurrent network's over its steps.
    (x,) = inputs("RNN")
    assert lines_run(make("RNN"), x) < lines_run(make("RNN"), np.concatenate([x, x], axis=1))
