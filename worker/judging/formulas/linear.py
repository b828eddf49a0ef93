"""Formulas of linear maps, and of layers one after another."""

from __future__ import annotations

from typing import Any

from worker.judging.formulas.formula import Formula, Gradients, Passed
from worker.judging.rounding import Rounded


class Linear(Formula):
    parameter_names = ("w",)
    x: Rounded

    def forward(self, *inputs: Rounded) -> Rounded:
        (self.x,) = inputs
        return self.x @ self.parameters["w"]

    def backward(self, g: Rounded) -> Passed:
        return g @ self.parameters["w"].T, {"w": self.x.T @ g}


class Bias(Formula):
    parameter_names = ("b",)

    def forward(self, *inputs: Rounded) -> Rounded:
        return inputs[0] + self.parameters["b"]

    def backward(self, g: Rounded) -> Passed:
        return g, {"b": g.sum(axis=0)}


class Chain(Formula):
    """Layers that run one after another, each by its formula."""

    def __init__(self, model: Any, parts: dict[str, Formula]) -> None:
        super().__init__(model)
        self.parts = parts

    def compute_in(self, unit: float) -> None:
        super().compute_in(unit)
        for part in self.parts.values():
            part.compute_in(unit)

    def set_phase(self, phase: str) -> None:
        super().set_phase(phase)
        for part in self.parts.values():
            part.set_phase(phase)

    def forward(self, *inputs: Rounded) -> Rounded:
        (y,) = inputs
        for part in self.parts.values():
            y = part.forward(y)
        self.kinks = sum(part.kinks for part in self.parts.values())
        return y

    def backward(self, g: Rounded) -> Passed:
        gradients: Gradients = {}
        for name, part in reversed(self.parts.items()):
            g, of_part = part.backward(g)
            gradients.update(self.named(name, of_part))
        return g, gradients

    def part(self, name: str) -> Formula:
        return self.parts[name]

    def named(self, part: str, gradients: Gradients) -> Gradients:
        """Return the gradients of a part under the names that they have in the chain."""
        return {f"{part}({name})": gradient for name, gradient in gradients.items()}


class Dense(Chain):
    """A linear map, a bias and an activation, whose parameters are called `w` and `b`."""

    parameter_names = ("w", "b")

    def named(self, part: str, gradients: Gradients) -> Gradients:
        return gradients
