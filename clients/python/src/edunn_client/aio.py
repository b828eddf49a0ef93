"""The asyncio twin of the client: the same calls, to be awaited."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Generator, Iterable, Mapping
from datetime import timedelta
from types import TracebackType
from typing import Any, ClassVar, Self, TypeVar

import grpc
import grpc.aio
from numpy.typing import ArrayLike

from edunn_client import calls
from edunn_client.aio_stream import AsyncStream, compute
from edunn_client.calls import Call
from edunn_client.catalogue import Catalogue
from edunn_client.compute import Operation, Result
from edunn_client.connection import Connection
from edunn_client.descriptions import LayerInfo, LayerType, SessionInfo
from edunn_client.errors import EdunnError, NotFoundError
from edunn_client.phase import PhaseLike
from edunn_client.state import Gradients, LayerState, SessionState
from edunn_client.tensors import Array

Answer = TypeVar("Answer")


class AsyncClient(Connection):
    """A connection for asyncio. The arguments are those of `Connection`.

    It belongs to the event loop in which its first call is made. Cancelling the task that awaits a
    call cancels the call.
    """

    _grpc: ClassVar[Any] = grpc.aio

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection; calls under way in other tasks are cancelled."""
        channel = self._take_channel()
        if channel is not None:
            await channel.close()

    async def layer_types(self, *, timeout: float | None = None) -> tuple[LayerType, ...]:
        """Return the catalogue: the layer types that a session can have."""
        return (await self._get_catalogue(timeout)).layer_types

    def session(
        self,
        seed: int | None = None,
        phase: PhaseLike | None = None,
        ttl: float | timedelta | None = None,
        session_id: str | None = None,
        *,
        timeout: float | None = None,
    ) -> SessionOpening:
        """Create a session: `async with client.session() as session`, or `await` it.

        The arguments are those of `Client.session`.
        """
        return SessionOpening(self, calls.create_session(seed, phase, ttl, session_id), timeout)

    async def attach(self, session_id: str, *, timeout: float | None = None) -> AsyncSession:
        """Return a session that exists; see `Client.attach`."""
        return AsyncSession(self, await self.get_session(session_id, timeout=timeout), False)

    async def get_session(self, session_id: str, *, timeout: float | None = None) -> SessionInfo:
        """Return how a session stands: its layers, phase, seed and expiry."""
        return await self._run(calls.get_session(session_id), timeout)

    def stream(self, *, timeout: float | None = None) -> AsyncStream:
        """Make a Compute stream, to be opened by `async with`; see `Client.stream`."""
        return AsyncStream(
            lambda: self._method("Compute")(metadata=self._metadata),
            self.timeout if timeout is None else timeout,
        )

    def compute(
        self,
        operations: Iterable[Operation] | AsyncIterable[Operation],
        *,
        in_flight: int = 64,
        timeout: float | None = None,
    ) -> AsyncIterator[Result]:
        """Run forwards and backwards through a stream, yielding results as they come.

        At most `in_flight` operations are under way, so `operations` may be endless; see
        `Client.compute`.
        """
        return compute(self.stream(timeout=timeout), operations, in_flight)

    async def _get_catalogue(self, timeout: float | None) -> Catalogue:
        if self._catalogue is None:
            self._catalogue = Catalogue(await self._run(calls.list_layer_types(), timeout))
        return self._catalogue

    async def _run(self, call: Call[Answer], timeout: float | None) -> Answer:
        attempts = self._attempts(call, timeout)
        method = self._method(call.method)
        while True:
            try:
                reply = await method(
                    call.request, timeout=attempts.time_left(), metadata=self._metadata
                )
            except grpc.RpcError as failure:
                await asyncio.sleep(attempts.pause_after(failure))
            else:
                return call.decode(reply)


class SessionOpening:
    """A session about to be created, by `await` or by `async with`."""

    def __init__(self, client: AsyncClient, call: Call[SessionInfo], timeout: float | None) -> None:
        self._client = client
        self._call = call
        self._timeout = timeout

    def __await__(self) -> Generator[Any, None, AsyncSession]:
        return self._create().__await__()

    async def __aenter__(self) -> AsyncSession:
        self._session = await self._create()
        return self._session

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.__aexit__(kind, error, trace)

    async def _create(self) -> AsyncSession:
        info = await self._client._run(self._call, self._timeout)
        return AsyncSession(self._client, info, True)


class AsyncSession(SessionState):
    """A session; see `Session`."""

    def __init__(self, client: AsyncClient, info: SessionInfo, created: bool) -> None:
        super().__init__(info, created)
        self._client = client
        self._created = created
        self.layers: dict[str, AsyncRemoteLayer] = {
            layer.name: AsyncRemoteLayer(client, self, layer) for layer in info.layers
        }

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._created:
            return
        try:
            await self.delete()
        except EdunnError:
            # The error that ended the block says more; the session ends with its ttl.
            if error is None:
                raise

    async def layer(
        self,
        name: str,
        layer_type: str,
        /,
        *,
        parameters: Mapping[str, ArrayLike] | None = None,
        timeout: float | None = None,
        **config: Any,
    ) -> AsyncRemoteLayer:
        """Add a layer to the session; see `Session.layer`."""
        call = calls.add_layer(self.session_id, name, layer_type, config, parameters or {})
        layer = AsyncRemoteLayer(self._client, self, await self._client._run(call, timeout))
        self.layers[name] = layer
        return layer

    async def refresh(self, *, timeout: float | None = None) -> SessionInfo:
        """Ask the service how the session stands; layers that others have added become known."""
        info = await self._client._run(calls.get_session(self.session_id), timeout)
        self.info = info
        for layer in info.layers:
            self.layers.setdefault(layer.name, AsyncRemoteLayer(self._client, self, layer))
        return info

    async def delete(self, *, timeout: float | None = None) -> None:
        """End the session, whoever created it. One that has already ended is no error."""
        try:
            await self._client._run(calls.delete_session(self.session_id), timeout)
        except NotFoundError:
            return


class AsyncRemoteLayer(LayerState):
    """A layer that the service computes; see `RemoteLayer`.

    The latest forward belongs to this object: tasks that share one should name their forwards with
    `forward_id`.
    """

    def __init__(self, client: AsyncClient, session: AsyncSession, info: LayerInfo) -> None:
        super().__init__(session, info)
        self._client = client

    async def forward(
        self,
        *inputs: ArrayLike,
        phase: PhaseLike | None = None,
        forward_id: str | None = None,
        untracked: bool = False,
        timeout: float | None = None,
    ) -> Array:
        """Compute the layer's output; see `RemoteLayer.forward`."""
        await self._send_changed_parameters(timeout)
        call = self._forward_call(inputs, phase, forward_id, untracked)
        return await self._client._run(call, timeout)

    async def backward(
        self,
        output_gradient: ArrayLike,
        *,
        forward_id: str | None = None,
        timeout: float | None = None,
    ) -> Gradients:
        """Compute the gradients of the latest forward, or of the one named."""
        return await self._client._run(self._backward_call(output_gradient, forward_id), timeout)

    async def get_parameters(self, *, timeout: float | None = None) -> dict[str, Array]:
        """Return what the layer learns, by name; see `RemoteLayer.get_parameters`."""
        return await self._get_arrays(timeout, buffers=False)

    async def set_parameters(
        self, parameters: Mapping[str, ArrayLike], *, timeout: float | None = None
    ) -> None:
        """Replace parameters or buffers; those left out stay."""
        await self._client._run(self._set_parameters_call(parameters), timeout)

    async def get_buffers(self, *, timeout: float | None = None) -> dict[str, Array]:
        """Return what the layer keeps but does not learn."""
        return await self._get_arrays(timeout, buffers=True)

    async def set_buffers(
        self, buffers: Mapping[str, ArrayLike], *, timeout: float | None = None
    ) -> None:
        """Replace buffers; those left out stay."""
        await self.set_parameters(buffers, timeout=timeout)

    async def _get_arrays(self, timeout: float | None, buffers: bool) -> dict[str, Array]:
        await self._send_changed_parameters(timeout)
        fetched = await self._client._run(self._get_parameters_call(), timeout)
        arrays = self._take(fetched)
        if not arrays:
            return {}
        kept = (await self._client._get_catalogue(timeout)).buffers_of(self.info)
        return {name: array for name, array in arrays.items() if (name in kept) is buffers}

    async def _send_changed_parameters(self, timeout: float | None) -> None:
        changed = self._changed_parameters()
        if changed:
            await self._client._run(self._set_parameters_call(changed), timeout)
