"""Assignments for every layer, loss, optimizer and initializer, to begin with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple


class _Entry(NamedTuple):
    """A check of an assignment."""

    check_id: str
    title: str
    config: dict[str, Any] = {}  # noqa: RUF012  # never changed
    # Further fields of the check.
    more: dict[str, Any] = {}  # noqa: RUF012


_BOTH = {"dtypes": ["float32", "float64"]}
_SIZES = {"input_size": 4, "output_size": 3}


def _one(config: dict[str, Any] | None = None, title: str = "values and gradients") -> list[_Entry]:
    return [_Entry("values", title, config or {}, _BOTH)]


_NETWORK = {
    "layers": [
        {"type": "Linear", "config": {"input_size": 4, "output_size": 5}},
        {"type": "TanH"},
        {"type": "Linear", "config": {"input_size": 5, "output_size": 2}},
    ]
}
_CHECKS: dict[str, dict[str, Sequence[_Entry]]] = {
    "layer": {
        "AddConstant": _one({"value": 2.5}),
        "AvgPool2d": [
            _Entry("windows", "windows side by side", {"kernel_size": 2}, _BOTH),
            _Entry("overlap", "windows that overlap", {"kernel_size": 3, "stride": 1}),
        ],
        "BatchNorm": [
            _Entry("batches", "several batches, then the test phase", {"num_features": 4}, _BOTH)
        ],
        "Bias": _one({"output_size": 4}),
        "Conv2d": [
            _Entry("plain", "no padding",
                   {"in_channels": 2, "out_channels": 3, "kernel_size": 3}, _BOTH),
        ],
        "Dense": [
            _Entry("identity", "without an activation", _SIZES, _BOTH),
            _Entry("relu", "with ReLU", {**_SIZES, "activation_name": "relu"},
                   {"depends_on": ["identity"]}),
        ],
        "Dropout": [
            _Entry("half", "p = 0.5", {"p": 0.5}, {"points": 3}),
            _Entry("fifth", "p = 0.2, float32", {"p": 0.2}, {"points": 2, "dtypes": ["float32"]}),
            _Entry("none", "p = 0 drops nothing", {"p": 0.0}),
        ],
        "Flatten": _one(),
        "GELU": _one(),
        "Identity": _one(),
        "Linear": _one(_SIZES),
        "LinearRegression": _one(_SIZES),
        "LogisticRegression": _one(_SIZES),
        "MaxPool2d": [
            _Entry("windows", "windows side by side", {"kernel_size": 2}, _BOTH),
            _Entry("overlap", "windows that overlap", {"kernel_size": 3, "stride": 1}),
        ],
        "MultiplyConstant": _one({"value": 2.5}),
        "ReLU": _one(),
        "RNN": _one({"input_dim": 3, "hidden_dim": 4, "output_dim": 2}, "a sequence in time"),
        "Sequential": _one(_NETWORK, "a whole model"),
        "Sigmoid": _one(title="small and large numbers"),
        "Softmax": _one(title="small and large scores"),
        "TanH": _one(title="small and large numbers"),
    },
    "loss": {
        "BinaryCrossEntropy": _one(),
        "CrossEntropyWithLabels": _one(),
        "MeanError": _one({"sample_error": {"type": "SquaredError"}}),
        "SequenceCrossEntropyWithLabels": _one(),
        "SquaredError": _one(),
    },
    "optimizer": {
        "Adam": _one({"lr": 0.01}, "several steps"),
        "GradientDescent": _one({"lr": 0.1}, "several steps"),
        "MomentumGD": _one({"lr": 0.1, "gamma": 0.9}, "several steps"),
        "NesterovMomentumGD": _one({"lr": 0.1, "gamma": 0.9}, "several steps"),
        "RMSprop": _one({"lr": 0.01, "beta": 0.9}, "several steps"),
        "SignGD": _one({"lr": 0.01}, "several steps"),
    },
    "initializer": {},
}  # fmt: skip

NAMES = sorted(name for types in _CHECKS.values() for name in types)

_HEAD = """\
# Put it with `edunn grading put FILE`. docs/grading.md explains every field.
course: {course}
assignment: {assignment}
title: {title}
# Times that name no zone are of this one.
time_zone: UTC
# opens: 2030-03-01 08:00:00
# due: 2030-03-15 23:59:00
# late: {{penalty_per_day: 0.1, days: 3}}
attempts: {{rate: 20, every: 1h, expire_after: 1h}}
# How much a student is told: verdict, bug, error or expected.
feedback: error
checks:
"""


def assignment_text(type_name: str, course: str) -> str:
    """Return a YAML document for a type of the catalogue."""
    kind = next(kind for kind, types in _CHECKS.items() if type_name in types)
    text = _HEAD.format(course=course, assignment=f"{type_name.lower()}-1", title=type_name)
    for entry in _CHECKS[kind][type_name]:
        lines = {
            "id": entry.check_id,
            "title": f"{type_name}: {entry.title}",
            kind: type_name,
            **({"config": entry.config} if entry.config else {}),
            **entry.more,
        }
        # JSON is YAML.
        body = [f"{name}: {json.dumps(value)}" for name, value in lines.items()]
        text += "  - " + "\n    ".join(body) + "\n"
    return text
