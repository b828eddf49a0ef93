"""Two servers, four workers, one Redis: any of them serves any session with the same answers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle

import grpc
import numpy as np
import pytest
from contract import array, backward, forward, new_session, spec
from processes import kill
from verified_load import VerifiedLoad
from waiting import await_workers

from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from standalone.stack import Stack

DROP = spec("drop", "Dropout", p=0.5)
DENSE = spec("dense", "Dense", input_size=64, output_size=32)
X = np.random.default_rng(1).uniform(1, 2, (8, 64))


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("two"), workers=4, others={}) as running:
        running.add_server()
        await_workers(running)
        yield running


@pytest.fixture(scope="module")
def stubs(stack: Stack) -> Iterator[list[LayerServiceStub]]:
    first, second = (grpc.insecure_channel(address) for address in stack.addresses)
    with first, second:
        yield [LayerServiceStub(first), LayerServiceStub(second)]


def answers(stubs: list[LayerServiceStub], seed: int) -> list[bytes]:
    """Train a little, each call at the next server, and return every byte of the answers."""
    at = cycle(stubs)
    session = new_session(next(at), DROP, DENSE, seed=seed)
    found = []
    for _ in range(10):
        output = forward(next(at), session, "drop", X)
        dense = forward(next(at), session, "dense", array(output.output))
        gradient = backward(next(at), session, "dense", np.ones((8, 32)))
        back = backward(next(at), session, "drop", array(gradient.input_gradient))
        found += [each.SerializeToString(deterministic=True) for each in (output, dense, gradient)]
        found.append(back.SerializeToString(deterministic=True))
    return found


def test_any_server_gives_the_same_answers(stubs: list[LayerServiceStub]) -> None:
    first, second = stubs
    alone = answers([first], seed=5)
    assert answers([second], seed=5) == alone
    assert answers([first, second], seed=5) == alone
    assert answers([second, first, first], seed=5) == alone


def test_load_on_both_servers_outlives_the_loss_of_one_and_of_a_worker(stack: Stack) -> None:
    with VerifiedLoad(*stack.addresses) as load:
        kill(stack.workers[0])
        load.await_each_caller(10)
        kill(stack.servers[1])
        load.await_each_caller(10)
    load.check(("UNAVAILABLE", ""), ("UNAVAILABLE", "UNAVAILABLE"))
