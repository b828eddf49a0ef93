"""Lists the live workers, and matches their ids with processes."""

from __future__ import annotations

from edunn_serving.pools import LAYERS
from standalone.processes import Child
from standalone.stack import Stack


def live_workers(stack: Stack) -> set[bytes]:
    """Return the ids of the workers that give signs of life."""
    heard = stack.redis_client().zrange(LAYERS.signs_of_life, 0, -1)
    return {each for each in heard if isinstance(each, bytes)}


def is_id_of(worker_id: bytes, child: Child) -> bool:
    """Tell whether an id belongs to the worker of this process. It contains the process id."""
    return f"-{child.pid}-" in worker_id.decode()
