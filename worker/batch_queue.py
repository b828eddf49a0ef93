"""The queues that a worker reads: its own, and that of its pool."""

from __future__ import annotations

from typing import Any

import redis

from edunn_serving.pools import Pool
from edunn_serving.scripts import Command
from worker.script_connection import ScriptConnection

# One read waits this long for a batch, in seconds. A worker may notice a stop this much later.
READ_SECONDS = 1


class BatchQueue:
    """Reads messages, the worker's own ones first.

    A read can be sent along with the command that commits the batch before. This saves both sides a
    wake-up.
    """

    def __init__(self, client: redis.Redis, pool: Pool, worker_id: str) -> None:
        self._connection = ScriptConnection(client, ())
        self._own = pool.queue_of(worker_id)
        self._shared = pool.queue
        self._read: Command = ("BRPOP", self._own, self._shared, READ_SECONDS)
        # Whether a read is sent and its answer not yet received.
        self.is_reading = False

    def next(self) -> bytes | None:
        """Return the next message; None if none has come in time.

        Raises
        ------
        redis.RedisError
            Redis is away, or refuses the command.
        """
        if not self.is_reading:
            self._connection.send(self._read)
        self.is_reading = False
        answer = self._connection.receive()
        self._connection.check(answer)
        return answer[1] if answer else None

    def commit_and_read(self, commit: Command) -> Any:
        """Run a script and begin to read the next message. Return the script's answer.

        Raises
        ------
        redis.RedisError
            Redis is away and may have run the script, or refuses it.
        """
        self._connection.send(commit, self._read)
        answer = self._connection.receive()
        # An error below leaves the read under way, unless it closes the connection.
        self.is_reading = True
        try:
            self._connection.check(answer)
        finally:
            self.is_reading = self._connection.is_open
        return answer

    def leave(self) -> None:
        """Give the messages that only this worker would read to the others of the pool.

        Raises
        ------
        redis.RedisError
            Redis is away. The servers then send the batches again.
        """
        while self._connection.run(("RPOPLPUSH", self._own, self._shared))[0] is not None:
            pass

    def close(self) -> None:
        """Give up the connection."""
        self._connection.close()
        self.is_reading = False
