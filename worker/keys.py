"""The names of everything that the service keeps in Redis. Nothing else knows them.

All keys of one session carry its id as their hash tag, so that they share a slot.
"""

from __future__ import annotations

ROOT = "edunn"

# Celery's queue: the key of the list that the workers pop.
QUEUE = f"{ROOT}:queue"

# Sorted set: worker id -> the time of its last sign of life, in seconds by Redis's clock.
WORKERS = f"{ROOT}:workers"


def session(caller: str, session_id: str) -> str:
    """Hash with everything that a session is and keeps; its fields are known to `lua/`.

    The caller's name is part of the key: each caller has session names of their own, and a session
    of somebody else's cannot be told from one that does not exist.
    """
    return f"{ROOT}:{{{caller}/{session_id}}}:session"


def context_order(caller: str, session_id: str) -> str:
    """List of the session's contexts, oldest first: the order of eviction."""
    return f"{ROOT}:{{{caller}/{session_id}}}:contexts"


def evicted_contexts(caller: str, session_id: str) -> str:
    """List of the contexts that the session had to give up, oldest first."""
    return f"{ROOT}:{{{caller}/{session_id}}}:evicted"


def batch(batch_id: str) -> str:
    """Hash with a batch's payload and the worker that took it. Gone as soon as it is answered."""
    return f"{ROOT}:batch:{batch_id}"


def replies(server_id: str) -> str:
    """Stream on which a server receives the replies of its batches."""
    return f"{ROOT}:replies:{server_id}"
