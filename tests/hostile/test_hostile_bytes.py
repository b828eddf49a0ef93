"""What a hostile client sends costs the server little, and the others are served meanwhile."""

from __future__ import annotations

import itertools
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial

import grpc
import numpy as np
import pytest
from contract import Refusal, refusal
from core_waits import CoreWaits
from edunn_client import Client
from resident_memory import resident_bytes
from waiting import await_true

from bench.raw_http2 import (
    CANCEL,
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    PATH,
    RST_STREAM,
    RawConnection,
    call_headers,
    frame,
    message_head,
)
from edunn_serving.bound_settings import BoundSettings
from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from standalone.stack import Stack

MEBIBYTE = 1024 * 1024
LARGEST = 16 * MEBIBYTE
ARRIVING = 4 * LARGEST
UNREAD = 32 * MEBIBYTE
CONNECTIONS = 60
# Each of these attacks once froze the server for longer. Wide, because the machine may be busy.
FROZEN_SECONDS = 10
# Of the server, for what every test does besides.
USUAL = 64 * MEBIBYTE
X = np.ones((8, 64))
# The calls that one connection may have, as the service has it by default.
CONNECTION_CALLS = BoundSettings().max_connection_calls
SETTINGS_OF_STACK = {
    "EDUNN_TOKENS": "calm=calm-token,hostile:admin=hostile-token,large:admin=large-token",
    "EDUNN_MAX_MESSAGE_BYTES": str(LARGEST),
    "EDUNN_MAX_ARRIVING_BYTES": str(ARRIVING),
    "EDUNN_MAX_ANSWER_BYTES": str(UNREAD),
    "EDUNN_MAX_ADDRESS_CONNECTIONS": str(CONNECTIONS),
    "EDUNN_FIRST_CALL_SECONDS": "2",
    "EDUNN_ARRIVAL_SECONDS": "3",
    "EDUNN_READER_SECONDS": "2",
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(
        tmp_path_factory.mktemp("hostile"), others={}, environment=SETTINGS_OF_STACK
    ) as running:
        yield running


# An address that floods is shut out, so each test attacks from another one.
ADDRESSES = (f"127.0.1.{number}" for number in itertools.count(1))
Connect = Callable[[], RawConnection]


@pytest.fixture
def connect(stack: Stack) -> Connect:
    return partial(RawConnection, stack.address, source=next(ADDRESSES))


@contextmanager
def calm_caller(stack: Stack) -> Iterator[list[float]]:
    """Call all the time, in a thread; give the seconds that each call took. Each must be right."""
    took: list[float] = []
    wrong: list[BaseException] = []
    stop = threading.Event()

    def call() -> None:
        try:
            with Client(stack.address, token="calm-token") as client, client.session() as session:
                layer = session.layer("l", "ReLU")
                while not stop.is_set():
                    began = time.monotonic()
                    assert np.array_equal(layer.forward(X), X)
                    took.append(time.monotonic() - began)
        except BaseException as error:
            wrong.append(error)

    thread = threading.Thread(target=call)
    with CoreWaits() as waits:
        thread.start()
        await_true(lambda: bool(took or wrong), "the first call of the calm caller")
        try:
            yield took
            await_true(lambda: len(took) > 20 or bool(wrong), "more calls of the calm caller")
        finally:
            stop.set()
            thread.join()
    assert wrong == []
    print(f"{len(took)} calm calls, the longest took {max(took):.2f} s")
    assert max(took) < FROZEN_SECONDS + waits.seconds


@contextmanager
def small_server(stack: Stack, growth: int) -> Iterator[None]:
    """Check that the server's memory does not grow by more than so many bytes and the usual."""
    before = resident_bytes(stack.servers[0])
    peak = before
    stop = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not stop.wait(0.02):
            peak = max(peak, resident_bytes(stack.servers[0]))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    print(f"the server grew by {(peak - before) / MEBIBYTE:.0f} MiB")
    assert peak - before < growth + USUAL


def outcome_of(stack: Stack, method: str, request: bytes, caller: str = "hostile") -> Refusal:
    options = [("grpc.max_send_message_length", -1)]
    with grpc.insecure_channel(stack.address, options) as channel:
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(PATH + method)
        metadata = (("authorization", f"Bearer {caller}-token"),)
        return refusal(lambda: call(request, timeout=30, metadata=metadata))


def test_request_of_a_stranger_is_not_read(stack: Stack, connect: Connect) -> None:
    with calm_caller(stack), small_server(stack, 0), ExitStack() as connections:
        for _ in range(20):
            connection = connections.enter_context(connect())
            connection.open_call(1, "Forward")
            sent = connection.send_data(1, message_head(LARGEST) + bytes(LARGEST))
            assert sent < MEBIBYTE


def test_calls_of_a_stranger_without_a_body_hold_up_nobody(stack: Stack, connect: Connect) -> None:
    with calm_caller(stack), small_server(stack, 0), ExitStack() as connections:
        several = [connections.enter_context(connect()) for _ in range(8)]
        block = call_headers("Forward")
        # A connection with so many strangers is cut.
        with suppress(OSError):
            for at in range(4000):
                several[at % 8].send(frame(HEADERS, END_HEADERS, 2 * (at // 8) + 1, block))


def test_calls_of_a_caller_without_a_body_are_given_up(stack: Stack, connect: Connect) -> None:
    with calm_caller(stack), small_server(stack, 0), ExitStack() as connections:
        several = [connections.enter_context(connect()) for _ in range(2)]
        for connection in several:
            for stream in range(1, 201, 2):
                connection.open_call(stream, "Forward", "hostile-token")
        for connection in several:
            assert sum(_ends_a_stream(connection, ended_by=100) for _ in range(1000)) == 100


def test_calls_beyond_those_of_a_connection_are_refused(stack: Stack, connect: Connect) -> None:
    beyond = 100
    with calm_caller(stack), connect() as connection:
        for stream in range(1, 2 * (CONNECTION_CALLS + beyond), 2):
            connection.open_call(stream, "Compute", "hostile-token")
        refused = sum(_ends_a_stream(connection, ended_by=beyond) for _ in range(4 * beyond))
        assert refused == beyond


def _ends_a_stream(connection: RawConnection, ended_by: int) -> bool:
    """Read a frame; tell whether it ends a stream. Once all have ended, nothing more comes."""
    count = getattr(connection, "ended", 0)
    if count >= ended_by:
        return False
    kind, flags, _, _ = connection.next_frame()
    ends = kind == HEADERS and bool(flags & END_STREAM)
    connection.ended = count + ends  # type: ignore[attr-defined]
    return ends


def test_request_that_lacks_its_last_byte_is_given_up(stack: Stack, connect: Connect) -> None:
    """Of a caller that is known: more of them than the server holds at a time."""
    body = message_head(LARGEST) + bytes(LARGEST - 1)
    with calm_caller(stack), small_server(stack, 2 * ARRIVING), ExitStack() as connections:
        for _ in range(16):
            connection = connections.enter_context(connect())
            connection.open_call(1, "Forward", "hostile-token")
            threading.Thread(target=_send_quietly, args=(connection, body), daemon=True).start()
        time.sleep(5)


def _send_quietly(connection: RawConnection, body: bytes) -> None:
    # It may be cut, or closed at the end of the test.
    with suppress(OSError, ValueError):
        for at in range(0, len(body), MEBIBYTE):
            connection.send_data(1, body[at : at + MEBIBYTE])
            # Not quicker than a network: the server looks at its connections ten times a second.
            time.sleep(0.05)


def test_messages_of_streams_that_lack_a_byte_are_cut(stack: Stack, connect: Connect) -> None:
    body = message_head(LARGEST) + bytes(LARGEST - 1)
    with calm_caller(stack), small_server(stack, 2 * ARRIVING), ExitStack() as connections:
        several = [connections.enter_context(connect()) for _ in range(8)]
        for connection in several:
            connection.open_call(1, "Compute", "hostile-token")
            threading.Thread(target=_send_quietly, args=(connection, body), daemon=True).start()
        assert any(connection.socket.fileno() and _is_cut(connection) for connection in several)


def _is_cut(connection: RawConnection) -> bool:
    """Tell whether nothing can be sent any more, within a while."""
    try:
        for _ in range(400):
            connection.send(frame(6, 0, 0, bytes(8)))
            time.sleep(0.02)
    except OSError:
        return True
    return False


@pytest.mark.parametrize("token", ["", "hostile-token"], ids=["stranger", "caller"])
def test_streams_that_are_opened_and_reset_cost_little(stack: Stack, token: str) -> None:
    block = call_headers("Compute", token)
    streams = b"".join(
        frame(HEADERS, END_HEADERS, stream, block)
        + frame(RST_STREAM, 0, stream, struct.pack(">I", CANCEL))
        for stream in range(1, 10_001, 2)
    )
    with calm_caller(stack), small_server(stack, 0):
        # Each connection is cut at last, and one of another address follows.
        for source in itertools.islice(ADDRESSES, 10):
            with RawConnection(stack.address, source=source) as connection, suppress(OSError):
                connection.send(streams)


def test_connections_of_one_address_are_bounded(stack: Stack) -> None:
    with calm_caller(stack), ExitStack() as connections:
        several = [
            connections.enter_context(RawConnection(stack.address)) for _ in range(CONNECTIONS * 3)
        ]
        cut = [connection for connection in several[: CONNECTIONS * 2 - 10] if connection.is_cut()]
        assert len(cut) == CONNECTIONS * 2 - 10
        with Client(stack.address, token="calm-token") as newcomer, newcomer.session() as session:
            assert np.array_equal(session.layer("l", "ReLU").forward(X), X)


def test_connection_that_makes_no_call_is_cut(stack: Stack, connect: Connect) -> None:
    began = time.monotonic()
    with connect() as connection:
        assert connection.is_cut()
    assert time.monotonic() - began > 1


def test_headers_are_bounded(stack: Stack, connect: Connect) -> None:
    with (
        calm_caller(stack),
        small_server(stack, 0),
        connect() as connection,
    ):
        block = call_headers("Forward", "hostile-token", [(b"x", b"y" * 10_000)] * 100)
        parts = [block[at : at + 16_000] for at in range(0, len(block), 16_000)]
        connection.send(frame(HEADERS, 0, 1, parts[0]))
        for part in parts[1:-1]:
            connection.send(frame(9, 0, 1, part))
        connection.send(frame(9, END_HEADERS, 1, parts[-1]))
        connection.windows[1] = 0
        while connection.read_frame(1):
            pass


def test_fields_are_counted_before_a_request_is_parsed(stack: Stack) -> None:
    """Empty layers take two bytes each, and a hundred once they are parsed."""
    with calm_caller(stack), small_server(stack, 4 * LARGEST):
        refused = outcome_of(stack, "CreateSession", b"\x12\x00" * (LARGEST // 2))
        assert refused.reason == "INVALID_ARGUMENT"
        # One layer with an empty list of as many empty values.
        values = b"\x0a\x00" * (LARGEST // 4)
        config = _nested(0x0A, _nested(0x0A, b"a") + _nested(0x12, _nested(0x32, values)))
        layer = _nested(0x12, _nested(0x0A, b"l") + _nested(0x1A, config))
        assert outcome_of(stack, "CreateSession", layer).reason == "INVALID_ARGUMENT"


def test_text_is_counted_before_a_worker_refuses_it(stack: Stack) -> None:
    """A name of many MiB once went to a worker, which was busy for seconds to refuse it."""
    with calm_caller(stack), small_server(stack, 4 * LARGEST):
        layer = _nested(0x12, _nested(0x0A, b"x" * (LARGEST - 1000)))
        assert outcome_of(stack, "CreateSession", layer).reason == "TOO_LARGE"


def _nested(tag: int, value: bytes) -> bytes:
    size, encoded = len(value), bytearray()
    while size > 127:
        encoded.append(size & 127 | 128)
        size >>= 7
    return bytes([tag, *encoded, size]) + value


def test_compressed_requests_are_unpacked_one_at_a_time(stack: Stack, connect: Connect) -> None:
    """A few kilobytes of compressed zeros become a request of the largest size."""
    packed = zlib.compressobj(wbits=31)
    body = packed.compress(bytes(LARGEST - 1000)) + packed.flush()
    block = call_headers("Forward", "hostile-token", [(b"grpc-encoding", b"gzip")])
    message = b"\1" + struct.pack(">I", len(body)) + body
    with calm_caller(stack), small_server(stack, 3 * LARGEST), ExitStack() as connections:
        several = [connections.enter_context(connect()) for _ in range(30)]
        for connection in several:
            connection.send(frame(HEADERS, END_HEADERS, 1, block))
            for at in range(0, len(message), 16_000):
                connection.send(frame(DATA, 0, 1, message[at : at + 16_000]))
        for connection in several:
            while (answer := connection.next_frame())[0] not in (HEADERS, -1):
                pass
            assert b"expected at most 100000" in answer[3]


def test_large_refused_requests_teach_the_server_nothing(stack: Stack) -> None:
    too_large = bytes(LARGEST + 1000)
    with calm_caller(stack) as took:
        for _ in range(3):
            # A caller whose requests were refused before would be read more slowly.
            refused = outcome_of(stack, "Forward", too_large, caller="large")
            assert refused.reason == "TOO_LARGE"
        count = len(took)
        await_true(lambda: len(took) > count + 20, "more calls of the calm caller")


def test_answers_that_nobody_reads_are_bounded_and_cut(stack: Stack, connect: Connect) -> None:
    """A few bytes of operations whose answers are large."""
    metadata = (("authorization", "Bearer hostile-token"),)
    with Client(stack.address, token="hostile-token") as client, ExitStack() as sessions:
        several = [sessions.enter_context(client.session()) for _ in range(24)]
        operations = []
        for at, session in enumerate(several):
            layer = session.layer("l", "Conv2d", in_channels=1, out_channels=1, kernel_size=1,
                          padding=[500, 500])  # fmt: skip
            operation = api.ComputeOperation(request_id=str(at))
            operation.forward.session_id = session.session_id
            operation.forward.layer = "l"
            operation.forward.untracked = True
            one = operation.forward.inputs.add(data_type=6, shape=[1, 1, 1, 1])
            one.data = np.ones(1).tobytes()
            operations.append(operation)
            layer.forward(np.ones((1, 1, 1, 1)), untracked=True)
        with (
            calm_caller(stack),
            small_server(stack, 3 * UNREAD),
            grpc.insecure_channel(stack.address) as channel,
        ):
            requests = iter([api.ComputeRequest(operations=operations)])
            stream = LayerServiceStub(channel).Compute(requests, timeout=60, metadata=metadata)
            time.sleep(1)
            # The channel reads a part ahead. The server cuts the rest.
            unread = connect()
            unread.open_call(1, "Compute", "hostile-token")
            body = api.ComputeRequest(operations=operations).SerializeToString()
            unread.send(frame(DATA, END_STREAM, 1, message_head(len(body)) + body))
            time.sleep(4)
            stream.cancel()
            unread.close()


def test_stream_that_never_sends_is_ended(stack: Stack) -> None:
    metadata = (("authorization", "Bearer hostile-token"),)
    with grpc.insecure_channel(stack.address) as channel:
        stub = LayerServiceStub(channel)
        never = threading.Event()
        requests = iter(lambda: never.wait(20) and api.ComputeRequest(), None)
        refused = refusal(lambda: list(stub.Compute(requests, timeout=20, metadata=metadata)))
        never.set()
        assert refused.reason == "UNAVAILABLE"


def test_guesses_of_a_token_are_slowed_down(stack: Stack, connect: Connect) -> None:
    with calm_caller(stack), connect() as connection:
        with suppress(OSError):
            for stream in range(1, 401, 2):
                connection.open_call(stream, "Forward", f"guess-{stream}", END_STREAM)
        answered = 0
        while True:
            kind, flags, _, _ = connection.next_frame()
            if kind == -1:
                break
            answered += kind == HEADERS and bool(flags & END_STREAM)
        assert answered < 60
