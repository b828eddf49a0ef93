"""The layer, loss, optimizer or initializer that a check is about, built from the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

import edunn as nn
from edunn.catalogue import LAYER_TYPES, build
from edunn.composite import walk
from edunn.errors import LayerError
from edunn.fields import rules
from edunn.initializers import INITIALIZER_TYPES, Initializer
from edunn.losses.loss import Loss
from edunn.model import Model
from edunn.optimizers.optimizer import BatchedGradientOptimizer
from edunn.parameter_memory import TooLargeError
from edunn_serving.assignments import Check
from worker.judging.challenges import ChallengeError

#: The optimizers by type name.
OPTIMIZER_TYPES: dict[str, type[BatchedGradientOptimizer]] = {
    kind.__name__: kind
    for kind in (
        nn.GradientDescent,
        nn.MomentumGD,
        nn.NesterovMomentumGD,
        nn.RMSprop,
        nn.Adam,
        nn.SignGD,
    )
}

_LAYER_FIELDS = ("layer", "layers")
_MAX_PARAMETER_BYTES = 64 * 2**20


def model_of(check: Check) -> Model:
    """Build the layer or loss of a check, its parameters at zero.

    Raises
    ------
    ChallengeError
        If there is no such type, or its configuration will not do.
    """
    try:
        model = build(check.type, dict(check.config), blank=True, max_bytes=_MAX_PARAMETER_BYTES)
    except (LayerError, TooLargeError) as error:
        raise ChallengeError(str(error)) from None
    if isinstance(model, Loss) != (check.kind == "loss"):
        raise ChallengeError(f"{check.type} is no {check.kind}")
    return model


def spelt_out(kind: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a layer's configuration in which layers within are objects, and not names alone.

    A grader may write the name of a type alone. A program that knows no layer's fields could not
    tell it from another text.
    """
    known = LAYER_TYPES.get(kind)
    fields = {} if known is None else rules(known)
    return {
        name: _spelt_out(value)
        if name in fields and fields[name].description.type in _LAYER_FIELDS
        else value
        for name, value in config.items()
    }


def _spelt_out(entry: Any) -> Any:
    if isinstance(entry, str):
        return {"type": entry}
    if isinstance(entry, list):
        return [_spelt_out(item) for item in entry]
    if isinstance(entry, Mapping) and isinstance(entry.get("config"), Mapping):
        return {**entry, "config": spelt_out(str(entry.get("type")), entry["config"])}
    return entry


def optimizer_of(check: Check) -> BatchedGradientOptimizer:
    """Build the optimizer of a check; raises a ChallengeError as `model_of` does."""
    kind = OPTIMIZER_TYPES.get(check.type)
    if kind is None:
        raise ChallengeError(f"{check.type} is none of {', '.join(OPTIMIZER_TYPES)}")
    config: dict[str, Any] = {"batch_size": 1, "epochs": 1, **check.config}
    if isinstance(config.get("betas"), list):
        config["betas"] = tuple(config["betas"])
    try:
        return kind(**config)
    except (LayerError, TypeError) as error:
        raise ChallengeError(str(error)) from None


def initializer_of(check: Check) -> Initializer:
    """Build the initializer of a check; raises a ChallengeError as `model_of` does."""
    kind: Any = INITIALIZER_TYPES.get(check.type)
    if kind is None:
        raise ChallengeError(f"{check.type} is none of {', '.join(INITIALIZER_TYPES)}")
    try:
        made: Initializer = kind(**check.config)
    except (LayerError, TypeError) as error:
        raise ChallengeError(str(error)) from None
    return made


def has_dropout(model: Model) -> bool:
    """Tell whether its training phase depends on a generator."""
    return any(isinstance(part, nn.Dropout) and part.p > 0 for part in walk(model))


def depends_on_phase(model: Model) -> bool:
    """Tell whether the two phases differ."""
    return any(isinstance(part, nn.Dropout | nn.BatchNorm) for part in walk(model))


def floats(values: Any, dtype: str) -> Any:
    # Not `ascontiguousarray`, which makes one axis of none.
    return np.array(values, dtype=dtype, order="C")
