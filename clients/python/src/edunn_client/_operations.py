"""The operations of a Compute stream, and how they end."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from edunn_client._calls import Call
from edunn_client._deadlines import check_timeout
from edunn_client._errors import EdunnError, cancelled
from edunn_client._layer_state import ForwardLike, Gradients, LayerState
from edunn_client._outputs import Output
from edunn_client._phase import Phase, PhaseLike
from edunn_client._steps import (
    Inputs,
    LossLike,
    MeanLoss,
    OptimizerLike,
    StepCount,
    step_call,
    train_step_call,
)


class Operation(ABC):
    """An operation of a stream: a `Forward`, a `Backward`, a `Step` or a `TrainStep`.

    Its `timeout` are the seconds that it may take from when the service has received it.
    """

    layer: LayerState

    def __init__(self, layer: LayerState, timeout: float | None) -> None:
        self.layer = layer
        self._timeout = None if timeout is None else check_timeout(timeout)

    @abstractmethod
    def _begin(self) -> Call[Any]:
        """Return the call to send, now that it is about to be sent."""


def check_operation(operation: object) -> None:
    """Raise TypeError where a stream is given something else than an operation."""
    if not isinstance(operation, Operation):
        raise TypeError(
            "a stream takes operations (Forward, Backward, Step, TrainStep), "
            f"not {type(operation).__name__}"
        )


class Forward(Operation):
    """A forward for a stream; the arguments are those of `RemoteLayer.forward`."""

    def __init__(
        self,
        layer: LayerState,
        *inputs: ArrayLike,
        phase: PhaseLike | None = None,
        forward_id: str | None = None,
        untracked: bool = False,
        timeout: float | None = None,
    ) -> None:
        super().__init__(layer, timeout)
        self._inputs = inputs
        self._phase = None if phase is None else Phase.of(phase)
        self._forward_id = forward_id
        self._untracked = untracked
        self._sent_id = ""

    def __repr__(self) -> str:
        named = {
            "phase": self._phase and self._phase.value,
            "forward_id": self._forward_id,
            "untracked": self._untracked or None,
            "timeout": self._timeout,
        }
        return _described("Forward", self.layer, *self._inputs, **named)

    @property
    def forward_id(self) -> str:
        """Its name, once it has been submitted; empty before, and of an untracked one."""
        return self._sent_id

    def _begin(self) -> Call[Output]:
        """Number the forward and make it the layer's latest, now that it is about to be sent."""
        call = self.layer._begin_forward(
            self._inputs, self._phase, self._forward_id, self._untracked
        )
        self._sent_id = "" if self._untracked else self.layer.forward_id
        return call


class Backward(Operation):
    """A backward for a stream; the arguments are those of `RemoteLayer.backward`.

    It belongs to the layer's latest forward at the moment at which it is sent.
    """

    def __init__(
        self,
        layer: LayerState,
        output_gradient: ArrayLike = 1.0,
        *,
        forward_id: ForwardLike | None = None,
        accumulate: bool = False,
        timeout: float | None = None,
    ) -> None:
        super().__init__(layer, timeout)
        self._output_gradient = output_gradient
        self._forward_id = forward_id
        self._accumulate = accumulate

    def __repr__(self) -> str:
        forward = self._forward_id
        name = forward if forward is None or isinstance(forward, str) else forward.forward_id
        named = {
            "forward_id": name,
            "accumulate": self._accumulate or None,
            "timeout": self._timeout,
        }
        return _described("Backward", self.layer, self._output_gradient, **named)

    def _begin(self) -> Call[Gradients]:
        return self.layer._backward_call(self._output_gradient, self._forward_id, self._accumulate)


class Step(Operation):
    """A step for a stream; the arguments are those of `RemoteLayer.step`."""

    def __init__(
        self,
        layer: LayerState,
        optimizer: OptimizerLike | None = None,
        *,
        step_id: str | None = None,
        timeout: float | None = None,
    ) -> None:
        super().__init__(layer, timeout)
        self._optimizer = optimizer
        self._step_id = step_id

    def __repr__(self) -> str:
        named = {
            "optimizer": self._optimizer,
            "step_id": self._step_id,
            "timeout": self._timeout,
        }
        return _described("Step", self.layer, **named)

    def _begin(self) -> Call[StepCount]:
        self.layer._refuse_changed()
        return step_call(self.layer, self._optimizer, self._step_id)


class TrainStep(Operation):
    """A training step for a stream; the arguments are those of `RemoteLayer.train_step`."""

    def __init__(
        self,
        layer: LayerState,
        x: Inputs,
        y: ArrayLike,
        loss: LossLike,
        optimizer: OptimizerLike | None = None,
        *,
        step_id: str | None = None,
        timeout: float | None = None,
    ) -> None:
        super().__init__(layer, timeout)
        self._x, self._y = x, y
        self._loss = loss
        self._optimizer = optimizer
        self._step_id = step_id

    def __repr__(self) -> str:
        inputs = self._x if isinstance(self._x, tuple) else (self._x,)
        named = {
            "optimizer": self._optimizer,
            "step_id": self._step_id,
            "timeout": self._timeout,
        }
        return _described("TrainStep", self.layer, *inputs, self._y, **named)

    def _begin(self) -> Call[MeanLoss]:
        self.layer._refuse_changed()
        return train_step_call(
            self.layer, self._x, self._y, self._loss, self._optimizer, self._step_id
        )


@dataclass(frozen=True)
class Result:
    """How an operation of `compute` ended: with a value or with an error."""

    operation: Operation
    value: Any = None
    """What the layer's own method would have returned; None if there is an error."""
    error: EdunnError | None = None

    def __repr__(self) -> str:
        if self.error is not None:
            return f"Result({self.operation!r}, error={self.error})"
        value = self.value
        if isinstance(value, tuple):
            gradient, by_name = value
            parts = [_shape(gradient), *(f"{name}: {_shape(g)}" for name, g in by_name.items())]
            return f"Result({self.operation!r}, value=({', '.join(parts)}))"
        return f"Result({self.operation!r}, value={_shape(value)})"

    @property
    def forward_id(self) -> str:
        """The name of a forward that went well; empty of anything else."""
        return getattr(self.value, "forward_id", "")


def _described(kind: str, layer: LayerState, *arrays: ArrayLike, **named: object) -> str:
    given = [f"{name}={value!r}" for name, value in named.items() if value is not None]
    return f"{kind}({', '.join([repr(layer.name), *map(_shape, arrays), *given])})"


def _shape(value: ArrayLike) -> str:
    array = np.asarray(value)
    sizes = " x ".join(map(str, array.shape))
    return f"{array.dtype} {sizes}" if sizes else f"{array.dtype} number"


def result_of(operation: Operation, future: Any) -> Result:
    """Return how the done future of an operation ended, of either kind of future."""
    if future.cancelled():
        return Result(operation, error=cancelled())
    error = future.exception()
    if error is None:
        return Result(operation, future.result())
    return Result(operation, error=error)
