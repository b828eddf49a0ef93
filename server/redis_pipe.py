"""A pipelined connection to Redis on the event loop, for what happens with every batch.

redis-py makes the connection, so that TLS, unix sockets and passwords work. What it does for a call
(pools, locks, streams, retries) costs the event loop more than the gRPC calls of a small batch do,
so the calls go past it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any

import hiredis
import redis.asyncio
from redis.exceptions import BusyLoadingError, ConnectionError, ResponseError

from worker.scripts import Script

# What Redis refused a command with.
Refusal = hiredis.ReplyError


class RedisPipe:
    """Sends commands, connecting when there is no connection.

    It waits for an answer as long as the connection stands: whoever finds Redis silent closes it.
    """

    def __init__(self, client: redis.asyncio.Redis) -> None:
        self._client = client
        self._wire: _Wire | None = None
        self._connecting = asyncio.Lock()

    async def execute(self, *command: Any) -> Any:
        """Send a command and return its answer.

        Raises
        ------
        redis.exceptions.RedisError
            Redis is away, in which case it may have run the command; or it has refused it.
        """
        wire = self._wire
        if wire is None or wire.lost:
            wire = await self._connect()
        answer = await wire.send(hiredis.pack_command(command))
        if isinstance(answer, Refusal):
            loading = str(answer).startswith("LOADING")
            raise (BusyLoadingError if loading else ResponseError)(str(answer))
        return answer

    async def run_script(
        self, script: Script, keys: Sequence[Any], arguments: Sequence[Any]
    ) -> Any:
        """Run a Lua script and return its answer; it raises what `execute` raises."""
        try:
            return await self.execute(*script.command(keys, arguments))
        except ResponseError as error:
            if not str(error).startswith("NOSCRIPT"):
                raise
        return await self.execute("EVAL", script.text, len(keys), *keys, *arguments)

    def close(self) -> None:
        """Give up the connection and what it waits for; the next call makes another."""
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
        self._waiting: deque[asyncio.Future[Any]] = deque()
        self.lost = False

    @classmethod
    async def open(cls, client: redis.asyncio.Redis) -> _Wire:
        connection: Any = client.connection_pool.make_connection()  # type: ignore[no-untyped-call]
        await connection.connect()
        wire = cls(connection)
        # The handshake is over and nothing is under way: from here on we are the protocol.
        wire._transport.set_protocol(wire)
        return wire

    def send(self, command: bytes) -> asyncio.Future[Any]:
        answered: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append(answered)
        self._transport.write(command)
        return answered

    def close(self) -> None:
        self._transport.abort()
        self.connection_lost(None)

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        while (answer := self._reader.gets()) is not False:
            answered = self._waiting.popleft()
            if not answered.done():
                answered.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        while self._waiting:
            answered = self._waiting.popleft()
            if not answered.done():
                answered.set_exception(ConnectionError(f"the connection to Redis is lost: {exc}"))
