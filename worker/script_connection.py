"""The connection on which a worker runs the scripts.

redis-py makes the connection, so that TLS, unix sockets and passwords work. The calls bypass it: it
spends more time on a call than Redis does, and a batch makes two calls. Measured in one run, calls
through redis-py took a sixth more of the workers' time, and a lone caller waited longer.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import hiredis
import redis

from edunn_serving.redis_connections import RedisRefuses, error_of, new_connection
from edunn_serving.redis_protocol import pieces_of
from edunn_serving.scripts import Command, Script

RECEIVE_BYTES = 1 << 18


class ScriptConnection:
    """Runs scripts and other commands. It connects when there is no connection."""

    def __init__(self, client: redis.Redis, scripts: Sequence[Script]) -> None:
        self._client = client
        self._connection: Any = None
        self._socket: socket.socket | None = None
        self._reader = hiredis.Reader()
        self._scripts = scripts

    @property
    def is_open(self) -> bool:
        """Whether there is a connection. Redis may have broken it since."""
        return self._socket is not None

    def run(self, *commands: Command) -> list[Any]:
        """Run commands in one round trip and return their answers.

        Raises
        ------
        redis.ConnectionError
            Redis is away and may have run the commands, or it refuses one for now.
        redis.OutOfMemoryError
            Redis has no memory left.
        redis.ResponseError
            One of them is wrong.
        """
        answers = self._exchange(*commands)
        if any(_is_missing_script(answer) for answer in answers):
            # Redis has restarted, or somebody has flushed its scripts.
            self._exchange(*(("SCRIPT", "LOAD", script.text) for script in self._scripts))
            answers = self._exchange(*commands)
        for answer in answers:
            self.check(answer)
        return answers

    def check(self, answer: Any) -> None:
        """Raise the error that an answer is, as `run` does."""
        if isinstance(answer, hiredis.ReplyError):
            error = error_of(str(answer))
            if isinstance(error, RedisRefuses):
                # The address may lead to another Redis by now.
                self.close()
            raise error

    def send(self, *commands: Command) -> None:
        """Send commands. The answers are to be received in the commands' order.

        Raises
        ------
        redis.ConnectionError
            Redis is away.
        """
        with self._closed_by_errors():
            if self._socket is None:
                self._socket = self._connect()
            packed = [piece for each in commands for piece in pieces_of(each)]
            # A large value is not copied once more.
            together = sum(map(len, packed)) < RECEIVE_BYTES
            for part in [b"".join(packed)] if together else packed:
                self._socket.sendall(part)

    def receive(self) -> Any:
        """Receive the next answer. An error of Redis is returned as a hiredis.ReplyError.

        Raises
        ------
        redis.ConnectionError
            Redis is away. It may have run the commands that were sent.
        """
        with self._closed_by_errors():
            while (answer := self._reader.gets()) is False:
                if self._socket is None:
                    raise ConnectionResetError("the connection was given up")
                data = self._socket.recv(RECEIVE_BYTES)
                if not data:
                    raise ConnectionResetError("Redis closed the connection")
                self._reader.feed(data)
            return answer

    def _exchange(self, *commands: Command) -> list[Any]:
        self.send(*commands)
        return [self.receive() for _ in commands]

    @contextmanager
    def _closed_by_errors(self) -> Iterator[None]:
        """Close the connection at an error, and name an error of the connection as redis-py does.

        An error such as MemoryError may come in the middle of an answer. The rest of that answer
        must not be read as the next one.
        """
        try:
            yield
        except (OSError, hiredis.ProtocolError) as error:
            self.close()
            raise redis.ConnectionError(str(error)) from error
        except BaseException:
            self.close()
            raise

    def _connect(self) -> socket.socket:
        self._connection = new_connection(self._client)
        self._connection.connect()
        self._reader = hiredis.Reader()
        connected: socket.socket = self._connection._sock
        return connected

    def close(self) -> None:
        """Give up the connection; the next command makes a new one."""
        if self._connection is not None:
            self._connection.disconnect()
        self._connection = self._socket = None


def _is_missing_script(answer: object) -> bool:
    return isinstance(answer, hiredis.ReplyError) and str(answer).startswith("NOSCRIPT")
