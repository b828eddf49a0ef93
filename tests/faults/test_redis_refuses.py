"""A Redis that answers but takes no writes: callers hear of it, nobody dies, all heals alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import grpc
import numpy as np
import pytest
import redis
from contract import array, backward, forward, new_session, refusal, spec
from processes import await_restart, kill
from verified_load import VerifiedLoad
from waiting import await_true, await_workers

from edunn_serving import redis_user
from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from standalone.stack import Stack, is_serving

UNAVAILABLE = ("UNAVAILABLE", "UNAVAILABLE")
X = np.random.default_rng(1).uniform(1, 2, (8, 64))
DROP = spec("drop", "Dropout", p=0.5)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One stack for all these faults: each test leaves it healed."""
    with Stack(tmp_path_factory.mktemp("refusing"), workers=2, others={}) as running:
        await_workers(running)
        yield running


@pytest.fixture
def stub(stack: Stack) -> Iterator[LayerServiceStub]:
    with grpc.insecure_channel(stack.address) as channel:
        yield LayerServiceStub(channel)


def become_replica(admin: redis.Redis, stack: Stack) -> None:
    admin.replicaof("127.0.0.1", 1)


def become_master(admin: redis.Redis, stack: Stack) -> None:
    admin.replicaof("NO", "ONE")


def want_replicas(admin: redis.Redis, stack: Stack) -> None:
    admin.config_set("min-replicas-to-write", 1)


def want_no_replicas(admin: redis.Redis, stack: Stack) -> None:
    admin.config_set("min-replicas-to-write", 0)


def fail_to_save(admin: redis.Redis, stack: Stack) -> None:
    # Redis cannot give its file the name of a folder: as with a full disk, the save fails.
    (stack.data / "dump.rdb").mkdir(exist_ok=True)
    admin.config_set("save", "3600 1")
    admin.bgsave()
    await_true(
        lambda: admin.info("persistence")["rdb_last_bgsave_status"] == "err", "the failed save"
    )


def save_nothing(admin: redis.Redis, stack: Stack) -> None:
    admin.config_set("save", "")


def forbid(*rights: str) -> Callable[[redis.Redis, Stack], None]:
    def change(admin: redis.Redis, stack: Stack) -> None:
        admin.execute_command("ACL", "SETUSER", redis_user.NAME, *rights)

    return change


FAULTS = {
    "a replica after a failover": (become_replica, become_master),
    "too few replicas": (want_replicas, want_no_replicas),
    "a full disk": (fail_to_save, save_nothing),
    "a user that may not write": (forbid("-@write"), forbid(*redis_user.RULES)),
    "a user that may not take batches": (forbid("-brpop"), forbid(*redis_user.RULES)),
    "a user that may not run scripts": (forbid("-evalsha"), forbid(*redis_user.RULES)),
}


@pytest.mark.parametrize("name", FAULTS)
def test_callers_hear_unavailable_and_all_heals_without_a_restart(stack: Stack, name: str) -> None:
    begin, end = FAULTS[name]
    admin = stack.redis_client()
    pids = [child.pid for child in (*stack.workers, *stack.servers)]
    with (
        VerifiedLoad(stack.address, deadline=20.0) as load,
        grpc.insecure_channel(stack.address) as channel,
    ):
        begin(admin, stack)
        try:
            load.await_refusal("UNAVAILABLE")
            await_true(lambda: not is_serving(channel), "NOT_SERVING")
            # Long enough for whoever would give up.
            load.pause(2.0)
        finally:
            end(admin, stack)
        load.await_each_caller(20)
        await_true(lambda: is_serving(channel), "SERVING")
    load.check(UNAVAILABLE)
    assert [child.pid for child in (*stack.workers, *stack.servers)] == pids
    assert not any(child.has_died() for child in (*stack.workers, *stack.servers))


def test_reads_and_deletions_work_where_redis_allows_them(
    stack: Stack, stub: LayerServiceStub
) -> None:
    """A user that may change no session, but answer."""
    session = new_session(stub, DROP)
    y = array(forward(stub, session, "drop", X).output)
    admin = stack.redis_client()
    forbid("-hset")(admin, stack)
    try:
        refused = refusal(lambda: forward(stub, session, "drop", X))
        assert refused.code is grpc.StatusCode.UNAVAILABLE
        assert refused.retry_seconds > 0
        found = stub.GetSession(api.GetSessionRequest(session_id=session), timeout=30).session
        assert [layer.name for layer in found.layers] == ["drop"]
        gradient = array(backward(stub, session, "drop", np.ones_like(X)).input_gradient)
        np.testing.assert_array_equal(gradient, np.where(y != 0, 2.0, 0.0))
        other = refusal(lambda: new_session(stub, DROP))
        assert other.code is grpc.StatusCode.UNAVAILABLE
        stub.DeleteSession(api.DeleteSessionRequest(session_id=session), timeout=30)
        assert not list(admin.scan_iter(f"*{session}*"))
    finally:
        forbid("+@all")(admin, stack)
    forward(stub, new_session(stub, DROP), "drop", X)


def test_full_redis_still_tells_what_it_has(stack: Stack, stub: LayerServiceStub) -> None:
    dense = spec("dense", "Dense", input_size=64, output_size=32)
    session = new_session(stub, dense)
    admin = stack.redis_client()
    admin.config_set("maxmemory", admin.info("memory")["used_memory"] // 2)
    try:
        refused = refusal(lambda: forward(stub, session, "dense", X))
        assert (refused.code, refused.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "QUOTA")
        found = stub.GetSession(api.GetSessionRequest(session_id=session), timeout=30).session
        assert [layer.name for layer in found.layers] == ["dense"]
        parameters = stub.GetParameters(
            api.GetParametersRequest(session_id=session, layer="dense"), timeout=30
        )
        assert set(parameters.parameters)
        stub.DeleteSession(api.DeleteSessionRequest(session_id=session), timeout=30)
        assert not list(admin.scan_iter(f"*{session}*"))
    finally:
        admin.config_set("maxmemory", 0)
    forward(stub, new_session(stub, DROP), "drop", X)


def test_workers_start_while_redis_is_full(stack: Stack, stub: LayerServiceStub) -> None:
    session = new_session(stub, DROP)
    admin = stack.redis_client()
    admin.config_set("maxmemory", admin.info("memory")["used_memory"] // 2)
    try:
        for child in stack.workers:
            starts = child.starts
            kill(child)
            await_restart(child, starts)
        await_workers(stack)
        stub.GetSession(api.GetSessionRequest(session_id=session), timeout=30)
    finally:
        admin.config_set("maxmemory", 0)
    forward(stub, session, "drop", X)


def test_redis_that_is_killed_every_second_is_used_between(stack: Stack) -> None:
    seconds, deadline = 12, 8.0
    with VerifiedLoad(stack.address, deadline=deadline) as load:
        answers = []
        for _ in range(seconds):
            starts = stack.redis.starts
            # What a kill may lose is how slow the disk is, which is no matter here.
            stack.redis_client().config_set("appendfsync", "no")
            load.pause(1.0)
            answers.append(sum(caller.answers for caller in load.callers))
            kill(stack.redis)
            await_restart(stack.redis, starts)
            await_true(lambda: is_up(stack), "Redis")
        load.await_each_caller(20)
    load.check(UNAVAILABLE, ("DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED"), ("DEADLINE_EXCEEDED", ""))
    # In most of the seconds between two kills something is answered.
    answered = [later > before for before, later in pairwise(answers)]
    assert sum(answered) > len(answered) / 2, answers


def is_up(stack: Stack) -> bool:
    try:
        return bool(stack.redis_client().ping())
    except redis.RedisError:
        return False
