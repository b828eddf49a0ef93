"""Steps of an optimizer on a layer's parameters, for the sync and the asyncio client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from numpy.typing import ArrayLike

from edunn_client._calls import Call
from edunn_client._config import encode_config
from edunn_client._layer_config import OptimizerConfig
from edunn_client._layer_state import LayerState
from edunn_client._stubs import optimizer_pb2, step_pb2
from edunn_client._tensors import sendable
from edunn_client._wire import with_tensors


class LocalOptimizer(Protocol):
    """An optimizer of edunn as a value, such as `nn.Adam(lr=0.01)`: its type is its class."""

    @property
    def config(self) -> dict[str, Any]: ...


# A typed configuration, a local optimizer, or the name of a type with its defaults.
OptimizerLike = OptimizerConfig | LocalOptimizer | str
# One input, or several in a tuple.
Inputs = ArrayLike | tuple[ArrayLike, ...]
LossLike = LayerState | str


class StepCount(int):
    """The steps of a layer so far, as a number that knows the latest step's name."""

    step_id: str = ""

    @property
    def steps(self) -> int:
        """The number itself."""
        return int(self)


class MeanLoss(float):
    """The mean of the samples' losses before a step, as a number that knows the step."""

    step_id: str = ""
    steps: int = 0
    """The steps of the layer so far, this one included."""

    @property
    def loss(self) -> float:
        """The number itself."""
        return float(self)


def step_call(
    layer: LayerState, optimizer: OptimizerLike | None, step_id: str | None
) -> Call[StepCount]:
    """Return the call of one step on the kept gradients."""
    name = _name_of_step(layer, step_id)
    request = step_pb2.StepRequest(
        session_id=layer.session_id,
        layer=layer.name,
        optimizer=encode_optimizer(optimizer),
        step_id=name,
    )
    layer._note_step()

    def decode(reply: step_pb2.StepResponse) -> StepCount:
        steps = StepCount(reply.steps)
        steps.step_id = reply.step_id
        return steps

    return Call("Step", request, decode, repeatable=bool(name))


def train_step_call(
    layer: LayerState,
    x: Inputs,
    y: ArrayLike,
    loss: LossLike,
    optimizer: OptimizerLike | None,
    step_id: str | None,
) -> Call[MeanLoss]:
    """Return the call of forward, loss, backward and step in one."""
    inputs = [sendable(each) for each in (x if isinstance(x, tuple) else (x,))]
    target = sendable(y)
    name = _name_of_step(layer, step_id)
    message = step_pb2.TrainStepRequest(
        session_id=layer.session_id,
        layer=layer.name,
        loss=loss if isinstance(loss, str) else loss.name,
        optimizer=encode_optimizer(optimizer),
        step_id=name,
    )
    request = with_tensors(message, [*(("inputs", each) for each in inputs), ("target", target)])
    layer._note_step()

    def decode(reply: step_pb2.TrainStepResponse) -> MeanLoss:
        mean = MeanLoss(reply.loss)
        mean.step_id, mean.steps = reply.step_id, reply.steps
        return mean

    return Call("TrainStep", request, decode, repeatable=bool(name))


def clear_gradients_call(layer: LayerState) -> Call[None]:
    """Return the call that forgets the kept gradients."""
    request = step_pb2.ClearGradientsRequest(session_id=layer.session_id, layer=layer.name)
    return Call("ClearGradients", request, lambda _: None, repeatable=True)


def encode_optimizer(optimizer: OptimizerLike | None) -> optimizer_pb2.OptimizerSpec | None:
    """Return an optimizer as the service takes it; None means the layer's last one.

    Raises
    ------
    TypeError
        It is no optimizer.
    """
    config: Any
    match optimizer:
        case None:
            return None
        case str():
            kind, config = optimizer, {}
        case OptimizerConfig():
            kind, config = optimizer.type, optimizer.config()
        case _:
            kind, config = type(optimizer).__name__, getattr(optimizer, "config", None)
    if not isinstance(config, Mapping):
        raise TypeError(
            f"expected an optimizer such as optimizers.Adam(lr=0.01), got {optimizer!r}"
        )
    return optimizer_pb2.OptimizerSpec(type=kind, config=encode_config(config))


def _name_of_step(layer: LayerState, step_id: str | None) -> str:
    if layer.frozen:
        raise ValueError(f"layer {layer.name!r} is frozen, so it takes no step")
    return layer._next_name() if step_id is None else step_id
