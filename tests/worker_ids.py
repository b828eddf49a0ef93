"""Which process a worker's id belongs to."""

from __future__ import annotations

from standalone.processes import Child


def is_id_of(worker_id: bytes, child: Child) -> bool:
    """Tell whether an id is the worker's that runs in this process: it contains the process id."""
    return f"-{child.pid}-" in worker_id.decode()
