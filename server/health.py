"""Health: SERVING while Redis answers, at least one worker lives, and batches come back.

A service with workers of its own needs one of them too.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from functools import partial

from google.protobuf.message import DecodeError
from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from edunn_serving.errors import Reason, ServiceError, invalid_argument, quoted
from server.call import EOF, Call, Read, StreamMethod, UnaryMethod
from server.dispatcher import Dispatcher

WATCH_SECONDS = 0.1

SERVING: int = HealthCheckResponse.SERVING
NOT_SERVING: int = HealthCheckResponse.NOT_SERVING
SERVICE_UNKNOWN: int = HealthCheckResponse.SERVICE_UNKNOWN


class Health:
    """gRPC's health service, for a server and each of its services."""

    descriptor = health_pb2.DESCRIPTOR.services_by_name["Health"]

    def __init__(
        self, services: Iterable[str], conditions: Mapping[str, Callable[[], bool]]
    ) -> None:
        # The empty name is the server's own.
        self._statuses = dict.fromkeys(("", *services), NOT_SERVING)
        # What must hold besides for a service, by its name.
        self._conditions = conditions
        self._is_stopping = False
        self._changed = asyncio.Condition()

    def unary_methods(self) -> Mapping[str, UnaryMethod]:
        """Return Check."""
        return {"Check": self._check}

    def stream_methods(self) -> Mapping[str, StreamMethod]:
        """Return Watch."""
        return {"Watch": self._watch}

    async def watch(self, dispatcher: Dispatcher) -> None:
        """Keep the answer true until cancelled."""
        while True:
            await self.look(dispatcher)
            await asyncio.sleep(WATCH_SECONDS)

    async def look(self, dispatcher: Dispatcher) -> None:
        """Answer what is true now."""
        await self._set(dispatcher.is_serving())

    async def stop(self) -> None:
        """Answer NOT_SERVING from now on."""
        self._is_stopping = True
        await self._set(False)

    async def _set(self, is_serving: bool) -> None:
        statuses = {name: self._status_of(name, is_serving) for name in self._statuses}
        if statuses != self._statuses:
            self._statuses = statuses
            async with self._changed:
                self._changed.notify_all()

    def _status_of(self, name: str, is_serving: bool) -> int:
        condition = self._conditions.get(name)
        holds = is_serving and not self._is_stopping and (condition is None or condition())
        return SERVING if holds else NOT_SERVING

    def _is_not(self, name: str, status: int) -> bool:
        return self._statuses[name] != status

    async def _check(self, call: Call, request: bytes) -> bytes:
        name = _service_in(request)
        if name not in self._statuses:
            raise ServiceError(
                Reason.SERVICE_NOT_FOUND,
                f"there is no service {quoted(name)}",
                metadata={"service": name},
            )
        return _response(self._statuses[name])

    async def _watch(self, call: Call, read: Read) -> AsyncIterator[bytes]:
        request = await read()
        name = _service_in(b"" if request is EOF else request)
        if name not in self._statuses:
            # gRPC's contract: it is no error here, because the service may yet appear.
            yield _response(SERVICE_UNKNOWN)
            await asyncio.Event().wait()
        while True:
            seen = self._statuses[name]
            yield _response(seen)
            async with self._changed:
                await self._changed.wait_for(partial(self._is_not, name, seen))


def _service_in(request: bytes) -> str:
    try:
        name: str = HealthCheckRequest.FromString(request).service
    except DecodeError as error:
        raise invalid_argument("request", "not a HealthCheckRequest") from error
    return name


def _response(status: int) -> bytes:
    answer: bytes = HealthCheckResponse(status=status).SerializeToString()
    return answer
