"""What a fork leaves of connections.

gRPC's threads do not come along into a child process. It mends a connection that rests, and leaves
one broken that is in use; the first call in the child would then wait for ever.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol
from weakref import WeakSet


class Forked(Protocol):
    """Something that has to begin anew in a child process."""

    def _begin_anew(self) -> None: ...


# Things in use at this moment; sets, because adding and discarding is atomic.
in_use: set[object] = set()
_connections: WeakSet[Forked] = WeakSet()
_asyncio_was_used = False
_broken = False


def watch(connection: Forked) -> None:
    """Have a connection begin anew in every child process."""
    _connections.add(connection)


def note_asyncio() -> None:
    """Note that gRPC's asyncio side runs: its thread is always in use."""
    global _asyncio_was_used
    _asyncio_was_used = True


@contextmanager
def using() -> Iterator[None]:
    """Note that gRPC is in use as long as the block lasts."""
    mark = object()
    in_use.add(mark)
    try:
        yield
    finally:
        in_use.discard(mark)


def check() -> None:
    """Raise where this process cannot use gRPC any more.

    Raises
    ------
    RuntimeError
        It was forked from one that was using it.
    """
    if _broken:
        raise RuntimeError(
            "this process was forked while its parent had a stream or a call under way, or an "
            "asyncio client, and gRPC does not work in it: fork before, or start processes by "
            "multiprocessing's 'spawn'"
        )


def _after_in_child() -> None:
    global _broken
    _broken = _broken or _asyncio_was_used or (bool(in_use) and not _mends_used_connections())
    in_use.clear()
    for connection in tuple(_connections):
        connection._begin_anew()


def _mends_used_connections() -> bool:
    """Tell whether gRPC was told, before it was imported, to expect forks at any time."""
    return os.environ.get("GRPC_ENABLE_FORK_SUPPORT", "").lower() in ("1", "true", "yes", "on")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_in_child)
