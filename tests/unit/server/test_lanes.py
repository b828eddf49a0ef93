"""What waits is sent in each session's order, fairly, and not beyond what may wait."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterator

import pytest

from edunn_serving.batch_message import OperationHead
from edunn_serving.errors import Reason, ServiceError
from server.lanes import ALONE_BYTES, Lanes
from server.metrics import Counts
from server.operation import PendingOperation


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture
def lanes() -> Lanes:
    return Lanes(Counts(), max_operations=100, max_bytes=10 * ALONE_BYTES)


class Operations:
    """Makes operations of sessions, told apart by their requests."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def __call__(
        self, session: str, request: bytes = b"", *, deadline: float = math.inf, slow: bool = False
    ) -> PendingOperation:
        head = OperationHead("Forward", "", session, 0, "layer", "")
        return PendingOperation(head, request, self._loop.create_future(), deadline, "", slow)


@pytest.fixture
def operation(loop: asyncio.AbstractEventLoop) -> Operations:
    return Operations(loop)


def take(lanes: Lanes, operations: int = 64, size: int = 1 << 20) -> list[bytes]:
    return [each.request for each in lanes.take(max_operations=operations, max_bytes=size)]


def test_operations_of_a_session_leave_in_their_order(lanes: Lanes, operation: Operations) -> None:
    for name in (b"1", b"2", b"3"):
        lanes.append(operation("a", name))
    assert take(lanes) == [b"1", b"2", b"3"]


def test_session_that_is_with_a_worker_holds_back_its_next_operations_alone(
    lanes: Lanes, operation: Operations
) -> None:
    first = operation("a", b"1")
    lanes.append(first)
    assert take(lanes) == [b"1"]
    lanes.append(operation("a", b"2"))
    lanes.append(operation("b", b"other"))
    assert take(lanes) == [b"other"]
    lanes.release([first.session])
    assert take(lanes) == [b"2"]


def test_sessions_take_turns(lanes: Lanes, operation: Operations) -> None:
    for number in range(4):
        lanes.append(operation("busy", b"busy %d" % number))
    lanes.append(operation("calm", b"calm"))
    assert take(lanes, operations=3) == [b"busy 0", b"busy 1", b"busy 2"]
    assert take(lanes) == [b"calm"]


@pytest.mark.parametrize("alone", [{"request": b"x" * ALONE_BYTES}, {"request": b"", "slow": True}])
def test_large_or_slow_operation_leaves_alone(
    lanes: Lanes, operation: Operations, alone: dict[str, object]
) -> None:
    lanes.append(operation("a", b"small"))
    lanes.append(operation("b", **alone))  # type: ignore[arg-type]
    lanes.append(operation("c", b"other"))
    sizes = [len(take(lanes, size=1 << 30)) for _ in range(3)]
    assert sizes == [1, 1, 1]


def test_operations_that_were_sent_in_vain_come_first_again(
    lanes: Lanes, operation: Operations
) -> None:
    first, second = operation("a", b"1"), operation("a", b"2")
    lanes.append(first)
    lanes.append(second)
    assert take(lanes, operations=1) == [b"1"]
    lanes.put_back([first])
    lanes.release([first.session])
    assert take(lanes) == [b"1", b"2"]


def test_queue_is_full_by_number_and_by_bytes(lanes: Lanes, operation: Operations) -> None:
    lanes.append(operation("a", b"x" * 9 * ALONE_BYTES))
    with pytest.raises(ServiceError) as refused:
        lanes.append(operation("b", b"x" * 2 * ALONE_BYTES))
    assert refused.value.reason is Reason.QUEUE_FULL
    for number in range(99):
        lanes.append(operation(f"{number}"))
    with pytest.raises(ServiceError):
        lanes.append(operation("one too many"))
    assert (lanes.waiting, lanes.waiting_bytes) == (100, 9 * ALONE_BYTES)


def test_operation_that_nobody_awaits_leaves_the_queue(lanes: Lanes, operation: Operations) -> None:
    cancelled, wanted = operation("a", b"1"), operation("a", b"2")
    lanes.append(cancelled)
    lanes.append(wanted)
    cancelled.reply.cancel()
    assert take(lanes) == [b"2"]
    assert (lanes.waiting, lanes.waiting_bytes) == (0, 0)


def test_operation_whose_deadline_has_passed_is_told_so(
    lanes: Lanes, operation: Operations
) -> None:
    late = operation("a", b"late", deadline=time.monotonic() - 1)
    lanes.append(late)
    lanes.drop_unwanted()
    error = late.reply.exception()
    assert isinstance(error, ServiceError)
    assert error.reason is Reason.DEADLINE_EXCEEDED
    assert lanes.waiting == 0
