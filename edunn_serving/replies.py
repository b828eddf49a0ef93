"""How an operation ended, as a worker tells the server."""

from __future__ import annotations

from typing import NamedTuple

# Longer than any batch waits or computes; a batch that nobody answers must not stay for ever.
BATCH_TTL_MS = 600_000
REPLY_TTL_MS = 600_000


class Reply(NamedTuple):
    """How one operation ended: with the bytes of its response, or of a google.rpc.Status."""

    kind: bytes
    data: bytes
    # How long a worker computed it, of its own time.
    seconds: float = 0.0


RESPONSE, STATUS = b"r", b"s"
# The operation has not been run, because the batch has answered enough: it is to be sent again.
AGAIN = b"a"
# In the reply stream only: the key of a response, in place of a response of so many bytes or more.
LARGE = b"l"
LARGE_BYTES = 256 * 1024
