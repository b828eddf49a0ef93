"""What is fuzzed: functions that take any bytes, and may raise declared errors only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from google.protobuf.message import DecodeError

from edunn_serving.batch_message import BatchMessage
from edunn_serving.errors import Reason, ServiceError
from edunn_serving.internal.v1.state_pb2 import Arrays, Context, SessionRecord
from edunn_serving.keys import SessionKey
from edunn_serving.replies import Answer
from edunn_serving.requests import parse_request
from edunn_serving.rpcs import LAYER_RPCS, OPERATION_RPCS
from edunn_serving.settings import Settings
from edunn_serving.v1.layer_service_pb2 import CreateSessionRequest
from edunn_serving.v1.tensor_pb2 import Tensor
from edunn_serving.wire_format import check_field_count, depth_of, fields, largest_value, walk
from server.compute_stream import parse_compute_request
from server.envelope import head_of, largest_field
from worker.contexts import decode_cache
from worker.methods import METHODS as WORKER_METHODS
from worker.open_session import OpenSession
from worker.randomness import RepeatableGenerator
from worker.ready import ReadyLayer, build_layer
from worker.room import Room
from worker.slots import SLOTS
from worker.tensors import decode_tensor

METHODS = sorted(name for name, rpc in LAYER_RPCS.items() if rpc.names_session)
# Small limits, because the fuzzer finds what takes as much as is allowed.
SETTINGS = Settings(
    operation_work=20_000_000,
    worker_memory_bytes=1 << 30,
    session_parameter_bytes=1 << 20,
    session_context_bytes=1 << 20,
    max_message_bytes=1 << 20,
)
# A status of these means that something went wrong that was not foreseen.
UNFORESEEN = {Reason.INTERNAL}


class Target(NamedTuple):
    """A function to fuzz."""

    run: Callable[[bytes], None]
    # The bytes before the protobuf message that its input is.
    prefix: int = 0


def _wire_format(data: bytes) -> None:
    descriptor = LAYER_RPCS["CreateSession"].request_descriptor
    readers: tuple[Callable[[], object], ...] = (
        lambda: list(fields(data)),
        lambda: list(walk(data, descriptor, 1000)),
        lambda: check_field_count(data, 100),
        lambda: largest_value(data, descriptor),
    )
    for read in readers:
        with suppress(ValueError, IndexError):
            read()
    assert depth_of(data, descriptor) >= 0
    assert largest_field(data) >= 0


def _envelope(data: bytes) -> None:
    method = METHODS[data[0] % len(METHODS)] if data else METHODS[0]
    try:
        head = head_of(method, "caller", 0, data[1:])
    except ServiceError as error:
        assert error.reason not in UNFORESEEN
        return
    # What the envelope has read is what the parser reads.
    try:
        request: Any = LAYER_RPCS[method].request_type.FromString(data[1:])
    except DecodeError:
        return
    assert request.session_id == head.session_id


def _batch(data: bytes) -> None:
    with suppress(ValueError):
        assert BatchMessage.decode(data).heads


def _answer(data: bytes) -> None:
    with suppress(DecodeError):
        assert Answer.decode(data).replies is not None


def _compute(data: bytes) -> None:
    try:
        parse_compute_request(data)
    except ServiceError as error:
        assert error.reason is Reason.INVALID_ARGUMENT


def _tensor(data: bytes) -> None:
    try:
        tensor = Tensor.FromString(data)
    except DecodeError:
        return
    try:
        array = decode_tensor(tensor, "tensor")
    except ServiceError as error:
        assert error.reason is Reason.INVALID_ARGUMENT
    else:
        assert array.nbytes == len(tensor.data)
        assert array.shape == tuple(tensor.shape)


def _context(data: bytes) -> None:
    try:
        context = Context.FromString(data)
    except DecodeError:
        return
    try:
        cache = decode_cache(context)
    except ValueError:
        return
    assert sum(getattr(each, "nbytes", 8) for each in cache.values()) <= 8 * len(data)


def _slots(data: bytes) -> None:
    try:
        Arrays.FromString(data)
    except DecodeError:
        return
    layer = _linear()
    for slot in SLOTS:
        with suppress(ValueError, ServiceError):
            slot.decode(layer, data)


def _linear() -> ReadyLayer:
    record = SessionRecord()
    described = record.layers.add(name="l", type="Linear")
    described.config.update({"input_size": 2, "output_size": 2})
    return build_layer(described, generator=RepeatableGenerator().generator)


def _operation(data: bytes) -> None:
    """Run an operation of a session with a few layers. The first byte chooses its method."""
    if not data:
        return
    method = sorted(WORKER_METHODS)[data[0] % len(WORKER_METHODS)]
    session = _session(method)
    session.room = Room(answer=SETTINGS.max_message_bytes)
    for number in range(2):
        # The second time the session has what the first one has left.
        try:
            request = parse_request(OPERATION_RPCS[method], data[1:])
            answer = WORKER_METHODS[method].run(session, request, SETTINGS)
            assert len(answer.SerializeToString()) <= SETTINGS.max_message_bytes + 4096
        except ServiceError as error:
            assert error.reason not in UNFORESEEN, number
            # It must fit into the headers of an answer.
            assert error.to_status().ByteSize() < 8192
        if not session.exists:
            return


class Reused:
    """A session of which many inputs have a turn, because it takes longer to make than to use."""

    session: OpenSession | None = None
    turns = 0


def _session(method: str) -> OpenSession:
    """Return a session with a few layers, a new one now and then."""
    Reused.turns += 1
    if Reused.session is None or Reused.turns % 100 == 0 or method not in HARMLESS:
        Reused.session = OpenSession(SessionKey("", "s"), None, None, RepeatableGenerator(), 0)
        request = CreateSessionRequest(session_id="s", seed=1)
        for name, (layer_type, config) in LAYERS.items():
            request.layers.add(name=name, type=layer_type).config.update(config)
        WORKER_METHODS["CreateSession"].run(Reused.session, request, SETTINGS)
    session = Reused.session
    if method not in HARMLESS:
        Reused.session = None
    return session


# The methods that leave a session's layers as they are.
HARMLESS = frozenset({"Forward", "Backward", "GetParameters", "GetSession"})
LAYERS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "l": ("Linear", {"input_size": 2, "output_size": 2}),
    "d": ("Dropout", {"p": 0.5}),
    "n": ("BatchNorm", {"num_features": 2}),
    "e": ("SquaredError", {}),
}

TARGETS: Mapping[str, Target] = {
    "wire_format": Target(_wire_format),
    "envelope": Target(_envelope, prefix=1),
    "batch": Target(_batch),
    "answer": Target(_answer),
    "compute": Target(_compute),
    "tensor": Target(_tensor),
    "context": Target(_context),
    "slots": Target(_slots),
    "operation": Target(_operation, prefix=1),
}
