"""The batch shapes that a layer, loss or optimizer is given where a check names none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import edunn as nn
from edunn.estimate import FLOAT64, INT64, ArraySpec
from edunn.losses.loss import Loss
from edunn.model import Model, Phase
from worker.judging.challenges import ChallengeError

Shape = tuple[int, ...]
Shapes = tuple[Shape, ...]

# Odd sizes, and a batch of one.
_PLAIN: Shapes = ((7, 5), (1, 3))


def default_shapes(model: Model) -> Shapes:
    """Return batch shapes that a layer or loss can bear; of a loss, those of its second input."""
    if isinstance(model, nn.MeanError):
        return default_shapes(model.sample_error_layer)
    if isinstance(model, nn.CrossEntropyWithLabels):
        return ((7, 5), (1, 2))
    if isinstance(model, nn.BinaryCrossEntropy):
        return ((9, 1), (1, 1))
    if isinstance(model, nn.SequenceCrossEntropyWithLabels):
        return ((3, 5, 4), (1, 1, 3))
    for shapes in _candidates(model):
        if all(bears(model, shape) for shape in shapes):
            return shapes
    raise ChallengeError(f"{model.label} takes none of the usual shapes: name some in `shapes`")


def bears(model: Model, shape: Shape) -> bool:
    """Tell whether a layer takes inputs of a shape, in the phase that asks most of them."""
    if isinstance(model, Loss):
        return True
    model.set_phase(Phase.Training)
    try:
        model.estimate(ArraySpec(shape, FLOAT64))
    except (nn.LayerError, MemoryError):
        return False
    return True


def work_of(model: Model, shape: Shape) -> int:
    """Return the work of a forward and a backward, in the units of `edunn.estimate`."""
    y = ArraySpec(shape, FLOAT64)
    if isinstance(model, nn.MeanError):
        return work_of(model.sample_error_layer, shape)
    inputs: tuple[ArraySpec, ...]
    if isinstance(model, nn.CrossEntropyWithLabels | nn.BinaryCrossEntropy):
        inputs = (ArraySpec(shape[:1], INT64), y)
    else:
        inputs = (y, y) if isinstance(model, Loss) else (y,)
    model.set_phase(Phase.Training)
    estimate = model.estimate(*inputs)
    return estimate.forward.work + estimate.backward.work


def _candidates(model: Any) -> Sequence[Shapes]:
    """Return shapes for the first layer that says how many features it takes."""
    first = next(_leaves(model), None)
    if isinstance(first, nn.Linear | nn.Dense):
        return [((7, first.input_size), (1, first.input_size))]
    if isinstance(first, nn.Bias):
        return [((7, first.output_size), (1, first.output_size))]
    if isinstance(first, nn.BatchNorm):
        features = first.num_features
        return [
            ((16, features), (5, features), (2, features)),
            ((4, features, 5, 4), (1, features, 3, 5)),
        ]
    if isinstance(first, nn.Conv2d):
        (height, width), channels = first.kernel_size, first.in_channels
        down, right = first.stride
        # Pixels are left over where the stride is longer than one.
        tall, wide = 4 * down + (down > 1), 5 * right + (right > 1)
        odd = (3, channels, height + tall, width + wide), (1, channels, height + 1, width)
        return [odd, *_images(channels)]
    if isinstance(first, nn.MaxPool2d | nn.AvgPool2d):
        (height, width), (down, right) = first.kernel_size, first.stride
        odd = (2, 3, height + 2 * down + 1, width + 3 * right), (1, 1, height, width)
        return [odd, *_images(1), *_images(3)]
    if isinstance(first, nn.RNN):
        return [((4, 6, first.input_dim), (1, 1, first.input_dim))]
    if isinstance(first, nn.Flatten):
        return [((3, 2, 4, 5), (1, 3)), *_behind(model)]
    return [_PLAIN, *_behind(model)]


def _behind(model: Any) -> list[Shapes]:
    """Return shapes for a network whose first layers take any."""
    sizes: list[int] = []
    for leaf in _leaves(model):
        for name in ("input_size", "num_features", "output_size"):
            if hasattr(leaf, name):
                sizes.append(int(getattr(leaf, name)))
    return [*(((7, size), (2, size)) for size in sizes), *_images(1), *_images(3)]


def _images(channels: int) -> list[Shapes]:
    """Return shapes of square images of the usual sizes."""
    return [((2, channels, size, size), (1, channels, size, size)) for size in (8, 16, 28, 32)]


def _leaves(model: Any) -> Any:
    if isinstance(model, nn.Sequential):
        for layer in model.layers:
            yield from _leaves(layer)
    else:
        yield model
