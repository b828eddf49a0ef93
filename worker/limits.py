"""The charge of an operation, and the limits that it is checked against before it begins.

NumPy cannot be interrupted, and many libraries end the process when memory runs out. An operation
that would take too much is therefore refused by its charge. `RLIMIT_DATA` is only the last resort.
"""

from __future__ import annotations

import resource
from typing import NamedTuple

from edunn.estimate import BESIDES
from edunn_serving.errors import Reason, ServiceError
from edunn_serving.machine_memory import available_bytes
from edunn_serving.memory import give_back_freed_memory
from edunn_serving.replies import FREE_ANSWER_BYTES
from edunn_serving.setting_types import MEBIBYTE
from edunn_serving.settings import Settings

# The memory of an idle worker (the interpreter, NumPy, stacks of threads), and the freed memory
# that the C library keeps.
RESERVE_BYTES = 192 * MEBIBYTE
# Redis closes the connection over a value of 512 MiB or more, and over a command of 1 GiB.
MAX_STORED_BYTES = 500 * MEBIBYTE
# After the operations of a batch have answered and stored this much, the others are sent again.
MAX_BATCH_RESULT_BYTES = 64 * MEBIBYTE
# A request is in memory as the bytes from Redis, as a message, and as arrays.
REQUEST_COPIES = 3
# An answer or a context is in memory as an encoded message and as a part of a command.
RESULT_COPIES = 2
# The bytes of a message beside its tensors.
MESSAGE_BYTES = 4096
# Any operation may take this much, whatever memory is left.
SMALL_BYTES = 32 * MEBIBYTE
# An operation with more work is sent again alone, so that other sessions do not wait for it. In
# units of `edunn.estimate`: about 40 ms.
SHARED_WORK = 40_000_000
# After a batch has computed for this long, the sessions that have not begun are sent again. Another
# worker may be free.
LONGEST_SHARED_SECONDS = 0.1
# To draw a parameter takes this much work for each of its bytes.
DRAWING_WORK = 2
# A unit of work is about a nanosecond of one core.
SECONDS_OF_WORK = 1e-9


class Charge(NamedTuple):
    """The work, memory and bytes that an operation is estimated to take."""

    # In units of `edunn.estimate`.
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
    """Tell whether an operation may run without a check of memory and of room."""
    return (
        charge.work <= min(settings.operation_work, SHARED_WORK)
        and charge.memory <= SMALL_BYTES
        and charge.answer <= min(FREE_ANSWER_BYTES, answer_limit(settings))
    )


def _check_memory(estimate: int, limit: int) -> None:
    if estimate <= limit and estimate > memory_left():
        give_back_freed_memory()
        limit = memory_left()
    if estimate > limit:
        raise too_large("bytes of memory", estimate, limit)


def operation_memory(settings: Settings) -> int:
    """Return the bytes that an operation may take besides the memory that a worker keeps."""
    memory = settings.worker_memory_bytes
    results = RESULT_COPIES * MAX_BATCH_RESULT_BYTES
    taken = RESERVE_BYTES + cache_limit(settings) + results
    return max(memory - taken, SMALL_BYTES)


def cache_limit(settings: Settings) -> int:
    """Return the bytes of layers that a worker keeps ready: at most a part of its memory."""
    return min(settings.worker_cache_bytes, settings.worker_memory_bytes // 4)


def parameter_limit(settings: Settings) -> int:
    """Return the bytes of parameters that a session may have.

    A worker with little memory allows fewer than the setting says, because it has parameters in
    memory several times: as arrays, as a message, and as a command.
    """
    return min(
        settings.session_parameter_bytes,
        MAX_STORED_BYTES,
        operation_memory(settings) // (1 + RESULT_COPIES),
    )


def answer_limit(settings: Settings) -> int:
    """Return the bytes that an answer may have."""
    return min(settings.max_message_bytes, MAX_STORED_BYTES)


def memory_left() -> int:
    """Return the bytes that the worker can still get from the system."""
    limit, _ = resource.getrlimit(resource.RLIMIT_DATA)
    if limit == resource.RLIM_INFINITY:
        return available_bytes()
    with open("/proc/self/statm", encoding="ascii") as file:
        # Data and stacks, in pages. `RLIMIT_DATA` counts the same.
        pages = int(file.read().split()[5])
    return max(0, min(limit - pages * resource.getpagesize(), available_bytes()))


def too_large(what: str, estimate: int, limit: int) -> ServiceError:
    """Return the error of an operation that would take too much of something."""
    return ServiceError(
        Reason.TOO_LARGE,
        f"the operation would take about {estimate} {what}, {limit} are allowed: send less at once",
        metadata={"what": what, "estimate": str(estimate), "limit": str(limit)},
    )
