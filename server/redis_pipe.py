"""A pipelined connection to Redis on the event loop, for the commands of every batch.

redis-py makes the connection, so that TLS, unix sockets and passwords work. The commands bypass it:
its pools, locks, streams and retries cost the event loop more than the gRPC calls of a small batch.
An answer is handed over in the turn of the loop in which it comes.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import hiredis
import redis.asyncio
from redis.exceptions import ConnectionError

from edunn_serving.redis_connections import error_of, new_connection
from edunn_serving.redis_protocol import pieces_of
from edunn_serving.scripts import Command, Script

# Takes an answer or, if there is none, a RedisError.
OnAnswer = Callable[[Any], None]


class RedisPipe:
    """Sends commands over one connection.

    A command waits for its answer as long as the connection stands. The owner closes the connection
    when Redis is silent. `on_loss` is called when Redis closes it.
    """

    def __init__(
        self,
        client: redis.asyncio.Redis,
        on_loss: Callable[[Exception], None],
        scripts: Sequence[Script] = (),
    ) -> None:
        self._client = client
        self._on_loss = on_loss
        self._scripts = scripts
        self._wire: _Wire | None = None
        # Takes each message of a channel that the connection has subscribed to.
        self.on_message: OnAnswer = ignore_answer

    async def connect(self) -> None:
        """Make a new connection and load the scripts into Redis.

        Raises
        ------
        redis.exceptions.RedisError, OSError
            Redis is away.
        """
        self.close()
        wire = await _Wire.open(
            self._client, self._on_loss, lambda message: self.on_message(message)
        )
        for script in self._scripts:
            await wire.execute("SCRIPT", "LOAD", script.text)
        self._wire = wire

    def send(self, command: Command, on_answer: OnAnswer) -> None:
        """Send a command. Without a connection the answer is at once a ConnectionError."""
        if self._wire is None:
            on_answer(ConnectionError("there is no connection to Redis"))
        else:
            self._wire.send(command, on_answer)

    def close(self) -> None:
        """Give up the connection. Commands without an answer get a ConnectionError."""
        if self._wire is not None:
            self._wire.close()
            self._wire = None


def ignore_answer(answer: Any) -> None:
    """Take an answer that nothing depends on, or a message that nobody has asked for."""


class _Wire(asyncio.Protocol):
    """One connection, on which answers come in the order of the commands."""

    def __init__(
        self, connection: Any, on_loss: Callable[[Exception], None], on_message: OnAnswer
    ) -> None:
        # redis-py closes a connection that nobody refers to.
        self._connection = connection
        self._transport: asyncio.Transport = connection._writer.transport
        self._reader = hiredis.Reader()
        self._waiting: deque[OnAnswer] = deque()
        self._on_loss = on_loss
        self._on_message = on_message
        self._lost: Exception | None = None

    @classmethod
    async def open(
        cls,
        client: redis.asyncio.Redis,
        on_loss: Callable[[Exception], None],
        on_message: OnAnswer,
    ) -> _Wire:
        connection = new_connection(client)
        await connection.connect()
        wire = cls(connection, on_loss, on_message)
        # redis-py's handshake is over. From here on this object is the transport's protocol.
        wire._transport.set_protocol(wire)
        return wire

    def send(self, command: Command, on_answer: OnAnswer) -> None:
        if self._lost is not None:
            on_answer(self._lost)
        else:
            self._waiting.append(on_answer)
            self._transport.writelines(pieces_of(command))

    async def execute(self, *command: Any) -> Any:
        answered: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        def settle(answer: Any) -> None:
            if answered.done():
                return
            if isinstance(answer, Exception):
                answered.set_exception(answer)
            else:
                answered.set_result(answer)

        self.send(command, settle)
        return await answered

    def close(self) -> None:
        self._transport.abort()
        # redis-py would warn of a connection that it has not closed itself.
        self._connection._writer = None
        self._end(ConnectionError("the connection to Redis was given up"))

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        while self._lost is None and (answer := self._reader.gets()) is not False:
            if isinstance(answer, hiredis.ReplyError):
                answer = error_of(str(answer))
            # A connection that listens to a channel sends no commands, so nothing waits then.
            (self._waiting.popleft() if self._waiting else self._on_message)(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._lost is None:
            why = ConnectionError(f"the connection to Redis is lost: {exc}")
            self._end(why)
            self._on_loss(why)

    def _end(self, why: ConnectionError) -> None:
        self._lost = why
        while self._waiting:
            self._waiting.popleft()(why)
