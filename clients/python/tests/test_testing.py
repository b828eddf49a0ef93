"""The fake service for the tests of those who use this package."""

from __future__ import annotations

import numpy as np
import pytest
from edunn_client import (
    AlreadyExistsError,
    Backward,
    Client,
    FailedPreconditionError,
    Forward,
    NotFoundError,
)
from edunn_client.testing import FakeLayer, FakeService

DOUBLE = FakeLayer(lambda x: 2 * x, lambda g: 2 * g)


def test_calls_streams_parameters_and_refusals() -> None:
    with (
        FakeService({"Double": DOUBLE}) as service,
        Client(service.address) as client,
        client.session(seed=3) as session,
    ):
        assert [kind.type for kind in client.layer_types()] == ["Double"]
        layer = session.layer("l1", "Double", parameters={"w": np.ones(3)})
        y = layer.forward([1.0, 2.0])
        assert y.tolist() == [2.0, 4.0]
        assert layer.backward([1.0, 1.0], forward_id=y)[0].tolist() == [2.0, 2.0]
        layer.get_parameters()["w"][:] = 5.0
        layer.forward([1.0])
        assert client.attach(session.session_id).layer("l1").get_parameters()["w"].tolist() == [
            5.0,
            5.0,
            5.0,
        ]
        operations = [Forward(layer, [3.0]), Backward(layer, [3.0])]
        results = {result.operation: result.value for result in client.compute(operations)}
        assert results[operations[0]].tolist() == [6.0]
        assert results[operations[1]][0].tolist() == [6.0]
        with pytest.raises(FailedPreconditionError):
            layer.step("Adam")
        layer.backward([1.0], accumulate=True)
        assert layer.step("Adam").steps == 1
        assert layer.train_step([1.0], [1.0], layer).steps == 2
        with pytest.raises(AlreadyExistsError):
            session.layer("l1", "Double")
        with pytest.raises(NotFoundError):
            session.layer("l2", "Triple")
        with pytest.raises(NotFoundError):
            layer.backward([1.0], forward_id="never")
        fresh = session.layer("l2", "Double")
        with pytest.raises(FailedPreconditionError):
            fresh.backward([1.0], forward_id="")
        with pytest.raises(NotFoundError):
            client.get_session("gone")
        assert service.requests
