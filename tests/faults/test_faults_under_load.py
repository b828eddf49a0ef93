"""Parts of the service die, freeze or fill up under load: no answer is wrong, all heals alone."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import grpc
import numpy as np
import pytest
from contract import array, backward, forward, new_session, spec
from processes import (
    await_restart,
    batches_sent_again,
    freeze_at_work,
    frozen,
    kill,
    thaw,
    workers_taken_for_dead,
)
from verified_load import VerifiedLoad
from waiting import await_true, await_workers

from edunn_serving.pools import LAYERS
from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from standalone.stack import Stack

UNAVAILABLE = ("UNAVAILABLE", "UNAVAILABLE")
# What gRPC itself says where it reaches no server, or loses it during a call.
NO_SERVER = ("UNAVAILABLE", "")
X = np.random.default_rng(1).uniform(1, 2, (8, 64))


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One stack for all these faults: each test leaves it healed."""
    with Stack(tmp_path_factory.mktemp("faulty"), workers=2, others={}) as running:
        await_workers(running)
        yield running


def live_workers(stack: Stack) -> int:
    return int(stack.redis_client().zcard(LAYERS.signs_of_life))


def test_killed_worker_under_load_costs_no_answer(stack: Stack) -> None:
    before = batches_sent_again(stack)
    worker = stack.workers[0]
    with VerifiedLoad(stack.address) as load:
        starts = worker.starts
        freeze_at_work(stack, worker)
        kill(worker)
        await_restart(worker, starts)
        load.await_each_caller(20)
        # Without it the next test may kill the only one.
        await_workers(stack)
    load.check()
    assert batches_sent_again(stack) > before


def test_all_workers_killed_at_once_heals(stack: Stack) -> None:
    with VerifiedLoad(stack.address) as load:
        starts = [child.starts for child in stack.workers]
        for child in stack.workers:
            kill(child)
        for child, before in zip(stack.workers, starts, strict=True):
            await_restart(child, before)
        load.await_each_caller(20)
        await_workers(stack)
    load.check(UNAVAILABLE)


def test_killed_server_comes_back_with_its_sessions(stack: Stack) -> None:
    (server,) = stack.servers
    starts = server.starts
    with grpc.insecure_channel(stack.address) as channel:
        stub = LayerServiceStub(channel)
        session = new_session(stub, spec("drop", "Dropout", p=0.5))
        y = array(forward(stub, session, "drop", X).output)
        with VerifiedLoad(stack.address) as load:
            kill(server)
            await_restart(server, starts)
            load.await_each_caller(20)
        gradient = array(backward(stub, session, "drop", np.ones_like(X)).input_gradient)
    np.testing.assert_array_equal(gradient, np.where(y != 0, 2.0, 0.0))
    load.check(NO_SERVER, UNAVAILABLE)


def test_redis_that_stands_still_for_five_seconds(stack: Stack) -> None:
    before = workers_taken_for_dead(stack)
    with VerifiedLoad(stack.address, deadline=20.0) as load:
        with frozen(stack.redis):
            # A frozen process gives no event to wait for: five seconds are the fault itself.
            load.pause(5.0)
        load.await_each_caller(20)
    load.check(UNAVAILABLE)
    # Nobody could hear the workers meanwhile; that is not their death.
    assert workers_taken_for_dead(stack) == before


def test_redis_killed_and_restarted_from_its_append_only_file(stack: Stack) -> None:
    starts = stack.redis.starts
    # Redis writes a command into the file before it answers it, unless a write of the second before
    # is still on its way to the disk: what a kill costs would depend on how slow the disk is.
    # Started again it has the stack's own setting.
    stack.redis_client().config_set("appendfsync", "no")
    with VerifiedLoad(stack.address, deadline=20.0) as load:
        stack.pause_supervision()
        kill(stack.redis)
        load.await_refusal("UNAVAILABLE")
        stack.resume_supervision()
        await_restart(stack.redis, starts)
        load.await_each_caller(20)
    load.check(UNAVAILABLE)


def test_full_redis_is_said_clearly_and_heals_when_there_is_space(stack: Stack) -> None:
    redis = stack.redis_client()
    with (
        VerifiedLoad(stack.address, deadline=20.0) as load,
        grpc.insecure_channel(stack.address) as channel,
    ):
        stub = LayerServiceStub(channel)
        session = new_session(stub, spec("drop", "Dropout", p=0.5))
        redis.config_set("maxmemory", redis.info("memory")["used_memory"] // 2)
        try:
            load.await_refusal("RESOURCE_EXHAUSTED")
            # What the callers are told to do then is possible.
            stub.DeleteSession(api.DeleteSessionRequest(session_id=session), timeout=30)
            assert not list(redis.scan_iter(f"*{session}*"))
            # Longer than a worker may be silent: a full Redis must still hear its workers.
            load.pause(5.0)
            await_true(lambda: live_workers(stack) == 2, "a sign of life of both workers")
        finally:
            redis.config_set("maxmemory", 0)
        load.await_each_caller(20)
    load.check(("RESOURCE_EXHAUSTED", "QUOTA"))


def test_worker_told_to_stop_loses_nothing(stack: Stack) -> None:
    before = workers_taken_for_dead(stack)
    worker = stack.workers[0]
    with VerifiedLoad(stack.address) as load:
        starts = worker.starts
        os.kill(worker.pid, signal.SIGTERM)
        await_restart(worker, starts)
        load.await_each_caller(20)
        # Without it the next test may stop the only one.
        await_workers(stack)
    load.check()
    # It has finished its batch. One that only waited for it may be sent again, if the server sees
    # that the worker has left before the worker has handed it on.
    assert workers_taken_for_dead(stack) == before


def test_worker_told_to_stop_does_not_wait_for_redis(stack: Stack) -> None:
    """It has a batch that it cannot answer; whoever stops the service must not have to kill it."""
    worker = stack.workers[0]
    starts = [child.starts for child in (stack.redis, worker)]
    with VerifiedLoad(stack.address, deadline=10.0) as load:
        freeze_at_work(stack, worker)
        stack.pause_supervision()
        kill(stack.redis)
        await_true(stack.redis.has_died, "the end of Redis")
        os.kill(worker.pid, signal.SIGTERM)
        thaw(worker)
        await_true(worker.has_died, "the end of the worker")
        stack.resume_supervision()
        for child, before in zip((stack.redis, worker), starts, strict=True):
            await_restart(child, before)
        load.await_each_caller(20)
    load.check(UNAVAILABLE)


def test_server_told_to_stop_under_load_loses_nothing(stack: Stack) -> None:
    (server,) = stack.servers
    with VerifiedLoad(stack.address) as load:
        starts = server.starts
        os.kill(server.pid, signal.SIGTERM)
        await_restart(server, starts)
        load.await_each_caller(20)
    load.check(NO_SERVER, UNAVAILABLE)
    # That its Redis is away is no excuse of a server that has just started.
    assert "server is stopping" in load.messages.get(UNAVAILABLE, "server is stopping")
