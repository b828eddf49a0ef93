"""Large requests that Redis gets while they wait for their batch.

The operations of a session wait while its batch before is with a worker. Redis would have nothing
to do meanwhile, and the worker would wait later until Redis had the requests.
"""

from __future__ import annotations

from itertools import count

from edunn_serving import keys
from edunn_serving.batch_message import LARGE_REQUEST_BYTES
from server.operation import PendingOperation
from server.redis_link import RedisLink
from server.redis_pipe import ignore_answer

# The bytes that may lie in Redis for operations that have not left.
MOST_BYTES = 8 * 1024 * 1024
# A request that waits for longer is sent again with its batch.
UPLOAD_TTL_MS = 60_000


class Uploads:
    """The uploaded requests of one server."""

    def __init__(self, link: RedisLink, server_id: str) -> None:
        self._link = link
        self._server_id = server_id
        self._numbers = count()
        self._bytes = 0

    def begin(self, operation: PendingOperation) -> None:
        """Upload the request of an operation that waits, if it is large."""
        if operation.size < LARGE_REQUEST_BYTES or self._bytes + operation.size > MOST_BYTES:
            return
        key = keys.upload(self._server_id, next(self._numbers))
        operation.uploaded_as = key
        self._bytes += operation.size
        # A batch whose requests are missing is sent again with them.
        self._link.sender.send(("SET", key, operation.request, "PX", UPLOAD_TTL_MS), ignore_answer)
        operation.reply.add_done_callback(lambda _: self._forget(operation))

    def take(self, operation: PendingOperation) -> str:
        """Return where the request lies; empty if it is not uploaded. It is then the batch's."""
        key, operation.uploaded_as = operation.uploaded_as, ""
        if key:
            self._bytes -= operation.size
        return key

    def _forget(self, operation: PendingOperation) -> None:
        """Remove the request of an operation that has ended before it left."""
        if key := self.take(operation):
            self._link.sender.send(("UNLINK", key), ignore_answer)
