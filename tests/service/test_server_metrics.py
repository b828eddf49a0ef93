"""The metrics of a server, as Prometheus reads them."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import numpy as np
import pytest
from contract import forward, new_session, refusal, spec
from metrics_page import metric

from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from standalone.stack import Stack, free_port


@pytest.fixture(scope="module")
def address() -> str:
    return f"127.0.0.1:{free_port()}"


@pytest.fixture(scope="module")
def stub(tmp_path_factory: pytest.TempPathFactory, address: str) -> Iterator[LayerServiceStub]:
    settings = {"EDUNN_METRICS_ADDRESS": address}
    with (
        Stack(
            tmp_path_factory.mktemp("metrics"), workers=1, others={}, environment=settings
        ) as stack,
        grpc.insecure_channel(stack.address) as channel,
    ):
        yield LayerServiceStub(channel)


def test_answers_are_counted_by_method_and_code(stub: LayerServiceStub, address: str) -> None:
    session = new_session(stub, spec("drop", "Dropout", p=0.5))
    for _ in range(3):
        forward(stub, session, "drop", np.ones((2, 3)))
    refusal(lambda: forward(stub, session, "gone", np.ones((2, 3))))
    answered = 'edunn_operations_total{code="%s",method="Forward"}'
    assert metric(address, answered % "OK") == 3
    assert metric(address, answered % "NOT_FOUND") == 1
    assert metric(address, "edunn_batches_total") >= 4
    assert metric(address, "edunn_compute_seconds_total") > 0


def test_state_of_the_server_is_shown(stub: LayerServiceStub, address: str) -> None:
    assert metric(address, "edunn_workers") == 1
    assert metric(address, "edunn_redis_up") == 1
    assert metric(address, "edunn_queue_operations") == 0
