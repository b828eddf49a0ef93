"""The names of everything that the service keeps in Redis. Nothing else knows them.

All keys of one session carry its id as their hash tag, so that they share a slot.
"""

from __future__ import annotations

from typing import NamedTuple

# The number grows with each change of form: sessions of an older form are then not found.
ROOT = "edunn:2"


class SessionKey(NamedTuple):
    """Names a session: its id is one of its caller's own."""

    caller: str
    session_id: str


def queue(pool: str) -> str:
    """List of what the workers of a pool are to run."""
    return f"{ROOT}:queue:{pool}"


def signs_of_life(pool: str) -> str:
    """Sorted set: worker id -> the time of its last sign of life, in seconds by Redis's clock."""
    return f"{ROOT}:workers:{pool}"


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
# There once the session has forgotten the oldest of its evicted contexts.
FORGOTTEN = "forgotten"
# The key of the batch whose turn it is to change the session, after it has met with many conflicts.
TURN = "turn"

# What stands before a layer's name. The scripts put fields together themselves.

# The batch that changed a layer last: another one has run in between if it is another.
LAST_BATCH = "last-batch/"
# How many of a layer's forwards the service has numbered.
COUNT = "count/"
# The id of a layer's latest tracked forward.
LATEST = "latest/"
# What the backward of a forward needs: behind the layer's name a slash and the forward's id.
CONTEXT = "context/"
# How often a slot of a layer has been set: behind it the slot's name, a slash, and the layer's.
VERSION = "version/"

# The names by which the scripts know the fields.
FIELDS = {
    "record": RECORD,
    "revision": REVISION,
    "context_bytes": CONTEXT_BYTES,
    "forgotten": FORGOTTEN,
    "turn": TURN,
    "last_batch": LAST_BATCH,
    "count": COUNT,
    "latest": LATEST,
    "context": CONTEXT,
    "version": VERSION,
}


def count(layer: str) -> str:
    """How many of a layer's forwards the service has numbered."""
    return COUNT + layer


def latest(layer: str) -> str:
    """The id of a layer's latest tracked forward."""
    return LATEST + layer


def context(layer: str, forward_id: str) -> str:
    """What the backward of a forward needs; of an evicted one only the header."""
    return f"{CONTEXT}{layer}/{forward_id}"


def slot(name: str, layer: str) -> str:
    """The arrays of a slot of a layer."""
    return f"{name}/{layer}"


def version(slot_name: str, layer: str) -> str:
    """How often a slot of a layer has been set."""
    return f"{VERSION}{slot_name}/{layer}"
