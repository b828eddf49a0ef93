"""How a process asks the system for memory, and gives it back."""

from __future__ import annotations

import ctypes
import gc

# Of <malloc.h>.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
# The largest that glibc takes.
MMAP_THRESHOLD_BYTES = 32 * 1024 * 1024
KEPT_BYTES = 128 * 1024 * 1024


def keep_freed_memory() -> None:
    """Let the C library keep freed memory for the next tensor, where it can be told to.

    By default glibc gives what a tensor of a few MiB took back to the system and asks for it again
    at once; each page is then cleared anew. With 4 MiB tensors that was two thirds of a worker's
    processor time and nearly half of a server's. At most 128 MiB are kept.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD_BYTES)
        mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)


def give_back_freed_memory() -> None:
    """Give the system what the C library has kept, where it can be told to.

    What it keeps counts as taken, though the next large array may not fit into it.
    """
    malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if malloc_trim is not None:
        malloc_trim(0)


def calm_garbage_collector() -> None:
    """Let Python look for circles of garbage less often, and not among what stays for ever.

    Called once all is set up. grpc.aio leaves a few hundred bytes in circles for each call; nothing
    of ours waits for the collector.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)
