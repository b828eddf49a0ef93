"""The asyncio twin of the client: the same calls, to be awaited."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta
from os import PathLike
from types import TracebackType
from typing import Any, Self

import grpc
import grpc.aio
from numpy.typing import ArrayLike

from edunn_client import _calls as calls
from edunn_client._aio_caller import AsyncCaller
from edunn_client._aio_chunked import send
from edunn_client._aio_compute import Operations, compute
from edunn_client._aio_layer import AsyncRemoteLayer
from edunn_client._aio_session import AsyncSession, SessionOpening
from edunn_client._aio_sharing_caller import AsyncSharingCaller
from edunn_client._aio_stream import AsyncStream
from edunn_client._aio_training import AsyncTraining
from edunn_client._channel import Options, TLSLike
from edunn_client._client_state import SLOW_CALL_SECONDS, ClientState
from edunn_client._compute import check_in_flight
from edunn_client._connection import DEFAULT_TIMEOUT
from edunn_client._datasets import NewDataset, delete_dataset, list_datasets
from edunn_client._descriptions import LayerType, Limit, OptimizerType, SessionInfo
from edunn_client._headers import Metadata
from edunn_client._operations import Result
from edunn_client._phase import PhaseLike
from edunn_client._retries import RetryPolicy
from edunn_client._tracebacks import awaited_ends_in_caller
from edunn_client._training_calls import get_training, list_trainings
from edunn_client._training_info import DatasetInfo, TrainingInfo


class AsyncClient(ClientState[AsyncCaller]):
    """A connection for asyncio. The arguments are those of `Client`.

    `token` may be a coroutine function; `interceptors` and `channel` are those of `grpc.aio`, and a
    channel has its interceptors already. A client belongs to the event loop in which its first call
    is made. Cancelling the task that awaits a call cancels the call.
    """

    def __init__(
        self,
        address: str | Sequence[str] | None = None,
        *,
        token: str | Callable[[], str | Awaitable[str]] | None = None,
        tls: TLSLike = None,
        timeout: float = DEFAULT_TIMEOUT,
        retry: RetryPolicy | None = None,
        options: Options | None = None,
        interceptors: Sequence[Any] = (),
        channel: grpc.aio.Channel | None = None,
        compression: grpc.Compression | None = None,
        metadata: Metadata | None = None,
        slow_call: float = SLOW_CALL_SECONDS,
        share_stream: bool = False,
    ) -> None:
        if channel is not None and interceptors:
            raise ValueError("an asyncio channel has its interceptors already")
        make = AsyncSharingCaller if share_stream else AsyncCaller
        super().__init__(
            make(
                address,
                token=token,
                tls=tls,
                timeout=timeout,
                retry=retry,
                options=options,
                interceptors=interceptors,
                channel=channel,
                compression=compression,
                metadata=metadata,
                slow_call=slow_call,
            )
        )

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
        await self._caller.close()

    @awaited_ends_in_caller
    async def layer_types(self, *, timeout: float | None = None) -> tuple[LayerType, ...]:
        """Return the catalogue: the layer types that a session can have."""
        return (await self._caller.catalogue(timeout)).layer_types

    @awaited_ends_in_caller
    async def optimizer_types(self, *, timeout: float | None = None) -> tuple[OptimizerType, ...]:
        """Return the catalogue of optimizers: the types that a step takes."""
        return await self._caller.run(calls.list_optimizer_types(), timeout)

    @awaited_ends_in_caller
    async def limits(self, *, timeout: float | None = None) -> tuple[Limit, ...]:
        """Return how much the caller may do, and how much of it is used. Empty: no limits."""
        return await self._caller.run(calls.get_limits(), timeout)

    @awaited_ends_in_caller
    async def upload_dataset(
        self,
        name: str,
        x: ArrayLike,
        y: ArrayLike,
        *,
        replace: bool = False,
        timeout: float = math.inf,
    ) -> DatasetInfo:
        """Store a data set at the service, for trainings; see `Client.upload_dataset`."""
        dataset = await asyncio.to_thread(NewDataset, name, x, y, replace)
        upload = await asyncio.to_thread(dataset.upload, await self.datasets())
        return await send(self._caller, upload, timeout)

    @awaited_ends_in_caller
    async def datasets(self, *, timeout: float | None = None) -> tuple[DatasetInfo, ...]:
        """Return one's own data sets and those that the service brings."""
        return await self._caller.run(list_datasets(), timeout)

    @awaited_ends_in_caller
    async def delete_dataset(self, name: str, *, timeout: float | None = None) -> None:
        """Remove a data set of one's own."""
        await self._caller.run(delete_dataset(name), timeout)

    @awaited_ends_in_caller
    async def training(self, training_id: str, *, timeout: float | None = None) -> AsyncTraining:
        """Return a training that was started before, here or elsewhere."""
        info = await self._caller.run(get_training(training_id), timeout)
        return AsyncTraining(self._caller, info)

    async def trainings(self, *, timeout: float | None = None) -> AsyncIterator[TrainingInfo]:
        """Yield one's own trainings, the newest first, without the results of their epochs."""
        token = ""
        while True:
            page, token = await self._caller.run(list_trainings(token), timeout)
            for info in page:
                yield info
            if not token:
                return

    @awaited_ends_in_caller
    async def load(
        self,
        path: str | PathLike[str],
        *,
        name: str = "model",
        session: AsyncSession | None = None,
        timeout: float = math.inf,
    ) -> AsyncRemoteLayer:
        """Bring a model file to the service; see `Client.load`."""
        return await (session or await self.session()).load(path, name=name, timeout=timeout)

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
        call = calls.create_session(seed, phase, ttl, session_id)
        return SessionOpening(self._caller, call, timeout)

    @awaited_ends_in_caller
    async def attach(self, session_id: str, *, timeout: float | None = None) -> AsyncSession:
        """Return a session that exists; see `Client.attach`."""
        info = await self._caller.run(calls.get_session(session_id), timeout)
        return AsyncSession(self._caller, info, created=False)

    @awaited_ends_in_caller
    async def get_session(self, session_id: str, *, timeout: float | None = None) -> SessionInfo:
        """Return how a session stands: its layers, phase, seed and expiry."""
        return await self._caller.run(calls.get_session(session_id), timeout)

    def stream(self, *, timeout: float | None = None) -> AsyncStream:
        """Make a Compute stream; `async with` or its first operation opens it.

        See `Client.stream`.
        """
        return AsyncStream(self._caller, self.timeout if timeout is None else timeout)

    def compute(
        self,
        operations: Operations,
        *,
        in_flight: int = 64,
        timeout: float | None = None,
    ) -> AsyncIterator[Result]:
        """Run forwards and backwards through a stream, yielding results as they come.

        At most `in_flight` operations are under way, so `operations` may be endless; see
        `Client.compute`. Where they have to wait for results they are an async iterable.
        """
        check_in_flight(in_flight)
        return compute(self.stream(timeout=timeout), operations, in_flight)
