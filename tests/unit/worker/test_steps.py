"""Steps on a real Redis: the numbers of a local loop, each step once, and nothing half done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from contract import array, spec, tensor
from google.protobuf import struct_pb2
from one_worker import Worker

import edunn as nn
from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1 import step_pb2
from edunn_serving.v1.optimizer_pb2 import OptimizerSpec

CONFIGS: dict[str, dict[str, Any]] = {
    "GradientDescent": {"lr": 0.05},
    "MomentumGD": {"lr": 0.05, "gamma": 0.8},
    "NesterovMomentumGD": {"lr": 0.05},
    "RMSprop": {"lr": 0.01, "beta": 0.9},
    "Adam": {"lr": 0.01, "betas": [0.8, 0.99], "eps": 1e-6},
    "SignGD": {"lr": 0.01, "eps": 1e-7},
}
LAYERS = [
    {"type": "Dense", "config": {"input_size": 3, "output_size": 4, "activation_name": "relu"}},
    {"type": "BatchNorm", "config": {"num_features": 4}},
    {"type": "Bias", "config": {"output_size": 4}, "frozen": True},
    {"type": "Dense", "config": {"input_size": 4, "output_size": 2, "activation_name": "softmax"}},
]
ERROR = {"sample_error": {"type": "CrossEntropyWithLabels"}}


@pytest.fixture
def worker(redis_url: str) -> Worker:
    return Worker(redis_url, "worker")


@pytest.fixture
def other_worker(redis_url: str) -> Worker:
    return Worker(redis_url, "other")


def optimizer(kind: str = "Adam", **config: Any) -> OptimizerSpec:
    struct = struct_pb2.Struct()
    struct.update(config)
    return OptimizerSpec(type=kind, config=struct)


def create(**fields: Any) -> api.CreateSessionRequest:
    layers = [
        spec("net", "Sequential", layers=LAYERS),
        spec("error", "MeanError", **ERROR),
        spec("errors", "CrossEntropyWithLabels"),
    ]
    return api.CreateSessionRequest(session_id="s", layers=layers, seed=7, **fields)


def forward(x: Any, **fields: Any) -> api.ForwardRequest:
    return api.ForwardRequest(session_id="s", layer="net", inputs=[tensor(x)], **fields)


def backward(gradient: Any, *, accumulate: bool = True, **fields: Any) -> api.BackwardRequest:
    return api.BackwardRequest(
        session_id="s",
        layer="net",
        output_gradient=tensor(gradient),
        accumulate=accumulate,
        **fields,
    )


def step(optimizer: OptimizerSpec | None = None, step_id: str = "") -> step_pb2.StepRequest:
    return step_pb2.StepRequest(session_id="s", layer="net", optimizer=optimizer, step_id=step_id)


def train_step(
    x: Any, y: Any, optimizer: OptimizerSpec | None = None, loss: str = "error", step_id: str = ""
) -> step_pb2.TrainStepRequest:
    return step_pb2.TrainStepRequest(
        session_id="s",
        layer="net",
        inputs=[tensor(x)],
        target=tensor(y),
        loss=loss,
        optimizer=optimizer,
        step_id=step_id,
    )


def state(worker: Worker) -> dict[str, np.ndarray]:
    (answer,) = worker.run(api.GetParametersRequest(session_id="s", layer="net"))
    return {name: array(each) for name, each in answer.parameters.items()}


def local_net(arrays: dict[str, np.ndarray]) -> nn.Model:
    """Return the session's layer as a local model, with the same parameters and buffers."""
    net = nn.build("Sequential", {"layers": LAYERS})
    net.set_parameters({name: arrays[name] for name in net.get_parameters()})
    net.set_buffers({name: arrays[name] for name in net.get_buffers()})
    return net


def batches(dtype: Any = np.float64, seed: int = 1) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(seed)
    for _ in range(4):
        yield rng.normal(size=(5, 3)).astype(dtype), rng.integers(0, 2, 5)


def assert_equal(remote: dict[str, np.ndarray], local: nn.Model) -> None:
    for name, expected in {**local.get_parameters(), **local.get_buffers()}.items():
        np.testing.assert_array_equal(remote[name], expected, err_msg=name)


@pytest.mark.parametrize("kind", CONFIGS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_train_steps_give_the_bits_of_the_local_loop(
    worker: Worker, other_worker: Worker, kind: str, dtype: Any
) -> None:
    worker.run(create())
    local = local_net(state(worker))
    loop = nn.build_optimizer(kind, CONFIGS[kind])
    error = nn.MeanError(nn.CrossEntropyWithLabels())
    workers = [worker, other_worker] * 2
    for at, ((x, y), each) in enumerate(zip(batches(dtype), workers, strict=True)):
        (answer,) = each.run(train_step(x, y, optimizer(kind, **CONFIGS[kind])))
        _, gradients, loss = loop.backpropagation(local, x, y, error)
        loop.optimize_batch(local, gradients, 0, at)
        assert (answer.loss, answer.steps) == (loss, at + 1)
    assert_equal(state(worker), local)


@pytest.mark.parametrize("loss", ["error", "errors"])
def test_loss_may_be_a_mean_or_one_error_a_sample(worker: Worker, loss: str) -> None:
    worker.run(create())
    local = local_net(state(worker))
    x, y = next(batches())
    (answer,) = worker.run(train_step(x, y, optimizer("GradientDescent"), loss))
    loop = nn.GradientDescent(lr=0.1)
    error_layer = nn.CrossEntropyWithLabels()
    _, gradients, mean = loop.backpropagation(
        local, x, y, nn.MeanError(error_layer) if loss == "error" else error_layer
    )
    loop.optimize_batch(local, gradients, 0, 0)
    assert answer.loss == mean
    assert_equal(state(worker), local)


def test_step_takes_the_sum_of_kept_gradients_and_clears_them(
    worker: Worker, other_worker: Worker
) -> None:
    worker.run(create())
    local = local_net(state(worker))
    summed: dict[str, np.ndarray] = {}
    for (x, _), each in zip(batches(), [worker, other_worker] * 2, strict=True):
        g = np.full((5, 2), 0.25) * x[:, :1]
        forwarded, answer = each.run(forward(x), backward(g))
        np.testing.assert_array_equal(array(forwarded.output), local.forward(x))
        input_gradient, gradients = local.backward(g)
        np.testing.assert_array_equal(array(answer.input_gradient), input_gradient)
        assert not answer.parameter_gradients
        for name, gradient in gradients.items():
            summed[name] = summed[name] + gradient if name in summed else gradient
    (answer,) = other_worker.run(step(optimizer("RMSprop")))
    nn.RMSprop().optimize_batch(local, summed, 0, 0)
    assert (answer.step_id, answer.steps) == ("#1", 1)
    assert_equal(state(worker), local)
    assert worker.run(step()) == ["NO_GRADIENTS"]


def test_train_step_is_what_its_parts_are_together(worker: Worker) -> None:
    """A Dropout's mask follows from the step's name as from the forward's."""
    layers = [*LAYERS[:1], {"type": "Dropout", "config": {"p": 0.5}}, *LAYERS[3:]]
    x, y = next(batches())
    states = []
    for session_id in ("s", "parts"):
        request = create()
        request.session_id = session_id
        request.layers[0].CopyFrom(spec("net", "Sequential", layers=layers))
        worker.run(request)
    worker.run(train_step(x, y, optimizer(), step_id="first"), train_step(x, y))
    states.append(state(worker))
    for name in ("first", ""):
        run, kept = forward(x, forward_id=name), step(optimizer())
        loss = api.ForwardRequest(session_id="parts", layer="error")
        run.session_id = kept.session_id = "parts"
        (output,) = worker.run(run)
        loss.inputs.extend([tensor(y), output.output])
        _, errors = worker.run(
            loss,
            api.BackwardRequest(
                session_id="parts", layer="error", output_gradient=tensor(np.array(1.0))
            ),
        )
        back = backward(array(errors.input_gradient))
        back.session_id = "parts"
        worker.run(back, kept)
    (answer,) = worker.run(api.GetParametersRequest(session_id="parts", layer="net"))
    assert {name: array(each).tolist() for name, each in answer.parameters.items()} == {
        name: each.tolist() for name, each in states[0].items()
    }


def test_kept_gradients_are_part_of_the_next_train_step(worker: Worker) -> None:
    worker.run(create())
    local = local_net(state(worker))
    (x, y), (more_x, _), *_ = batches()
    worker.run(forward(more_x), backward(np.ones((5, 2))), train_step(x, y, optimizer()))
    local.forward(more_x)
    _, kept = local.backward(np.ones((5, 2)))
    rule = nn.Adam()
    _, gradients, _ = rule.backpropagation(local, x, y, nn.MeanError(nn.CrossEntropyWithLabels()))
    rule.optimize_batch(local, {name: kept[name] + gradients[name] for name in kept}, 0, 0)
    assert_equal(state(worker), local)
    assert worker.run(step()) == ["NO_GRADIENTS"]


def test_named_step_takes_effect_once(worker: Worker, other_worker: Worker) -> None:
    x, y = next(batches())
    request = train_step(x, y, optimizer(lr=0.1), step_id="a")
    _, first = worker.run(create(), request)
    after = state(worker)
    (again,) = other_worker.run(request)
    assert again == first
    assert first.step_id == "a"
    for name, each in state(worker).items():
        np.testing.assert_array_equal(each, after[name])
    # Of the same contents is also a request that writes the optimizer's fields in another order.
    for other in (
        train_step(x + 1, y, optimizer(lr=0.1), step_id="a"),
        train_step(x, 1 - y, optimizer(lr=0.1), step_id="a"),
        train_step(x, y, optimizer(lr=0.2), step_id="a"),
        train_step(x, y, optimizer(lr=0.1), "errors", step_id="a"),
        train_step(x, y, step_id="a"),
        step(optimizer(lr=0.1), step_id="a"),
    ):
        assert worker.run(other) == ["STEP_EXISTS"]


def test_named_step_on_kept_gradients_takes_effect_once(worker: Worker) -> None:
    x, _ = next(batches())
    request = step(optimizer(), step_id="a")
    *_, first = worker.run(create(), forward(x), backward(np.ones((5, 2))), request)
    worker.run(forward(x), backward(np.ones((5, 2))))
    after = state(worker)
    assert worker.run(request) == [first]
    for name, each in state(worker).items():
        np.testing.assert_array_equal(each, after[name])
    # The gradients that were kept meanwhile are for another step.
    (other,) = worker.run(step(step_id="b"))
    assert other.steps == 2


def test_named_backward_adds_once(worker: Worker, other_worker: Worker) -> None:
    x, _ = next(batches())
    once = np.ones((5, 2))
    worker.run(create(), forward(x, forward_id="f"))
    before = state(worker)
    request = backward(once, forward_id="f", backward_id="b")
    (first,) = worker.run(request)
    assert other_worker.run(request) == [first]
    assert worker.run(backward(2 * once, forward_id="f", backward_id="b")) == ["BACKWARD_EXISTS"]
    worker.run(step(optimizer("GradientDescent", lr=1)))
    local = local_net(before)
    local.forward(x)
    _, gradients = local.backward(once)
    nn.GradientDescent(lr=1).optimize_batch(local, gradients, 0, 0)
    local.set_buffers({name: state(worker)[name] for name in local.get_buffers()})
    assert_equal(state(worker), local)


def test_every_nameless_backward_adds(worker: Worker) -> None:
    x, _ = next(batches())
    worker.run(create(), forward(x))
    local = local_net(state(worker))
    local.set_phase(nn.Phase.Test)
    once = backward(np.ones((5, 2)))
    worker.run(once, once, step(optimizer("GradientDescent", lr=1)))
    local.set_phase(nn.Phase.Training)
    buffers = {name: each.copy() for name, each in local.get_buffers().items()}
    local.forward(x)
    local.set_buffers(buffers)
    _, gradients = local.backward(np.ones((5, 2)))
    doubled = {name: each + each for name, each in gradients.items()}
    nn.GradientDescent(lr=1).optimize_batch(local, doubled, 0, 0)
    assert_equal(state(worker), local)


def test_optimizer_left_out_is_the_last_one_and_another_starts_anew(worker: Worker) -> None:
    worker.run(create())
    local = local_net(state(worker))
    error = nn.MeanError(nn.CrossEntropyWithLabels())
    adam, other, anew = nn.Adam(lr=0.01), nn.Adam(lr=0.02), nn.Adam(lr=0.02)
    specs = [
        (optimizer(lr=0.01), adam),
        (None, adam),
        # The default's value is the same optimizer.
        (optimizer(lr=0.01, eps=1e-8), adam),
        (optimizer(lr=0.02), other),
        (optimizer("SignGD"), nn.SignGD()),
        (optimizer(lr=0.02), anew),
    ]
    x, y = next(batches())
    for at, (given, rule) in enumerate(specs):
        (answer,) = worker.run(train_step(x, y, given))
        _, gradients, _ = rule.backpropagation(local, x, y, error)
        rule.optimize_batch(local, gradients, 0, at)
        assert answer.steps == at + 1
        assert_equal(state(worker), local)


def test_first_step_needs_an_optimizer(worker: Worker) -> None:
    x, y = next(batches())
    worker.run(create())
    assert worker.run(train_step(x, y)) == ["NO_OPTIMIZER"]
    *_, refused = worker.run(forward(x), backward(np.ones((5, 2))), step())
    assert refused == "NO_OPTIMIZER"


def test_gradients_that_are_not_finite_change_nothing_and_can_be_forgotten(worker: Worker) -> None:
    x, y = next(batches())
    worker.run(create(), train_step(x, y, optimizer()))
    before = state(worker)
    assert worker.run(train_step(x * np.inf, y)) == ["NOT_FINITE"]
    worker.run(forward(x), backward(np.full((5, 2), np.nan)))
    buffers = state(worker)
    assert worker.run(step(), train_step(x, y), step(step_id="a")) == ["NOT_FINITE"] * 3
    after = state(worker)
    for name, each in after.items():
        np.testing.assert_array_equal(each, buffers[name])
        if "running" not in name:
            np.testing.assert_array_equal(each, before[name])
    worker.run(step_pb2.ClearGradientsRequest(session_id="s", layer="net"))
    assert worker.run(step()) == ["NO_GRADIENTS"]
    (answer,) = worker.run(train_step(x, y, step_id="a"))
    assert answer.steps == 2


def test_layer_without_parameters_steps_and_changes_nothing(worker: Worker) -> None:
    request = create()
    request.layers[0].CopyFrom(spec("net", "Sequential", layers=[{"type": "Softmax"}]))
    x, y = next(batches())
    _, answer, _, _, stepped = worker.run(
        request,
        train_step(x, y, optimizer()),
        forward(x),
        backward(np.ones((5, 3))),
        step(),
    )
    assert (answer.steps, stepped.steps) == (1, 2)


def test_training_counts_against_the_sessions_memory(redis_url: str) -> None:
    # The parameters take 880 bytes. Adam keeps twice as much, MomentumGD as much, SignGD nothing.
    worker = Worker(redis_url, "small", session_parameter_bytes=2000)
    request = create()
    request.layers[0].CopyFrom(
        spec("net", "Dense", input_size=10, output_size=10, activation_name="softmax")
    )
    x, y = np.ones((2, 10)), np.array([1, 2])
    worker.run(request)
    assert worker.run(train_step(x, y, optimizer("Adam"))) == ["TOO_LARGE"]
    (answer,) = worker.run(train_step(x, y, optimizer("MomentumGD")))
    assert answer.steps == 1
    kept = forward(x), backward(np.ones((2, 10)))
    assert worker.run(*kept)[1] == "TOO_LARGE"
    # An optimizer that keeps less gives back what the one before it kept.
    worker.run(train_step(x, y, optimizer("SignGD")))
    *_, last = worker.run(*kept, step())
    assert last.steps == 3
    new = spec("more", "Dense", input_size=10, output_size=10)
    assert worker.run(api.AddLayerRequest(session_id="s", layer=new)) == ["TOO_LARGE"]


def test_late_fault_of_a_step_leaves_nothing(worker: Worker, monkeypatch: Any) -> None:
    from worker import train_step as module

    x, y = next(batches())
    worker.run(create(), train_step(x, y, optimizer()))
    before = state(worker)

    def fail(**fields: Any) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(module, "TrainStepResponse", fail)
        assert worker.run(train_step(x, y), train_step(x, y, step_id="a")) == ["TOO_LARGE"] * 2
    for name, each in state(worker).items():
        np.testing.assert_array_equal(each, before[name])
    (answer,) = worker.run(train_step(x, y, step_id="a"))
    assert answer.steps == 2
