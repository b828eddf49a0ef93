"""The names of everything that the service keeps in Redis. Nothing else knows them.

All keys of one session carry its id as their hash tag, so that they share a slot.
"""

from __future__ import annotations

from typing import NamedTuple

ROOT = "edunn"

# List of the messages of batches. The workers pop it.
QUEUE = f"{ROOT}:queue"

# Sorted set: worker id -> the time of its last sign of life, in seconds by Redis's clock.
WORKERS = f"{ROOT}:workers"


class SessionKey(NamedTuple):
    """Names a session: its id is one of its caller's own."""

    caller: str
    session_id: str


def session(caller: str, session_id: str) -> str:
    """Hash with everything that a session is and keeps, in the fields below.

    The caller's name is part of the key: each caller has session names of their own, and a session
    of somebody else's cannot be told from one that does not exist.
    """
    return f"{ROOT}:{{{caller}/{session_id}}}:session"


def context_order(caller: str, session_id: str) -> str:
    """List of the fields of the session's contexts, oldest first: the order of eviction."""
    return f"{ROOT}:{{{caller}/{session_id}}}:contexts"


def evicted_contexts(caller: str, session_id: str) -> str:
    """List of the fields of contexts that the session had to give up, oldest first."""
    return f"{ROOT}:{{{caller}/{session_id}}}:evicted"


def batch(batch_id: str) -> str:
    """List of a batch's requests. Gone as soon as the batch is answered or taken back."""
    return f"{ROOT}:batch:{batch_id}"


def holder(batch_id: str) -> str:
    """The id of the worker that took a batch; see `overrun_holder` too."""
    return f"{ROOT}:holder:{batch_id}"


def overrun_holder(worker_id: str, number: int) -> str:
    """The value of a batch's holder that a worker leaves when it ends over an operation of it."""
    return f"{worker_id} {number}"


def read_holder(value: str) -> tuple[str, int | None]:
    """Return the worker that a batch's holder names, and the operation over which it ended."""
    worker_id, _, number = value.partition(" ")
    return worker_id, int(number) if number else None


def abandoned(batch_id: str) -> str:
    """Set of the numbers of a batch's operations that nobody awaits any more."""
    return f"{ROOT}:abandoned:{batch_id}"


def large_result(batch_id: str, number: int) -> str:
    """A result of a batch that is too large for the reply stream."""
    return f"{ROOT}:result:{batch_id}:{number}"


def replies(server_id: str) -> str:
    """Stream on which a server receives the replies of its batches."""
    return f"{ROOT}:replies:{server_id}"


# The fields of a session's hash. Layer names have no slash, so no two fields collide.

# A SessionRecord, and what changes whenever it does.
RECORD = "record"
REVISION = "revision"
# How many bytes of the budget the contexts take. Missing while there has been none.
CONTEXT_BYTES = "context-bytes"
# The key of the batch whose turn it is to change the session, after it has met with many conflicts.
TURN = "turn"


def last_batch(layer: str) -> str:
    """The batch that changed a layer last: another one has run in between if it is another."""
    return f"last-batch/{layer}"


def parameters(layer: str) -> str:
    """A layer's parameters."""
    return f"parameters/{layer}"


def parameters_version(layer: str) -> str:
    """How often a layer's parameters have been set."""
    return f"parameters-version/{layer}"


def buffers(layer: str) -> str:
    """A layer's buffers."""
    return f"buffers/{layer}"


def buffers_version(layer: str) -> str:
    """How often a layer's buffers have been set."""
    return f"buffers-version/{layer}"


def count(layer: str) -> str:
    """How many of a layer's forwards the service has numbered."""
    return f"count/{layer}"


def latest(layer: str) -> str:
    """The id of a layer's latest tracked forward."""
    return f"latest/{layer}"


def context(layer: str, forward_id: str) -> str:
    """What the backward of a forward needs. Empty where it was evicted."""
    return f"context/{layer}/{forward_id}"
