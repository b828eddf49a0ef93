"""Settings of a process's memory: the C library's and those of Python's garbage collector."""

from __future__ import annotations

import ctypes
import gc

# Constants of <malloc.h>.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
# The largest value that glibc accepts.
MMAP_THRESHOLD_BYTES = 32 * 1024 * 1024
KEPT_BYTES = 128 * 1024 * 1024


def keep_freed_memory() -> None:
    """Let the C library keep freed memory for the next tensor, if it has this setting.

    By default glibc gives the memory of a tensor of a few MiB back to the system and asks for it
    again at once. The system then clears each page anew. With 4 MiB tensors that was two thirds of
    a worker's processor time and nearly half of a server's. At most 128 MiB are kept.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD_BYTES)
        mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)


def give_back_freed_memory() -> None:
    """Give the freed memory that the C library keeps back to the system, if it can do this.

    Kept memory counts towards the limit, although the next large array may not fit into it.
    """
    malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if malloc_trim is not None:
        malloc_trim(0)


def calm_garbage_collector() -> None:
    """Let Python look for circles of garbage less often, and not among permanent objects.

    It is called after the set-up. grpc.aio leaves a few hundred bytes in circles for each call. No
    object of ours needs the collector.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)
