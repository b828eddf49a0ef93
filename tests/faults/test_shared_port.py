"""Several servers at one address: each has some of the connections, and serves every session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from contract import array, new_session, spec, tensor
from processes import kill
from waiting import await_true, await_workers

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


def server_of(stub: LayerServiceStub) -> str:
    """Return what the ids of a connection's calls begin with: each server has its own."""
    with pytest.raises(grpc.RpcError) as refused:
        stub.GetSession(api.GetSessionRequest(session_id="none"), timeout=30, wait_for_ready=True)
    sent_back: Any = refused.value.trailing_metadata()
    return str(dict(sent_back)["edunn-request-id"]).partition("-")[0]


def is_answered(stub: LayerServiceStub, session: str) -> bool:
    """Tell whether a server answers over a connection, and as it should."""
    request = api.ForwardRequest(
        session_id=session, layer="relu", inputs=[tensor(X)], phase=PHASE_TEST, untracked=True
    )
    try:
        response = stub.Forward(request, timeout=30, wait_for_ready=True)
    except grpc.RpcError as error:
        assert error.code() is grpc.StatusCode.UNAVAILABLE, error
        return False
    np.testing.assert_array_equal(array(response.output), X)
    return True


def test_servers_of_one_port_share_its_connections_and_outlive_each_other(
    stack: Stack, stubs: list[LayerServiceStub]
) -> None:
    session = new_session(stubs[0], spec("relu", "ReLU"))
    assert all(is_answered(stub, session) for stub in stubs)
    assert len({server_of(stub) for stub in stubs}) == 2
    stack.pause_supervision()
    kill(stack.servers[1])
    # Its clients connect to the server that is left.
    for stub in stubs:
        await_true(lambda stub=stub: is_answered(stub, session), "an answer")  # type: ignore[misc]
    assert len({server_of(stub) for stub in stubs}) == 1
    stack.resume_supervision()
