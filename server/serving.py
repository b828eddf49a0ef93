"""Starts a server, and stops it without losing the operations that it has accepted."""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import os
import signal
import uuid
from collections.abc import Sequence

import grpc

from edunn_serving.settings import Settings, SettingsError
from server.audit import Audit
from server.call import BusyService
from server.callers import Callers
from server.connections import Connections
from server.dispatcher import Dispatcher
from server.exposure import check_exposure
from server.handlers import Handlers
from server.health import Health
from server.metrics import serve_metrics
from server.other_tasks import end_other_tasks
from server.reflection import Reflection
from server.services import make_services
from server.sockets import raise_descriptor_limit
from server.tls import Tls

log = logging.getLogger(__name__)

# gRPC lets a connection have this many times the calls that we let it have. Of a flood it hands
# over as many before the connection can be cut, and each keeps the others waiting.
STREAMS_A_CALL = 1.25
# The most calls that gRPC may hold before it hands them over.
MAX_PENDING = 100_000
# A request may be this much above the limit and is still refused in our words, not in gRPC's.
READ_BEYOND_BYTES = 16 * 1024 * 1024
# gRPC may refuse a call with more bytes of headers than the first number, and refuses one with more
# than the second.
METADATA_BYTES, MAX_METADATA_BYTES = 8 * 1024, 16 * 1024
# gRPC's bits for messages as they are, and for those that `Unpacking` unpacks.
COMPRESSIONS = 1 << grpc.Compression.NoCompression.value | 1 << grpc.Compression.Gzip.value
# gRPC's own time for TLS and for the first bytes of HTTP/2.
HANDSHAKE_MS = 10_000
# A stopping server gives its last answers this time to leave.
ANSWER_SECONDS = 2.0
# The most time that a server takes to stop beyond `shutdown_seconds`.
HANGING_SECONDS = 10.0


class StartError(RuntimeError):
    """The server cannot start. The message is a sentence that says why."""


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then finish the accepted operations and return.

    Once calls are answered, the address is printed on standard output, on a line of its own.

    Raises
    ------
    SettingsError, StartError
        The server cannot start.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    server_id = f"{os.uname().nodename}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    log.info("server %s: %s", server_id, settings.describe())
    dispatcher = Dispatcher(settings, server_id)
    callers = Callers(settings)
    check_exposure(settings, asks_callers=callers.authenticator.asks_callers)
    tls = Tls(settings) if settings.tls_certificate else None
    audit = Audit(settings.audit_file)
    services = make_services(dispatcher, audit, settings)
    names = [each.descriptor.full_name for each in services]
    busy = [each for each in services if isinstance(each, BusyService)]
    health = Health(names, {each.descriptor.full_name: each.is_serving for each in busy})
    raise_descriptor_limit()
    connections = Connections(settings, _log_cut)
    handlers = Handlers(
        (*services, health, Reflection((*names, health.descriptor.full_name))),
        callers.authenticator,
        dispatcher.arrivals,
        dispatcher.answers,
        connections,
        audit,
        dispatcher.quotas,
        settings,
    )
    server = _grpc_server(settings, handlers)
    address = _listen(server, settings, tls)
    port = int(address.rpartition(":")[2])
    stop_metrics = (
        serve_metrics(settings.metrics_address, dispatcher) if settings.metrics_address else None
    )
    background: list[asyncio.Task[None]] = [
        asyncio.create_task(dispatcher.run()),
        asyncio.create_task(health.watch(dispatcher)),
        asyncio.create_task(callers.watch()),
        asyncio.create_task(handlers.open_calls.watch()),
        asyncio.create_task(connections.watch(port)),
        *(asyncio.create_task(each.run()) for each in busy),
    ]
    if tls is not None:
        background.append(asyncio.create_task(tls.watch()))
    stopping = asyncio.create_task(stop.wait())
    # The server looks at Redis before it serves. Otherwise its first answers would be UNAVAILABLE.
    tried = asyncio.create_task(dispatcher.link.tried.wait())
    await asyncio.wait({tried, stopping, *background}, return_when=asyncio.FIRST_COMPLETED)
    _check_start(background)
    # Otherwise the first calls would find no callers, and a server that does not serve.
    await callers.look()
    for each in busy:
        await each.look()
    await health.look(dispatcher)
    await server.start()
    print(address, flush=True)
    done, _ = await asyncio.wait({stopping, *background}, return_when=asyncio.FIRST_COMPLETED)

    for part in background:
        if part in done:
            # Logged at once, because operations under way may delay the stop for a while.
            log.error("a part of the server has ended, so it stops", exc_info=part.exception())
    log.info("stopping: finishing the accepted operations")
    # If an unknown fault hangs the stop, the process ends all the same and says where it hung.
    faulthandler.dump_traceback_later(settings.shutdown_seconds + HANGING_SECONDS, exit=True)
    await health.stop()
    # From here on new operations are refused, and those under way may finish.
    await dispatcher.drain(settings.shutdown_seconds)
    await server.stop(ANSWER_SECONDS)
    await dispatcher.forget()
    await end_other_tasks()
    if stop_metrics is not None:
        stop_metrics()
    audit.close()
    faulthandler.cancel_dump_traceback_later()
    for task in background:
        if task in done:
            # A part that ended by itself has failed. Its error is the server's.
            task.result()


def _log_cut(address: str, why: str) -> None:
    log.info("a connection from %s is cut: %s", address, why)


def _check_start(background: Sequence[asyncio.Task[None]]) -> None:
    """Raise if a background task has ended already, because each runs until the server stops."""
    for task in background:
        if task.done() and (error := task.exception()):
            while isinstance(error, BaseExceptionGroup):
                error = error.exceptions[0]
            raise StartError(f"cannot start: {type(error).__name__}: {error}") from error


def _grpc_server(settings: Settings, handlers: Handlers) -> grpc.aio.Server:
    server = grpc.aio.server(
        options=[
            # A somewhat larger request is read, so that its error has a reason and the field.
            ("grpc.max_receive_message_length", settings.max_message_bytes + READ_BEYOND_BYTES),
            ("grpc.max_send_message_length", settings.max_message_bytes),
            # By default gRPC cancels calls at random, without a reason, once it holds a thousand
            # that it has not handed over. Our queue refuses calls with a reason.
            ("grpc.server.max_pending_requests", MAX_PENDING),
            ("grpc.server.max_pending_requests_hard_limit", MAX_PENDING),
            # With the probe gRPC grants each call as much as the connection can carry, even if its
            # request is not read. A call that is refused unread would take as much memory as one
            # that is served. Without it a request that is being read still gets its whole length.
            ("grpc.http2.bdp_probe", 0),
            # A client may open and reset streams without end, and each costs a task. A client at
            # this limit is refused without a reason now and then, because it knows of the end of a
            # call before the server does. So calls are refused by our own, lower limit.
            ("grpc.max_concurrent_streams", int(STREAMS_A_CALL * settings.max_connection_calls)),
            # Without this a call that is refused unread counts as a stream for up to a second more,
            # and gRPC would refuse other calls of its connection without a reason.
            ("grpc.http.tarpit", 0),
            # gRPC would unpack requests before anybody has counted them, see `Unpacking`.
            ("grpc.per_message_decompression", 0),
            ("grpc.compression_enabled_algorithms_bitset", COMPRESSIONS),
            ("grpc.max_metadata_size", METADATA_BYTES),
            ("grpc.absolute_max_metadata_size", MAX_METADATA_BYTES),
            ("grpc.max_connection_idle_ms", int(min(settings.idle_seconds * 1000, 2**31 - 1))),
            ("grpc.server_handshake_timeout_ms", HANDSHAKE_MS),
            # Two servers on one port share its connections by chance.
            ("grpc.so_reuseport", int(settings.shares_port)),
            # gRPC closes the connection of a client that pings more often than every 10 s.
            ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
            ("grpc.keepalive_permit_without_calls", 1),
        ]
    )
    server.add_generic_rpc_handlers((handlers,))
    return server


def _listen(server: grpc.aio.Server, settings: Settings, tls: Tls | None) -> str:
    """Bind the server's port and return the address with the port that it is."""
    host = settings.address.rpartition(":")[0]
    try:
        if tls is not None:
            port = server.add_secure_port(settings.address, tls.credentials())
        else:
            port = server.add_insecure_port(settings.address)
    except RuntimeError as error:
        raise SettingsError(f"EDUNN_ADDRESS {settings.address} cannot be used: {error}") from error
    return f"{host}:{port}"
