"""Health: SERVING while Redis answers, at least one worker lives, and batches come back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
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

    def __init__(self, services: Iterable[str]) -> None:
        # The empty name is the server's own.
        self._names = {"", *services}
        self._status = NOT_SERVING
        self._is_stopping = False
        self._changed = asyncio.Condition()

    def unary_methods(self) -> Mapping[str, UnaryMethod]:
        """Return Check."""
        return {"Check": self._check}

    def stream_methods(self) -> Mapping[str, StreamMethod]:
        """Return Watch."""
        return {"Watch": self._watch}

    async def report(self, dispatcher: Dispatcher) -> None:
        """Keep the answer true until cancelled."""
        while True:
            await self._set(SERVING if dispatcher.is_serving() else NOT_SERVING)
            await asyncio.sleep(WATCH_SECONDS)

    async def stop(self) -> None:
        """Answer NOT_SERVING from now on."""
        self._is_stopping = True
        await self._set(NOT_SERVING)

    async def _set(self, status: int) -> None:
        status = NOT_SERVING if self._is_stopping else status
        if status != self._status:
            self._status = status
            async with self._changed:
                self._changed.notify_all()

    def _is_not(self, status: int) -> bool:
        return self._status != status

    async def _check(self, call: Call, request: bytes) -> bytes:
        name = _service_in(request)
        if name not in self._names:
            raise ServiceError(
                Reason.SERVICE_NOT_FOUND,
                f"there is no service {quoted(name)}",
                metadata={"service": name},
            )
        return _response(self._status)

    async def _watch(self, call: Call, read: Read) -> AsyncIterator[bytes]:
        request = await read()
        name = _service_in(b"" if request is EOF else request)
        shown: int | None = None
        while True:
            seen = self._status
            # gRPC's contract: an unknown service is no error here, because it may yet appear.
            status = seen if name in self._names else SERVICE_UNKNOWN
            if status != shown:
                shown = status
                yield _response(status)
            async with self._changed:
                await self._changed.wait_for(partial(self._is_not, seen))


def _service_in(request: bytes) -> str:
    try:
        name: str = HealthCheckRequest.FromString(request).service
    except DecodeError as error:
        raise invalid_argument("request", "not a HealthCheckRequest") from error
    return name


def _response(status: int) -> bytes:
    answer: bytes = HealthCheckResponse(status=status).SerializeToString()
    return answer
