"""The Celery application of a worker with one more layer, which sleeps: for `bench/scaling.py`.

A layer that sleeps takes a worker's time but no core. So there may be more workers than cores.
"""

from __future__ import annotations

import time
from typing import Annotated

from edunn import catalogue
from edunn.arrays import FloatArray
from edunn.estimate import ArraySpec, Estimate
from edunn.fields import Field
from edunn.layers.constants import Identity
from edunn.model import ParameterSet
from worker.celery import app as app


class Sleep(Identity):
    """Give back a copy of the input, after a while.

    Parameters
    ----------
    seconds : float
        How long a forward sleeps.
    """

    def __init__(
        self,
        seconds: Annotated[float, Field("how long a forward sleeps", minimum=0.0)] = 0.005,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.seconds = seconds

    def forward(self, x: FloatArray) -> FloatArray:
        time.sleep(self.seconds)
        return super().forward(x)

    def backward(self, δEδy: FloatArray) -> tuple[FloatArray, ParameterSet]:  # noqa: N803
        return super().backward(δEδy)

    def estimate(self, x: ArraySpec) -> Estimate:
        return super().estimate(x)


catalogue.LAYER_TYPES["Sleep"] = catalogue.told(Sleep)
