"""A pipelined connection to Redis on the event loop, for what happens with every batch.

redis-py makes the connection, so that TLS, unix sockets and passwords work. What it does for a call
(pools, locks, streams, retries) costs the event loop more than the gRPC calls of a small batch do,
so the calls go past it.
"""

from __future__ import annotations

import asyncio
import builtins
from collections import deque
from typing import Any

import hiredis
import redis.asyncio
from redis.exceptions import BusyLoadingError, ConnectionError, ResponseError, TimeoutError


class RedisPipe:
    """Sends commands, connecting when there is no connection."""

    def __init__(self, client: redis.asyncio.Redis, timeout: float) -> None:
        self._client = client
        self._timeout = timeout
        self._wire: _Wire | None = None
        self._connecting = asyncio.Lock()

    async def execute(self, *commands: tuple[Any, ...]) -> list[Any]:
        """Send commands together and return their answers.

        Raises
        ------
        redis.exceptions.RedisError
            Redis is away or slow, in which case it may have run the commands; or it has refused one
            of them.
        """
        try:
            async with asyncio.timeout(self._timeout):
                wire = self._wire
                if wire is None or wire.lost:
                    wire = await self._connect()
                answers = await wire.send(commands)
        except builtins.TimeoutError as error:
            self.close()
            raise TimeoutError("Redis does not answer") from error
        for answer in answers:
            if isinstance(answer, hiredis.ReplyError):
                kind = BusyLoadingError if str(answer).startswith("LOADING") else ResponseError
                raise kind(str(answer))
        return answers

    def close(self) -> None:
        """Give up the connection; the next call makes another."""
        if self._wire is not None:
            self._wire.close()
            self._wire = None

    async def _connect(self) -> _Wire:
        async with self._connecting:
            if self._wire is None or self._wire.lost:
                self._wire = await _Wire.open(self._client)
            return self._wire


class _Wire(asyncio.Protocol):
    """One connection, on which answers come in the order of the commands."""

    def __init__(self, connection: Any) -> None:
        # Kept, because redis-py closes a connection that nobody holds.
        self._connection = connection
        self._transport: asyncio.Transport = connection._writer.transport
        self._reader = hiredis.Reader()
        # For each call under way: who waits, the answers so far, how many there will be.
        self._waiting: deque[tuple[asyncio.Future[list[Any]], list[Any], int]] = deque()
        self.lost = False

    @classmethod
    async def open(cls, client: redis.asyncio.Redis) -> _Wire:
        connection: Any = client.connection_pool.make_connection()  # type: ignore[no-untyped-call]
        await connection.connect()
        wire = cls(connection)
        # The handshake is over and nothing is under way: from here on we are the protocol.
        wire._transport.set_protocol(wire)
        return wire

    def send(self, commands: tuple[tuple[Any, ...], ...]) -> asyncio.Future[list[Any]]:
        answered: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        self._waiting.append((answered, [], len(commands)))
        self._transport.writelines([hiredis.pack_command(command) for command in commands])
        return answered

    def close(self) -> None:
        self._transport.abort()
        self.connection_lost(None)

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        while (answer := self._reader.gets()) is not False:
            answered, answers, count = self._waiting[0]
            answers.append(answer)
            if len(answers) == count:
                self._waiting.popleft()
                if not answered.done():
                    answered.set_result(answers)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        while self._waiting:
            answered = self._waiting.popleft()[0]
            if not answered.done():
                answered.set_exception(ConnectionError(f"the connection to Redis is lost: {exc}"))
