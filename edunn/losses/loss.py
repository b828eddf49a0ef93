"""What all losses share."""

from __future__ import annotations

from typing import ClassVar

from edunn.model import Model


class Loss(Model):
    """Something that compares an output with the truth: ``forward(y_true, y)``.

    `backward` takes the gradient of its own output and returns the gradient with respect to
    `y`, and no parameter gradients.
    """

    input_names: ClassVar[tuple[str, ...]] = ("y_true", "y")
