"""Health: SERVING while Redis answers, at least one worker lives, and batches come back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from grpc_health.v1 import health
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from edunn_serving.errors import Reason, ServiceError, quoted
from server.abort import abort
from server.dispatcher import Dispatcher

WATCH_SECONDS = 0.1


class Health(health.aio.HealthServicer):  # type: ignore[misc]  # It has no types.
    """The health service, for a server and each of its services."""

    def __init__(self, services: Iterable[str]) -> None:
        super().__init__()
        # The empty name is the server's own.
        self._names = ("", *services)

    async def Check(  # noqa: N802  # the contract's name
        self, request: HealthCheckRequest, context: Any
    ) -> HealthCheckResponse:
        """Answer as gRPC's health service does, and add our details to its error."""
        if request.service not in self._names:
            await abort(
                context,
                ServiceError(
                    Reason.SERVICE_NOT_FOUND,
                    f"there is no service {quoted(request.service)}",
                    metadata={"service": request.service},
                ),
            )
        return await super().Check(request, context)

    async def report(self, dispatcher: Dispatcher) -> None:
        """Keep the answer true until cancelled."""
        shown: bool | None = None
        while True:
            serving = dispatcher.is_serving()
            if serving is not shown:
                shown = serving
                status = HealthCheckResponse.SERVING if serving else HealthCheckResponse.NOT_SERVING
                for name in self._names:
                    await self.set(name, status)
            await asyncio.sleep(WATCH_SECONDS)
