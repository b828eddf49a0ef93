"""The replies by which a worker tells a server how operations ended."""

from __future__ import annotations

from typing import NamedTuple

# Longer than any batch waits or computes. A batch that nobody answers must expire.
BATCH_TTL_MS = 600_000
REPLY_TTL_MS = 600_000


class Reply(NamedTuple):
    """The end of one operation: the bytes of its response, or of a google.rpc.Status."""

    kind: bytes
    data: bytes
    # The processor time of the worker.
    seconds: float = 0.0


RESPONSE, STATUS = b"r", b"s"
# The operation has not been run, because the batch's answers are large enough. It is sent again.
AGAIN = b"a"
# In the reply stream only: the key of a response of this many bytes or more, in its place.
LARGE = b"l"
LARGE_BYTES = 256 * 1024
