"""Requests are read while there is room, and those that arrive slowly need a place."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable

import pytest

from edunn_serving.errors import Reason, ServiceError
from edunn_serving.setting_types import MEBIBYTE
from edunn_serving.settings import Settings
from server.arrivals import (
    ACCOUNT_SMALL_PLACES,
    FREE_READS,
    QUICK_SECONDS,
    Arrivals,
)
from server.connections import SMALL_BYTES, Connection
from server.lanes import Lanes
from server.metrics import Counts

SETTINGS = Settings(
    max_message_bytes=MEBIBYTE, max_arriving_bytes=4 * MEBIBYTE, arrival_seconds=0.5
)


SMALL = Connection("a", began=0.0, calls=1)
LARGE = Connection("a", began=0.0, calls=1, arriving=SMALL_BYTES + 1.0)


def arrivals(max_bytes: int = 1 << 30) -> Arrivals:
    return Arrivals(Lanes(Counts(), max_operations=1000, max_bytes=max_bytes), SETTINGS)


async def never() -> bytes:
    await asyncio.Event().wait()
    return b""


async def at_once() -> bytes:
    return b"request"


async def reason_of(
    arriving: Arrivals,
    read: Callable[[], Awaitable[bytes]],
    account: str,
    connection: Connection = LARGE,
    *,
    slow: bool = True,
) -> Reason | None:
    try:
        await arriving.read(read, account, connection, may_be_slow=slow)
    except ServiceError as error:
        return error.reason
    return None


def test_request_that_never_comes_is_given_up() -> None:
    assert asyncio.run(reason_of(arrivals(), never, "a")) is Reason.DEADLINE_EXCEEDED


def test_slow_request_of_a_stranger_has_no_place() -> None:
    assert asyncio.run(reason_of(arrivals(), never, "a", slow=False)) is Reason.QUEUE_FULL


def test_account_has_half_of_the_places_and_quick_requests_need_none() -> None:
    async def run() -> tuple[list[Reason | None], Reason | None]:
        arriving = arrivals()
        slow = [asyncio.create_task(reason_of(arriving, never, "a")) for _ in range(5)]
        other = asyncio.create_task(reason_of(arriving, never, "b"))
        await asyncio.sleep(0)
        assert await reason_of(arriving, at_once, "a") is None
        return await asyncio.gather(*slow), await other

    of_a, of_b = asyncio.run(run())
    assert of_a.count(Reason.DEADLINE_EXCEEDED) == 2
    assert of_a.count(Reason.QUEUE_FULL) == 3
    assert of_b is Reason.DEADLINE_EXCEEDED


def outcomes_of(connections: Iterable[Connection]) -> Counter[Reason | None]:
    """Return how the requests of one account end of which each never comes."""

    async def run() -> list[Reason | None]:
        arriving = arrivals()
        return await asyncio.gather(
            *(reason_of(arriving, never, "a", connection) for connection in connections)
        )

    return Counter(asyncio.run(run()))


def test_small_requests_that_arrive_slowly_have_many_places() -> None:
    found = outcomes_of([SMALL] * (ACCOUNT_SMALL_PLACES + 10) + [LARGE] * 2)
    assert found == {
        Reason.DEADLINE_EXCEEDED: ACCOUNT_SMALL_PLACES + 2,
        Reason.QUEUE_FULL: 10,
    }


def test_small_request_that_grows_needs_a_place_of_the_other_kind() -> None:
    growing = Connection("a", began=0.0, calls=1)

    async def run() -> tuple[Reason | None, ...]:
        arriving = arrivals()
        requests = [
            asyncio.create_task(reason_of(arriving, never, "a", connection))
            for connection in (growing, LARGE, LARGE)
        ]
        await asyncio.sleep(QUICK_SECONDS * 1.3)
        growing.arriving = LARGE.arriving
        first, *others = await asyncio.gather(*requests)
        # Its first place is free again.
        assert arriving.small_places.take("a")
        return first, *others

    assert asyncio.run(run()) == (
        Reason.QUEUE_FULL,
        Reason.DEADLINE_EXCEEDED,
        Reason.DEADLINE_EXCEEDED,
    )


def test_expected_size_is_each_accounts_own() -> None:
    async def run() -> list[Reason | None]:
        arriving = arrivals(max_bytes=8 * MEBIBYTE)
        for _ in range(200):
            arriving.note_accepted("large", MEBIBYTE)
        waiting = [
            asyncio.create_task(reason_of(arriving, never, "large")) for _ in range(FREE_READS)
        ]
        waiting += [
            asyncio.create_task(reason_of(arriving, never, "small")) for _ in range(FREE_READS)
        ]
        await asyncio.sleep(0)
        outcomes = [await reason_of(arriving, at_once, each) for each in ("large", "small")]
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        return outcomes

    assert asyncio.run(run()) == [Reason.QUEUE_FULL, None]


def test_request_in_several_messages_takes_places_as_it_grows() -> None:
    arriving = arrivals()
    with arriving.collecting("a") as collection:
        collection.grow(2 * MEBIBYTE)
        with pytest.raises(ServiceError) as refused, arriving.collecting("a") as another:
            another.grow(1)
        assert refused.value.reason is Reason.QUEUE_FULL
        assert "slow" not in str(refused.value)
        with arriving.collecting("b") as others:
            others.grow(2 * MEBIBYTE)
    with arriving.collecting("a") as collection:
        collection.grow(2 * MEBIBYTE)


def test_request_whose_next_message_never_comes_is_given_up() -> None:
    with pytest.raises(ServiceError) as refused:
        asyncio.run(arrivals().read_next(never))
    assert refused.value.reason is Reason.DEADLINE_EXCEEDED


def test_cancellation_stays_one() -> None:
    async def run() -> None:
        task = asyncio.create_task(reason_of(arrivals(), never, "a"))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())


def test_account_whose_requests_were_refused_is_read_more_slowly() -> None:
    async def run() -> list[bool]:
        arriving = arrivals()
        free = []
        for _ in range(5):
            reading = asyncio.create_task(reason_of(arriving, at_once, "a"))
            other = asyncio.create_task(reason_of(arriving, at_once, "b"))
            await other
            free.append(reading.done())
            reading.cancel()
            arriving.note_refused("a", MEBIBYTE)
        return free

    free = asyncio.run(run())
    # Two of the largest are free. The third one makes the account wait, and only this one.
    assert free == [True, True, True, False, False]


def test_pause_of_an_account_ends() -> None:
    async def run() -> Reason | None:
        arriving = arrivals()
        for _ in range(4):
            arriving.note_refused("a", MEBIBYTE)
        return await reason_of(arriving, at_once, "a")

    assert asyncio.run(run()) is None
