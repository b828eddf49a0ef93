"""What waits is sent in each session's order, fairly, and not beyond what may wait."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterator

import pytest

from edunn_serving.batch_message import OperationHead
from edunn_serving.errors import Reason, ServiceError
from edunn_serving.keys import SessionKey
from edunn_serving.replies import Reply
from server.answers import AnswerRoom
from server.lanes import ALONE_BYTES, SHARED_BATCH_SECONDS, Lanes
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
        self,
        session: str,
        request: bytes = b"",
        *,
        deadline: float = math.inf,
        slow: bool = False,
        account: str = "",
        seconds: float = 0.0,
    ) -> PendingOperation:
        head = OperationHead("Forward", account, session, 0, "layer", "")
        reply: asyncio.Future[Reply] = self._loop.create_future()
        return PendingOperation(
            head, request, reply, deadline, slow, account=account, expected_seconds=seconds
        )


@pytest.fixture
def operation(loop: asyncio.AbstractEventLoop) -> Operations:
    return Operations(loop)


def take(lanes: Lanes, operations: int = 64, size: int = 1 << 20) -> list[bytes]:
    return [each.request for each in lanes.take(max_operations=operations, max_bytes=size)]


def test_server_is_shared_once_operations_have_come_from_two_accounts(
    lanes: Lanes, operation: Operations
) -> None:
    lanes.append(operation("a", account="ana"))
    lanes.append(operation("a", account="ana"))
    assert not lanes.is_shared()
    lanes.append(operation("b", account="ben"))
    assert lanes.is_shared()


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
    batches = [take(lanes, size=1 << 30) for _ in range(3)]
    assert [alone["request"]] in batches


def test_quick_operation_of_an_account_waits_for_one_slow_one_at_most(
    lanes: Lanes, operation: Operations
) -> None:
    for number in range(4):
        lanes.append(operation(f"s{number}", b"slow", slow=True))
    lanes.append(operation("q1", b"quick"))
    lanes.append(operation("q2", b"quick"))
    assert [take(lanes) for _ in range(3)] == [[b"slow"], [b"quick", b"quick"], [b"slow"]]


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


def test_account_takes_turns_by_what_its_operations_cost(
    lanes: Lanes, operation: Operations
) -> None:
    for number in range(20):
        lanes.append(operation(f"a{number}", b"dear", account="dear", seconds=0.010))
    for number in range(20):
        lanes.append(operation(f"b{number}", b"cheap", account="cheap", seconds=0.001))
    first = [taken for _ in range(20) for taken in take(lanes, operations=1)]
    assert first.count(b"cheap") >= 17


def test_account_pays_what_its_operations_have_really_taken(
    lanes: Lanes, operation: Operations
) -> None:
    first = operation("a", b"a", account="a")
    lanes.append(first)
    take(lanes)
    lanes.note_cost(first, 0.5)
    for number in range(5):
        lanes.append(operation(f"a{number}", b"a", account="a", seconds=0.001))
        lanes.append(operation(f"b{number}", b"b", account="b", seconds=0.001))
    assert take(lanes, operations=5) == [b"b"] * 5


def test_pause_saves_up_nothing(lanes: Lanes, operation: Operations) -> None:
    lanes.append(operation("late", b"late", account="late"))
    take(lanes)
    for number in range(30):
        lanes.append(operation(f"a{number}", b"busy", account="busy", seconds=0.1))
        take(lanes)
    for number in range(4):
        lanes.append(operation(f"b{number}", b"busy", account="busy", seconds=0.1))
        lanes.append(operation(f"l{number}", b"late", account="late", seconds=0.1))
    first = [taken for _ in range(4) for taken in take(lanes, operations=1)]
    assert sorted(first) == [b"busy", b"busy", b"late", b"late"]


def test_slow_operations_can_be_held_back(lanes: Lanes, operation: Operations) -> None:
    lanes.append(operation("slow", b"slow", slow=True))
    lanes.append(operation("quick", b"quick"))

    def quick() -> list[bytes]:
        taken = lanes.take(max_operations=64, max_bytes=1 << 20, may_be_slow=False)
        return [each.request for each in taken]

    assert quick() == [b"quick"]
    assert quick() == []
    assert take(lanes) == [b"slow"]


def test_full_queue_makes_room_for_an_account_with_less_than_its_share(
    lanes: Lanes, operation: Operations
) -> None:
    flood = [operation(f"flood {number}", account="flood") for number in range(100)]
    for each in flood:
        lanes.append(each)
    with pytest.raises(ServiceError):
        lanes.append(operation("one more", account="flood"))
    for number in range(40):
        assert lanes.has_room_for("calm", 1, 0)
        lanes.append(operation(f"calm {number}", account="calm"))
    assert lanes.waiting == 100
    refused = [each.reply.exception() for each in flood if each.reply.done()]
    assert len(refused) == 40
    assert {each.reason for each in refused if isinstance(each, ServiceError)} == {
        Reason.QUEUE_FULL
    }


def test_operation_with_a_large_answer_goes_alone_and_waits_for_room(
    operation: Operations,
) -> None:
    answers = AnswerRoom(1000, lambda: None)
    lanes = Lanes(Counts(), max_operations=100, max_bytes=1 << 20, has_answer_room=answers.has_room)
    answers.hold("a", 400)
    large = operation("large", b"large", account="a")
    large.head = large.head._replace(answer_room=200)
    lanes.append(large)
    lanes.append(operation("small", b"small", account="a"))
    assert take(lanes) == [b"small"]
    answers.release("a", 400)
    lanes.note_answer_room()
    lanes.append(operation("small 2", b"small 2", account="a"))
    assert [take(lanes), take(lanes)] == [[b"large"], [b"small 2"]]


def test_account_that_does_not_read_its_answers_waits(operation: Operations) -> None:
    unread = {"hostile"}
    lanes = Lanes(
        Counts(),
        max_operations=100,
        max_bytes=1 << 20,
        has_answer_room=lambda a, _: a not in unread,
    )
    lanes.append(operation("a", b"hostile", account="hostile"))
    lanes.append(operation("b", b"calm", account="calm"))
    assert take(lanes) == [b"calm"]
    lanes.append(operation("a", b"more", account="hostile"))
    assert take(lanes) == []
    unread.clear()
    lanes.note_answer_room()
    assert take(lanes) == [b"hostile", b"more"]


def test_sessions_that_are_not_chosen_keep_their_places(
    lanes: Lanes, operation: Operations
) -> None:
    for number in range(6):
        lanes.append(operation(f"s{number}", b"%d" % number))

    def even(session: SessionKey) -> bool:
        return int(session.session_id[1:]) % 2 == 0

    def requests(operations: int) -> list[bytes]:
        taken = lanes.take(max_operations=operations, max_bytes=1 << 20, choose=even)
        return [each.request for each in taken]

    assert requests(2) == [b"0", b"2"]
    assert requests(2) == [b"4"]
    # All that are left are not chosen, so all of them may come.
    assert requests(2) == [b"1", b"3"]
    assert requests(2) == [b"5"]


def test_shared_batch_has_no_more_work_than_others_may_wait_for(
    lanes: Lanes, operation: Operations
) -> None:
    for number in range(8):
        account = f"account-{number % 2}"
        lanes.append(operation(f"s{number}", account=account, seconds=SHARED_BATCH_SECONDS / 4))
    assert len(lanes.take(max_operations=64, max_bytes=1000)) == 4


def test_batch_of_one_account_alone_may_be_long(lanes: Lanes, operation: Operations) -> None:
    for number in range(8):
        lanes.append(operation(f"s{number}", seconds=SHARED_BATCH_SECONDS))
    assert len(lanes.take(max_operations=64, max_bytes=1000)) == 8


def test_quick_operations_are_expected_once_there_are_some(
    lanes: Lanes, operation: Operations
) -> None:
    lanes.append(operation("a", slow=True))
    assert not lanes.expects_quick()
    lanes.append(operation("b"))
    assert lanes.expects_quick()
