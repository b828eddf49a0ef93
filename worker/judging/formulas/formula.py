"""What the formulas of all layers share."""

from __future__ import annotations

from typing import Any, ClassVar

from edunn.model import Model
from worker.judging.challenges import Floats
from worker.judging.rounding import Rounded, exact

Gradients = dict[str, Rounded]
#: The gradient of the input, and those of the parameters.
Passed = tuple[Rounded, Gradients]


class Formula:
    """The two passes of one layer, in arithmetic that carries error bounds.

    A formula is written as a course writes it, not as a program computes it fastest: what is
    wrong with a student's layer is a formula that differs from it in one place.

    Parameters
    ----------
    model : Model
        The layer of the catalogue, with its configuration and its parameters.
    """

    #: The names of the parameters, where all layers of the type have the same.
    parameter_names: ClassVar[tuple[str, ...]] = ()
    #: The layer, loss or optimizer whose formula it is.
    model: Any
    #: How many elements of the last forward were so near a kink or a tie that rounding decides
    #: on which side they are.
    kinks = 0
    #: What a mistaken formula has found in the answer, for the message.
    finding = ""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.parameters = {
            name: exact(value.copy()) for name, value in model.get_parameters().items()
        }
        self.phase = "training"
        self.unit = 2.0**-53

    def setting(self, name: str) -> float:
        """Return a number of the configuration."""
        return float(getattr(self.model, name))

    def compute_in(self, unit: float) -> None:
        """Take it that somebody computes in a dtype of that unit roundoff."""
        self.unit = unit

    def set_phase(self, phase: str) -> None:
        self.phase = phase

    def learn(self, inputs: tuple[Rounded, ...], output: Floats) -> None:
        """Take numbers that only a mistaken layer has from what it answered to a forward.

        It is called before that forward is run. A formula that is right has none to take.
        """

    def forward(self, *inputs: Rounded) -> Rounded:
        raise NotImplementedError

    def backward(self, g: Rounded) -> Passed:
        raise NotImplementedError

    def rejects(self, input_gradient: Floats, g: Rounded) -> str:
        """Return the bug of a gradient that is within its bounds and still wrong; empty if none.

        Where several answers are right the bounds are wide, and this tells what holds of all.
        """
        return ""

    def part(self, name: str) -> Formula:
        """Return the formula of a part, in one that is made of others."""
        raise NotImplementedError


class Elementwise(Formula):
    """A layer whose backward multiplies the output gradient by a slope."""

    x: Rounded
    y: Rounded

    def forward(self, *inputs: Rounded) -> Rounded:
        (self.x,) = inputs
        self.y = self.value(self.x)
        return self.y

    def backward(self, g: Rounded) -> Passed:
        return g * self.slope(), {}

    def value(self, x: Rounded) -> Rounded:
        raise NotImplementedError

    def slope(self) -> Rounded:
        """Return dy/dx at the last input."""
        raise NotImplementedError
