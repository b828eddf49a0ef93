"""Bad input of steps: the right status and the field at fault, and nothing is changed by it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import Any

import grpc
import numpy as np
import pytest
from contract import backward, forward, new_session, refusal, spec, tensor
from google.protobuf import struct_pb2

from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1 import step_pb2
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from edunn_serving.v1.optimizer_pb2 import OptimizerSpec

INVALID = grpc.StatusCode.INVALID_ARGUMENT
X = np.random.default_rng(1).normal(size=(4, 3))
Y = np.array([0, 1, 2, 1])
LAYERS = [
    {"type": "Dense", "config": {"input_size": 3, "output_size": 3, "activation_name": "softmax"}},
    {"type": "BatchNorm", "config": {"num_features": 3}},
    {"type": "Softmax"},
]


def optimizer(kind: str = "Adam", **config: Any) -> OptimizerSpec:
    struct = struct_pb2.Struct()
    struct.update(config)
    return OptimizerSpec(type=kind, config=struct)


class Training:
    """A session with a network and losses, whose state can be compared."""

    def __init__(self, stub: LayerServiceStub) -> None:
        self.stub = stub
        self.session = new_session(
            stub,
            spec("net", "Sequential", layers=LAYERS),
            spec("loss", "CrossEntropyWithLabels"),
            spec("squares", "SquaredError"),
            spec("relu", "ReLU"),
        )
        self.train()

    def request(self, **fields: Any) -> step_pb2.TrainStepRequest:
        """Return a request that is right but for the fields given; None leaves one out."""
        right: dict[str, Any] = {
            "layer": "net",
            "inputs": [tensor(X)],
            "target": tensor(Y),
            "loss": "loss",
            "optimizer": optimizer(lr=0.01),
        }
        given = {name: value for name, value in (right | fields).items() if value is not None}
        return step_pb2.TrainStepRequest(session_id=self.session, **given)

    def train(self, **fields: Any) -> step_pb2.TrainStepResponse:
        answer: step_pb2.TrainStepResponse = self.stub.TrainStep(self.request(**fields), timeout=30)
        return answer

    def step(self, **fields: Any) -> step_pb2.StepResponse:
        request = step_pb2.StepRequest(session_id=self.session, **({"layer": "net"} | fields))
        answer: step_pb2.StepResponse = self.stub.Step(request, timeout=30)
        return answer

    def state(self) -> bytes:
        """Return the parameters and buffers as bytes."""
        request = api.GetParametersRequest(session_id=self.session, layer="net")
        answer = self.stub.GetParameters(request, timeout=30)
        return bytes(answer.SerializeToString(deterministic=True))


@pytest.fixture
def training(stub: LayerServiceStub) -> Iterator[Training]:
    """A training that nothing may have changed when the test is over."""
    training = Training(stub)
    before = training.state()
    yield training
    assert training.state() == before
    assert refusal(training.step).reason == "NO_GRADIENTS"
    # The next step is the second, and takes the state that the first left.
    twin = Training(stub)
    stub_request = api.GetParametersRequest(session_id=training.session, layer="net")
    first = stub.GetParameters(stub_request, timeout=30)
    stub.SetParameters(
        api.SetParametersRequest(session_id=twin.session, layer="net", parameters=first.parameters),
        timeout=30,
    )
    assert training.train() == twin.train()


@pytest.mark.parametrize(
    ("fields", "at_fault"),
    [
        ({"target": tensor(np.array([0, 1, 3, 1]))}, "target"),
        ({"target": tensor(np.array([0, -1, 2, 1]))}, "target"),
        ({"target": tensor(np.array([0, 1, 2]))}, "target"),
        ({"target": tensor(np.zeros((4, 2), np.int64))}, "target"),
        ({"target": tensor(Y.astype(float))}, "target"),
        ({"target": None}, "target"),
        ({"loss": "squares", "target": tensor(np.zeros((4, 2)))}, "target"),
        ({"loss": "squares", "target": tensor(np.zeros(4))}, "target"),
        ({"loss": "relu"}, "loss"),
        ({"loss": "net"}, "loss"),
        ({"layer": "relu", "inputs": [tensor(np.ones((2, 3, 4)))]}, "loss"),
        ({"inputs": [tensor(np.ones((4, 2)))]}, "inputs[0]"),
        ({"inputs": [tensor(np.ones((4, 3), np.int64))]}, "inputs[0]"),
        ({"inputs": []}, "inputs"),
        ({"inputs": [tensor(X), tensor(X)]}, "inputs"),
        ({"optimizer": optimizer(lr=-1)}, "optimizer.config.lr"),
        ({"optimizer": optimizer(lr=math.nan)}, "optimizer.config.lr"),
        ({"optimizer": optimizer(lr=math.inf)}, "optimizer.config.lr"),
        ({"optimizer": optimizer(lr="0.1")}, "optimizer.config.lr"),
        ({"optimizer": optimizer(lr=True)}, "optimizer.config.lr"),
        ({"optimizer": optimizer(betas=[0.9, 1])}, "optimizer.config.betas[1]"),
        ({"optimizer": optimizer(betas=[0.9])}, "optimizer.config.betas"),
        ({"optimizer": optimizer(eps=0)}, "optimizer.config.eps"),
        ({"optimizer": optimizer(rate=0.1)}, "optimizer.config.rate"),
        ({"optimizer": optimizer(batch_size=4)}, "optimizer.config.batch_size"),
        ({"optimizer": optimizer("MomentumGD", gamma=1)}, "optimizer.config.gamma"),
        ({"optimizer": optimizer(lr="x" * 70)}, "optimizer.config.lr"),
        ({"step_id": "#1"}, "step_id"),
        ({"step_id": "a\n"}, "step_id"),
        ({"step_id": "ü"}, "step_id"),
        ({"step_id": "s" * 129}, "step_id"),
        ({"loss": "l" * 65}, "loss"),
    ],
)
def test_wrong_field_is_named(training: Training, fields: dict[str, Any], at_fault: str) -> None:
    refused = refusal(lambda: training.train(**fields))
    assert (refused.code, refused.fields) == (INVALID, [at_fault])


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"layer": "nett"}, "LAYER_NOT_FOUND"),
        ({"loss": "lost"}, "LAYER_NOT_FOUND"),
        ({"loss": ""}, "LAYER_NOT_FOUND"),
        ({"optimizer": optimizer("Adma")}, "OPTIMIZER_TYPE_NOT_FOUND"),
        ({"optimizer": OptimizerSpec()}, "OPTIMIZER_TYPE_NOT_FOUND"),
    ],
)
def test_what_does_not_exist_is_not_found(
    training: Training, fields: dict[str, Any], reason: str
) -> None:
    refused = refusal(lambda: training.train(**fields))
    assert (refused.code, refused.reason) == (grpc.StatusCode.NOT_FOUND, reason)


def test_unknown_optimizer_type_lists_near_names(training: Training) -> None:
    refused = refusal(lambda: training.step(optimizer=optimizer("Adma")))
    # Without gradients that is what is wrong first.
    assert refused.reason == "NO_GRADIENTS"
    refused = refusal(lambda: training.train(optimizer=optimizer("Adma")))
    assert refused.fields == ["optimizer.type"]
    assert "Adam" in refused.message


def test_every_optimizer_argument_at_fault_is_named(training: Training) -> None:
    refused = refusal(lambda: training.train(optimizer=optimizer(lr=-1, eps=-1, a=1)))
    assert sorted(refused.fields) == [
        "optimizer.config.a",
        "optimizer.config.eps",
        "optimizer.config.lr",
    ]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_gradients_that_are_not_finite_are_refused_with_their_parameter(
    training: Training, value: float
) -> None:
    x = X.copy()
    x[0] = value
    refused = refusal(lambda: training.train(inputs=[tensor(x)]))
    assert (refused.code, refused.reason) == (
        grpc.StatusCode.FAILED_PRECONDITION,
        "NOT_FINITE",
    )
    assert "'dense1(w)'" in refused.message


def test_refused_accumulation_keeps_nothing(training: Training) -> None:
    stub, session = training.stub, training.session
    forward(stub, session, "net", X, phase=2, forward_id="f")
    wrong: list[tuple[np.ndarray, dict[str, str]]] = [
        (np.ones((4, 2)), {}),
        (np.ones((4, 3), np.int64), {}),
        (np.ones((4, 3)), {"backward_id": "#1"}),
        (np.ones((4, 3)), {"backward_id": "b" * 129}),
    ]
    for gradient, fields in wrong:
        call = partial(
            backward, stub, session, "net", gradient, accumulate=True, forward_id="f", **fields
        )
        assert refusal(call).code is INVALID


def test_a_parameter_that_is_not_finite_is_named_and_not_what_follows_from_it(
    stub: LayerServiceStub,
) -> None:
    training = Training(stub)
    request = api.GetParametersRequest(session_id=training.session, layer="net")
    parameters = stub.GetParameters(request, timeout=30).parameters
    spoilt = np.full(parameters["dense1(b)"].shape, np.nan)
    stub.SetParameters(
        api.SetParametersRequest(
            session_id=training.session, layer="net", parameters={"dense1(b)": tensor(spoilt)}
        ),
        timeout=30,
    )
    refused = refusal(training.train)
    assert refused.reason == "NOT_FINITE"
    assert "parameter 'dense1(b)' of layer 'net' has a NaN" in refused.message
