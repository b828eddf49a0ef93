"""What would take too much is refused by its estimate, before anything of it is made."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from mmap import MAP_ANONYMOUS, MAP_PRIVATE, mmap
from pathlib import Path

import numpy as np
import pytest

import edunn as nn
from edunn.estimate import ArraySpec
from edunn_serving.errors import Reason, ServiceError
from edunn_serving.machine_memory import machine_bytes
from edunn_serving.setting_types import MEBIBYTE
from edunn_serving.settings import Settings
from worker.charges import (
    charge_answer,
    charge_backward,
    charge_backward_of,
    charge_forward,
    charge_replacement,
)
from worker.limits import (
    MAX_STORED_BYTES,
    Charge,
    answer_limit,
    cache_limit,
    check,
    memory_left,
    operation_memory,
    parameter_limit,
)

SETTINGS = Settings()
X = np.broadcast_to(np.float64(1.0), (1000, 1000))


@pytest.mark.parametrize(
    ("charge", "what", "limit"),
    [
        (Charge(work=SETTINGS.operation_work + 1), "units of work", SETTINGS.operation_work),
        (Charge(memory=2**40), "bytes of memory", operation_memory(SETTINGS)),
        (Charge(answer=2**40), "bytes of answer", SETTINGS.max_message_bytes),
        (Charge(stored=2**40), "bytes in the store", MAX_STORED_BYTES),
    ],
)
def test_each_limit_is_named_with_the_estimate(charge: Charge, what: str, limit: int) -> None:
    with pytest.raises(ServiceError) as caught:
        check(charge, SETTINGS)
    error = caught.value
    estimate = next(value for value in charge if value > limit)
    assert error.reason is Reason.TOO_LARGE
    assert error.metadata == {"what": what, "estimate": str(estimate), "limit": str(limit)}


def test_what_is_at_the_limits_may_run() -> None:
    most = Charge(
        SETTINGS.operation_work,
        operation_memory(SETTINGS),
        answer_limit(SETTINGS),
        MAX_STORED_BYTES,
    )
    check(most, SETTINGS)


@pytest.mark.parametrize("memory", [256, 512, 1024, 4096, 65536])
def test_all_that_a_worker_keeps_fits_in_its_memory(memory: int) -> None:
    settings = Settings(worker_memory_bytes=memory * MEBIBYTE)
    kept = cache_limit(settings) + operation_memory(settings)
    assert 0 < kept < settings.worker_memory_bytes
    assert 3 * parameter_limit(settings) <= operation_memory(settings)


def test_answer_that_redis_does_not_take_is_too_large_whatever_a_message_may_be() -> None:
    settings = Settings(max_message_bytes=2**31 - 1)
    assert answer_limit(settings) < 512 * MEBIBYTE


@contextmanager
def data_limited(limit: int) -> Iterator[None]:
    """Limit the data of this process, as a worker limits its own."""
    before = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def test_memory_that_is_left_is_less_by_what_is_taken() -> None:
    size = 64 * MEBIBYTE
    # The data that this process has, and room for some more.
    taken = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
    with data_limited(taken + 4 * size):
        before = memory_left()
        # An array could lie in memory that the C library has kept.
        with mmap(-1, size, MAP_PRIVATE | MAP_ANONYMOUS):
            assert before - memory_left() > 0.9 * size


def test_a_process_without_a_limit_has_what_the_machine_has() -> None:
    with data_limited(resource.RLIM_INFINITY):
        assert 0 < memory_left() <= machine_bytes()


def test_forward_takes_its_request_and_its_answer_and_its_context_besides() -> None:
    layer = nn.ReLU()
    untracked = charge_forward(layer, [X], tracked=False)
    tracked = charge_forward(layer, [X], tracked=True)
    assert untracked.answer > X.nbytes
    assert (untracked.stored, tracked.stored) == (0, X.size / 8)
    assert tracked.memory > untracked.memory > 5 * X.nbytes
    assert tracked.work == layer.estimate(ArraySpec(X.shape, X.dtype)).forward.work


def test_backward_in_a_wider_dtype_takes_more() -> None:
    narrow = X.astype(np.float16)
    estimate = charge_backward_of(nn.ReLU(), [narrow])
    same, wider = charge_backward(estimate, 2), charge_backward(estimate, 8)
    assert (wider.memory, wider.answer) == (4 * same.memory, 4 * same.answer)


def test_parameters_count_as_they_are_sent_and_as_they_are_stored() -> None:
    parameters = nn.Linear(100, 100).get_parameters()
    assert charge_answer(parameters).answer > 80_000
    replaced = charge_replacement({"w": np.ones((100, 100), np.float16)}, parameters)
    assert replaced.stored > 80_000
    assert replaced.memory > replaced.stored + 3 * 20_000
