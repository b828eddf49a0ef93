"""Health: SERVING while Redis and at least one worker are there, and batches come back."""

from __future__ import annotations

import asyncio

from grpc_health.v1 import health
from grpc_health.v1.health_pb2 import HealthCheckResponse

from server.dispatcher import Dispatcher
from server.layer_service import SERVICE

WATCH_SECONDS = 0.1


async def report_health(servicer: health.aio.HealthServicer, dispatcher: Dispatcher) -> None:
    """Keep the health service's answer true until cancelled."""
    shown: bool | None = None
    while True:
        serving = dispatcher.is_serving()
        if serving is not shown:
            shown = serving
            status = HealthCheckResponse.SERVING if serving else HealthCheckResponse.NOT_SERVING
            for service in ("", SERVICE):
                await servicer.set(service, status)
        await asyncio.sleep(WATCH_SECONDS)
