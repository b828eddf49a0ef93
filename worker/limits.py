"""What an operation is estimated to take before it begins, and what it may take.

NumPy cannot be interrupted, and where memory ends many a library ends the process. So an operation
that would take too much is refused by its estimate. `RLIMIT_DATA` is only the last resort.
"""

from __future__ import annotations

import resource
from typing import NamedTuple

from edunn.estimate import BESIDES
from edunn_serving.errors import Reason, ServiceError
from edunn_serving.memory import give_back_freed_memory
from edunn_serving.settings import MEBIBYTE, Settings

# What a worker takes before it does anything (the interpreter, NumPy, stacks of threads), and what
# the C library keeps of freed memory.
RESERVE_BYTES = 192 * MEBIBYTE
# Redis closes the connection over a value of 512 MiB or more, and over a command of 1 GiB.
MAX_STORED_BYTES = 500 * MEBIBYTE
# What the operations of a batch may answer and store together before the rest is sent again.
MAX_BATCH_RESULT_BYTES = 64 * MEBIBYTE
# The request lies in memory as the bytes from Redis, as a message, and as arrays.
REQUEST_COPIES = 3
# An answer or a context is put together beside its arrays, and then packed into a command.
RESULT_COPIES = 2
# So many bytes of a message come on top of its tensors.
MESSAGE_BYTES = 4096
# So much any operation may take, without a look at how much memory there is left.
SMALL_BYTES = 32 * MEBIBYTE


class Charge(NamedTuple):
    """What an operation is estimated to take."""

    # In the units of `edunn.estimate`, about a nanosecond of one core each.
    work: int = 0
    # Bytes at the peak, with all copies of request, answer and context.
    memory: int = BESIDES
    # Bytes of the answer.
    answer: int = 0
    # Bytes of the largest value that is stored.
    stored: int = 0


def check(charge: Charge, settings: Settings) -> None:
    """Refuse an operation that would take too much.

    Raises
    ------
    ServiceError
        TOO_LARGE, with the estimate and the limit that it exceeds.
    """
    if charge.work > settings.operation_work:
        raise too_large("units of work", charge.work, settings.operation_work)
    if charge.answer > answer_limit(settings):
        raise too_large("bytes of answer", charge.answer, answer_limit(settings))
    if charge.stored > MAX_STORED_BYTES:
        raise too_large("bytes in the store", charge.stored, MAX_STORED_BYTES)
    if charge.memory > SMALL_BYTES:
        _check_memory(charge.memory, operation_memory(settings))


def is_small(charge: Charge, settings: Settings) -> bool:
    """Tell whether an operation may run whatever else the worker keeps."""
    return (
        charge.work <= settings.operation_work
        and charge.memory <= SMALL_BYTES
        and charge.answer <= answer_limit(settings)
    )


def _check_memory(estimate: int, limit: int) -> None:
    if estimate <= limit and estimate > memory_left():
        give_back_freed_memory()
        limit = memory_left()
    if estimate > limit:
        raise too_large("bytes of memory", estimate, limit)


def operation_memory(settings: Settings) -> int:
    """Return how many bytes an operation may take beside all else that a worker keeps."""
    memory = settings.worker_memory_bytes
    results = RESULT_COPIES * MAX_BATCH_RESULT_BYTES
    taken = RESERVE_BYTES + cache_limit(settings) + results
    return max(memory - taken, SMALL_BYTES)


def cache_limit(settings: Settings) -> int:
    """Return how many bytes of layers a worker keeps ready: not all memory can be for them."""
    return min(settings.worker_cache_bytes, settings.worker_memory_bytes // 4)


def parameter_limit(settings: Settings) -> int:
    """Return how many bytes of parameters a session may have.

    Where a worker has little memory, these are fewer than the setting says: they are drawn, laid
    out as a message and sent.
    """
    return min(
        settings.session_parameter_bytes,
        MAX_STORED_BYTES,
        operation_memory(settings) // (1 + RESULT_COPIES),
    )


def answer_limit(settings: Settings) -> int:
    """Return how many bytes an answer may have."""
    return min(settings.max_message_bytes, MAX_STORED_BYTES)


def memory_left() -> int:
    """Return how many bytes the worker can still ask the system for."""
    limit, _ = resource.getrlimit(resource.RLIMIT_DATA)
    if limit == resource.RLIM_INFINITY:
        limit = 2**63
    with open("/proc/self/statm", encoding="ascii") as file:
        # What the limit counts: data and stacks, in pages.
        pages = int(file.read().split()[5])
    return max(0, limit - pages * resource.getpagesize())


def too_large(what: str, estimate: int, limit: int) -> ServiceError:
    """Return the error of an operation that would take too much of something."""
    return ServiceError(
        Reason.TOO_LARGE,
        f"the operation would take about {estimate} {what}, {limit} are allowed: send less at once",
        metadata={"what": what, "estimate": str(estimate), "limit": str(limit)},
    )
