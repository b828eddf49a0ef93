"""What is run twice takes effect once, and its answer is byte for byte the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import pytest
from contract import UNLIMITED, array, forward, new_session, spec, tensor
from processes import await_restart, batches_sent_again, freeze_at_work, kill, thaw
from slow_layer import SLOW, input_for
from waiting import await_true, await_workers

from edunn_serving import keys
from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from standalone.stack import Stack

X = np.random.default_rng(1).uniform(1, 2, (8, 64))
SESSIONS = 24
STEPS = 25
DROP = spec("drop", "Dropout", p=0.5)
NORM = spec("norm", "BatchNorm", num_features=64)
SHIFT = spec("shift", "Bias", output_size=64)
# Short, so that the tests need not wait long until a worker counts as dead; long enough that a busy
# machine lets every worker be heard in time.
WORKER_TIMEOUT = 2.5


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    settings = {"EDUNN_WORKER_TIMEOUT_SECONDS": str(WORKER_TIMEOUT)}
    with Stack(
        tmp_path_factory.mktemp("once"), workers=2, others={}, environment=settings
    ) as running:
        await_workers(running)
        yield running


@pytest.fixture(scope="module")
def stub(stack: Stack) -> Iterator[LayerServiceStub]:
    with grpc.insecure_channel(stack.address, UNLIMITED) as channel:
        yield LayerServiceStub(channel)


def train(stub: LayerServiceStub, seed: int) -> list[bytes]:
    """Do everything that changes a session, and return every byte that came of it."""
    session = new_session(stub, DROP, NORM, SHIFT, seed=seed)
    answers: list[bytes] = []

    def keep(answer: api.ForwardResponse) -> np.ndarray:
        answers.append(answer.SerializeToString(deterministic=True))
        return array(answer.output)

    for step in range(STEPS):
        # Numbered by the service: a forward counted twice would shift every later mask.
        output = keep(forward(stub, session, "drop", X + step))
        # Running statistics: an update made twice would change all that follow.
        output = keep(forward(stub, session, "norm", output))
        keep(forward(stub, session, "shift", output))
        values = {"b": tensor(output.mean(axis=0))}
        stub.SetParameters(
            api.SetParametersRequest(session_id=session, layer="shift", parameters=values),
            timeout=60,
        )
        gradient = api.BackwardRequest(
            session_id=session, layer="drop", output_gradient=tensor(output)
        )
        answer = stub.Backward(gradient, timeout=60)
        answers.append(answer.SerializeToString(deterministic=True))
    for layer in ("norm", "shift"):
        stored = stub.GetParameters(
            api.GetParametersRequest(session_id=session, layer=layer), timeout=60
        )
        answers.append(stored.SerializeToString(deterministic=True))
    return answers


def train_all(stub: LayerServiceStub, disturb: Callable[[], None]) -> list[list[bytes]]:
    with ThreadPoolExecutor(SESSIONS) as threads:
        running = [threads.submit(train, stub, seed) for seed in range(SESSIONS)]
        disturb()
        return [each.result(timeout=120) for each in running]


@pytest.fixture(scope="module")
def undisturbed(stub: LayerServiceStub) -> list[list[bytes]]:
    return train_all(stub, lambda: None)


def test_killed_workers_leave_no_trace_in_any_answer(
    stub: LayerServiceStub, stack: Stack, undisturbed: list[list[bytes]]
) -> None:
    before = batches_sent_again(stack)
    child = stack.workers[0]

    def kill_at_work() -> None:
        starts = child.starts
        freeze_at_work(stack, child)
        kill(child)
        await_restart(child, starts)

    assert train_all(stub, kill_at_work) == undisturbed
    assert batches_sent_again(stack) > before


def test_worker_that_was_taken_for_dead_changes_nothing_when_it_goes_on(
    stub: LayerServiceStub, stack: Stack, undisturbed: list[list[bytes]]
) -> None:
    """Its batch was given to another worker; its own late run must count for nothing."""
    before = batches_sent_again(stack)

    def freeze_until_sent_again() -> None:
        freeze_at_work(stack, stack.workers[0])
        try:
            await_true(lambda: batches_sent_again(stack) > before, "the batch's second run")
        finally:
            thaw(stack.workers[0])

    assert train_all(stub, freeze_until_sent_again) == undisturbed


def test_same_seed_and_calls_give_the_same_bytes_alone_and_on_one_worker(
    stub: LayerServiceStub, stack: Stack, undisturbed: list[list[bytes]]
) -> None:
    """Alone, each operation is a batch of its own, and the session has been seen by no worker."""
    gone = stack.workers[0]
    stack.remove_worker(gone)
    try:
        assert train(stub, 3) == undisturbed[3]
    finally:
        stack.add_worker()
        await_workers(stack)


def test_repeated_forward_id_leaves_one_context_and_one_update(
    stub: LayerServiceStub, stack: Stack
) -> None:
    once, again = (new_session(stub, NORM, seed=1) for _ in range(2))
    first = forward(stub, once, "norm", X, forward_id="mine")
    for _ in range(5):
        repeated = forward(stub, again, "norm", X, forward_id="mine")
        assert repeated.output == first.output

    def stored(session: str) -> bytes:
        request = api.GetParametersRequest(session_id=session, layer="norm")
        return bytes(stub.GetParameters(request, timeout=30).SerializeToString(deterministic=True))

    assert stored(again) == stored(once)
    contexts = stack.redis_client().lrange(keys.context_order("", again), 0, -1)
    assert len(contexts) == 1


def test_slow_batch_of_a_worker_that_lives_is_not_sent_again(
    stub: LayerServiceStub, stack: Stack
) -> None:
    before = batches_sent_again(stack)
    x = input_for(stub, seconds=2 * WORKER_TIMEOUT)
    session = new_session(stub, SLOW)
    request = api.ForwardRequest(
        session_id=session, layer="slow", inputs=[tensor(x)], untracked=True
    )
    stub.Forward(request, timeout=120)
    assert batches_sent_again(stack) == before
