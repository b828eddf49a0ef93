"""Several servers at one address: each has some of the connections, and serves every session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import grpc
import numpy as np
import pytest
from contract import array, new_session, spec, tensor
from processes import kill
from waiting import await_workers

from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_pb2 import PHASE_TEST
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from standalone.stack import Stack

# By chance all of them are at one server once in 2^39 runs.
CONNECTIONS = 40
X = np.ones((2, 3))


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    with Stack(tmp_path, servers=2, others={}) as running:
        await_workers(running)
        yield running


@pytest.fixture
def stubs(stack: Stack) -> Iterator[list[LayerServiceStub]]:
    # Otherwise channels to one address share a connection.
    options = [("grpc.use_local_subchannel_pool", 1)]
    channels = [grpc.insecure_channel(stack.address, options) for _ in range(CONNECTIONS)]
    yield list(map(LayerServiceStub, channels))
    for channel in channels:
        channel.close()


def answers(stub: LayerServiceStub, session: str, *, waits: bool) -> bool:
    """Tell whether a server answers over a connection, and how it should."""
    request = api.ForwardRequest(
        session_id=session, layer="relu", inputs=[tensor(X)], phase=PHASE_TEST, untracked=True
    )
    try:
        response = stub.Forward(request, timeout=30, wait_for_ready=waits)
    except grpc.RpcError as error:
        assert error.code() is grpc.StatusCode.UNAVAILABLE, error
        return False
    np.testing.assert_array_equal(array(response.output), X)
    return True


def test_servers_of_one_port_share_its_connections_and_outlive_each_other(
    stack: Stack, stubs: list[LayerServiceStub]
) -> None:
    session = new_session(stubs[0], spec("relu", "ReLU"))
    assert all(answers(stub, session, waits=True) for stub in stubs)
    stack.pause_supervision()
    kill(stack.servers[1])
    cut_off = [not answers(stub, session, waits=False) for stub in stubs]
    assert 0 < sum(cut_off) < CONNECTIONS
    # The others have lost nothing, and these connect to the server that is left.
    assert all(answers(stub, session, waits=True) for stub in stubs)
    stack.resume_supervision()
