"""The model that Triton serves: a Dropout in NumPy. It runs in Triton's process, not in ours.

The operations are those of `edunn.Dropout` in Training, once for a whole batch. Triton keeps no
state, so the mask is forgotten and no session has a seed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import triton_python_backend_utils as triton


class TritonPythonModel:
    """The class that Triton's Python backend looks for in a model's file."""

    def initialize(self, arguments: dict[str, str]) -> None:
        """Read the probability of the model's configuration."""
        parameters = json.loads(arguments["model_config"])["parameters"]
        self._p = float(parameters["p"]["string_value"])
        self._rng = np.random.default_rng()

    def execute(self, requests: Sequence[Any]) -> list[Any]:
        """Answer the requests of one dynamic batch, each with an input (n, 8, 64)."""
        inputs = [triton.get_input_tensor_by_name(each, "x").as_numpy() for each in requests]
        x = inputs[0] if len(inputs) == 1 else np.concatenate(inputs)
        y = (self._rng.random(x.shape) >= self._p).astype(x.dtype)
        y *= 1 / (1 - self._p)
        y *= x
        ends = np.cumsum([len(each) for each in inputs])
        outputs = np.split(y, ends[:-1])
        return [triton.InferenceResponse([triton.Tensor("y", output)]) for output in outputs]
