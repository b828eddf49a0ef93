"""Layers that no catalogue has, and layers within a layer."""

from __future__ import annotations

from typing import Any

import numpy as np
from attempting import Documents, attempted, put
from callers import As
from edunn_client.grading import Verdict

import edunn as nn

CATALOGUE = {"ReLU": nn.ReLU, "TanH": nn.TanH}


class Affine:
    """A layer that no catalogue has, whose parameters the script sets."""

    w: Any = None
    of_w = 1.0

    def forward(self, x: Any) -> Any:
        self.x = x
        return np.tanh(x @ self.w)

    def backward(self, g: Any) -> Any:
        h = g * (1 - np.tanh(self.x @ self.w) ** 2)
        return h @ self.w.T, {"w": self.of_w * self.x.T @ h}


class Halved(Affine):
    of_w = 0.5


def test_gradients_of_an_own_layer_s_parameters_are_judged(as_: As, documents: Documents) -> None:
    check = "{id: own, own: Affine, parameters: {w: [4, 4]}, shapes: [[3, 4]]}"
    name = put(as_, documents(checks=f"  - {check}"))
    assert attempted(as_("ana"), name, {"Affine": Affine}).passed
    (result,) = attempted(as_("ana"), name, {"Affine": Halved}).checks
    assert (result.verdict, result.bug) == (Verdict.FAILED, "gradient-halved")


def test_layers_within_may_be_plain_names(as_: As, documents: Documents) -> None:
    check = "{id: net, layer: Sequential, config: {layers: [ReLU, TanH]}, shapes: [[3, 4]]}"
    name = put(as_, documents(checks=f"  - {check}"))
    assert attempted(as_("ana"), name, {"Sequential": nn.Sequential, **CATALOGUE}).passed
