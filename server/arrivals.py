"""Decides which requests are read, and ends those that arrive too slowly.

gRPC gives a call that is not read 64 KiB of room and no more. Once it is read, its whole request
may come into memory, and only the last byte makes its size known. So a call is read only if there
is room for it, and a request that is not complete soon needs a place. There are many places for
small requests, because a network or a caller's machine may be slow, and few for requests of any
size. A request is small while its connection has few bytes of incomplete messages.

An account is a caller or, if nobody is asked who calls, the address of a caller.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from edunn_serving.errors import Reason, ServiceError
from edunn_serving.setting_types import MEBIBYTE
from edunn_serving.settings import Settings
from server.call import EOF, Read
from server.connections import Connection
from server.lanes import Lanes, queue_full
from server.overdue import Limit, Limits
from server.places import Places

# A request that is complete within this time needs no place.
QUICK_SECONDS = 0.25
# The places of small requests that arrive slowly.
ACCOUNT_SMALL_PLACES, SMALL_PLACES = 256, 1024
# The calls that may be read at a time, of one account and in all. gRPC has 64 KiB of each.
ACCOUNT_READS, READS = 1024, 4096
# This many of an account may be read at a time whatever size is expected.
FREE_READS = 8
# The weight of the newest request in the expected size of the account's next.
SIZE_WEIGHT = 0.05
# The accounts whose expected sizes and whose refusals are remembered. The latest are kept.
REMEMBERED = 10_000
RETRY_SECONDS = 1.0
# An account is read no faster than this, in bytes a second, as far as its requests are refused for
# their size or their parts. To read one takes as long as to read one that is served.
REFUSED_BYTES_A_SECOND = 2 * MEBIBYTE
# This many of the largest refused requests cost no pause.
FREE_REFUSALS = 2


class NotArrivedError(ServiceError):
    """A call's request has not come, or too slowly."""


class Arrivals:
    """The unary calls whose requests arrive."""

    def __init__(self, lanes: Lanes, settings: Settings) -> None:
        self._lanes = lanes
        self.seconds = settings.arrival_seconds
        # A request that arrives slowly may become as large as requests may be.
        self._place_bytes = settings.max_message_bytes
        places = max(2, settings.max_arriving_bytes // settings.max_message_bytes)
        self.places = Places(in_all=places, an_account=places // 2)
        self.small_places = Places(in_all=SMALL_PLACES, an_account=ACCOUNT_SMALL_PLACES)
        self._limits = Limits(QUICK_SECONDS / 5)
        # The calls that are being read, of each account and in all.
        self._reading: dict[str, int] = {}
        self._reads = 0
        self._expected: OrderedDict[str, float] = OrderedDict()
        # Until when each account would be read if all its refused requests came at that rate, by
        # the monotonic clock.
        self._refused_until: dict[str, float] = {}
        self._free_seconds = FREE_REFUSALS * settings.max_message_bytes / REFUSED_BYTES_A_SECOND

    async def read(
        self, read: Read, account: str, connection: Connection, *, may_be_slow: bool
    ) -> bytes:
        """Read a call's request, if there is room for it.

        Raises
        ------
        ServiceError
            QUEUE_FULL: the request is not read, or arrives slowly and there is no place for it.
            DEADLINE_EXCEEDED: it does not arrive in time. INVALID_ARGUMENT: there is none.
        """
        if not self._has_room(account):
            raise queue_full()
        arrival = Arrival(self._limits, self, account, connection, may_be_slow=may_be_slow)
        self._reading[account] = self._reading.get(account, 0) + 1
        self._reads += 1
        try:
            if self._refused_until:
                await self.pause(account)
            with arrival:
                request = await read()
        finally:
            self._reads -= 1
            _count_down(self._reading, account)
            if arrival.place is not None:
                arrival.place.give_back(account)
        if request is EOF:
            raise _no_message()
        return request if isinstance(request, bytes) else bytes(request)

    def note_accepted(self, account: str, size: int) -> None:
        """Note the size of a request that was accepted. Refused ones teach nothing."""
        expected = self._expected.get(account, 0.0)
        self._expected[account] = expected + SIZE_WEIGHT * (size - expected)
        self._expected.move_to_end(account)
        if len(self._expected) > REMEMBERED:
            self._expected.popitem(last=False)

    def note_refused(self, account: str, size: int) -> None:
        """Note the size of a request that was read in vain."""
        now = time.monotonic()
        until = max(now, self._refused_until.get(account, now)) + size / REFUSED_BYTES_A_SECOND
        self._refused_until[account] = until
        if len(self._refused_until) > REMEMBERED:
            del self._refused_until[next(iter(self._refused_until))]

    async def pause(self, account: str) -> None:
        """Wait before an account is read, if too many bytes of it were refused lately."""
        while (until := self._refused_until.get(account)) is not None:
            now = time.monotonic()
            if until <= now:
                del self._refused_until[account]
            if until - self._free_seconds <= now:
                return
            await asyncio.sleep(until - self._free_seconds - now)

    @contextmanager
    def collecting(self, account: str) -> Iterator[Collection]:
        """Give the collection of a request that comes in several messages, and end it."""
        collection = Collection(self, account, self._place_bytes)
        try:
            yield collection
        finally:
            for _ in range(collection.places):
                self.places.give_back(account)

    async def read_next(self, read: Read) -> Any:
        """Read the next message of a request that comes in several, or that it has ended.

        Raises
        ------
        ServiceError
            DEADLINE_EXCEEDED: it does not arrive in time.
        """
        with self._limits.start(self.seconds, lambda: _too_late(self.seconds)):
            return await read()

    def _has_room(self, account: str) -> bool:
        reading = self._reading.get(account, 0)
        if reading < FREE_READS:
            return self._lanes.has_room_for(account, 1, 0)
        if reading >= ACCOUNT_READS or self._reads >= READS:
            return False
        expected = self._expected.get(account, 0.0)
        return self._lanes.has_room_for(account, reading + 1, int((reading + 1) * expected))


class Collection:
    """A request that comes in several messages. It takes more places as it grows."""

    def __init__(self, arrivals: Arrivals, account: str, place_bytes: int) -> None:
        self._arrivals = arrivals
        self._account = account
        self._place_bytes = place_bytes
        self.places = 0

    def grow(self, size: int) -> None:
        """Note that the request has this many bytes by now.

        Raises
        ------
        ServiceError
            QUEUE_FULL: there is no place for it.
        """
        while size > self.places * self._place_bytes:
            if not self._arrivals.places.take(self._account):
                raise _no_place(f"{size} bytes of the request have arrived, and large ones of you")
            self.places += 1


class Arrival(Limit):
    """One request on its way."""

    __slots__ = ("_account", "_arrivals", "_connection", "_end", "_may_be_slow", "place")

    def __init__(
        self,
        limits: Limits,
        arrivals: Arrivals,
        account: str,
        connection: Connection,
        *,
        may_be_slow: bool,
    ) -> None:
        super().__init__(limits, QUICK_SECONDS)
        self._end = self.until + arrivals.seconds
        self._arrivals = arrivals
        self._account = account
        self._connection = connection
        self._may_be_slow = may_be_slow
        # The kind of its place; None if it needs none yet.
        self.place: Places | None = None

    def on_over(self) -> ServiceError | float:
        """Take a place and return the time until the next look; or return why it is refused."""
        seconds = self._end - time.monotonic()
        if self.place is not None and seconds <= 0:
            return _too_late(self._arrivals.seconds)
        if not (self._may_be_slow and self._take_place()):
            why = "the request arrives slowly, and slow ones of you"
            # A large request on a slow network is no flood.
            return _no_place(why, is_sent=not self._connection.has_small_calls())
        return seconds if self.place is self._arrivals.places else min(seconds, QUICK_SECONDS)

    def _take_place(self) -> bool:
        """Take a place of the right kind, unless the request has it; False if there is none."""
        arrivals = self._arrivals
        is_small = self._connection.has_small_calls()
        kind = arrivals.small_places if is_small else arrivals.places
        if self.place is kind or self.place is arrivals.places:
            return True
        if not kind.take(self._account):
            return False
        if self.place is not None:
            self.place.give_back(self._account)
        self.place = kind
        return True


def _count_down(counts: dict[str, int], account: str) -> None:
    """Subtract one, and forget an account that has none."""
    count = counts[account]
    if count <= 1:
        del counts[account]
    else:
        counts[account] = count - 1


def _no_place(why: str, *, is_sent: bool = True) -> ServiceError:
    kind = ServiceError if is_sent else NotArrivedError
    return kind(
        Reason.QUEUE_FULL,
        f"{why} or of others have all the places: try again shortly",
        retry_after=RETRY_SECONDS,
    )


def _no_message() -> ServiceError:
    missing = "expected a message, got none"
    return NotArrivedError(
        Reason.INVALID_ARGUMENT, f"request: {missing}", violations=[("request", missing)]
    )


def _too_late(seconds: float) -> ServiceError:
    return NotArrivedError(
        Reason.DEADLINE_EXCEEDED,
        f"the request did not arrive within {seconds:g} s",
        metadata={"limit_seconds": f"{seconds:g}"},
    )
