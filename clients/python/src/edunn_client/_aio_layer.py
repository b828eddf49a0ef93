"""A layer of an asyncio session."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from numpy.typing import ArrayLike

from edunn_client._aio_caller import AsyncCaller
from edunn_client._aio_trainable_layer import AsyncTrainableLayer
from edunn_client._calls import LARGE_BYTES
from edunn_client._descriptions import LayerInfo
from edunn_client._layer_state import ForwardLike, Gradients, OfSession
from edunn_client._outputs import Output
from edunn_client._phase import PhaseLike
from edunn_client._steps import (
    Inputs,
    LossLike,
    MeanLoss,
    OptimizerLike,
    StepCount,
    clear_gradients_call,
    step_call,
    train_step_call,
)
from edunn_client._tensors import Array, sendable
from edunn_client._tracebacks import awaited_ends_in_caller


class AsyncRemoteLayer(AsyncTrainableLayer):
    """A layer that the service computes; see `RemoteLayer`.

    The latest forward belongs to this object: tasks that share one should name their forwards with
    `forward_id`.
    """

    def __init__(self, caller: AsyncCaller, session: OfSession, info: LayerInfo) -> None:
        super().__init__(session, info)
        self._caller = caller

    @awaited_ends_in_caller
    async def forward(
        self,
        *inputs: ArrayLike,
        phase: PhaseLike | None = None,
        forward_id: str | None = None,
        untracked: bool = False,
        timeout: float | None = None,
    ) -> Output:
        """Compute the layer's output; see `RemoteLayer.forward`."""
        await self._send_changed(timeout)
        # Named before anything is awaited: tasks that are started in an order keep it.
        encode = self._name_forward(inputs, phase, forward_id, untracked)
        large = _bytes_of(*inputs) > LARGE_BYTES
        call = await asyncio.to_thread(encode) if large else encode()
        return await self._caller.run(call, timeout)

    @awaited_ends_in_caller
    async def backward(
        self,
        output_gradient: ArrayLike = 1.0,
        *,
        forward_id: ForwardLike | None = None,
        accumulate: bool = False,
        timeout: float | None = None,
    ) -> Gradients:
        """Compute the gradients of this object's latest forward, or of the one named."""
        forward = self._name_of(forward_id)
        call = (
            await asyncio.to_thread(self._backward_call, output_gradient, forward, accumulate)
            if _bytes_of(output_gradient) > LARGE_BYTES
            else self._backward_call(output_gradient, forward, accumulate)
        )
        return await self._caller.run(call, timeout)

    @awaited_ends_in_caller
    async def step(
        self,
        optimizer: OptimizerLike | None = None,
        *,
        step_id: str | None = None,
        timeout: float | None = None,
    ) -> StepCount:
        """Change the parameters by a step on the kept gradients; see `RemoteLayer.step`."""
        await self._send_changed(timeout)
        return await self._caller.run(step_call(self, optimizer, step_id), timeout)

    @awaited_ends_in_caller
    async def train_step(
        self,
        x: Inputs,
        y: ArrayLike,
        loss: LossLike,
        optimizer: OptimizerLike | None = None,
        *,
        step_id: str | None = None,
        timeout: float | None = None,
    ) -> MeanLoss:
        """Run forward, loss, backward and step in one call; see `RemoteLayer.train_step`."""
        await self._send_changed(timeout)
        call = train_step_call(self, x, y, loss, optimizer, step_id)
        return await self._caller.run(call, timeout)

    @awaited_ends_in_caller
    async def clear_gradients(self, *, timeout: float | None = None) -> None:
        """Forget the gradients that the service keeps for the next step."""
        await self._caller.run(clear_gradients_call(self), timeout)

    @awaited_ends_in_caller
    async def get_parameters(self, *, timeout: float | None = None) -> dict[str, Array]:
        """Return what the layer learns and its buffers; see `RemoteLayer.get_parameters`."""
        await self._send_changed(timeout)
        return await self._caller.run(self._get_parameters_call(), timeout)

    @awaited_ends_in_caller
    async def set_parameters(
        self, parameters: Mapping[str, ArrayLike], *, timeout: float | None = None
    ) -> None:
        """Replace parameters or buffers; those left out stay."""
        await self._caller.run(self._set_parameters_call(parameters), timeout)

    @awaited_ends_in_caller
    async def get_buffers(self, *, timeout: float | None = None) -> dict[str, Array]:
        """Return what the layer keeps but does not learn."""
        arrays = await self.get_parameters(timeout=timeout)
        if not arrays:
            return {}
        names = (await self._caller.catalogue(timeout)).buffers_of(self.info)
        return {name: array for name, array in arrays.items() if name in names}

    @awaited_ends_in_caller
    async def set_buffers(
        self, buffers: Mapping[str, ArrayLike], *, timeout: float | None = None
    ) -> None:
        """Replace buffers; those left out stay."""
        await self.set_parameters(buffers, timeout=timeout)


def _bytes_of(*values: ArrayLike) -> int:
    return sum(sendable(value).nbytes for value in values)
