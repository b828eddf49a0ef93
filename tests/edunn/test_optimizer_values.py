"""Optimizers as values: made without a loop, described, built by name, bit-equal to the loop."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from counted import counted, counting

import edunn as nn
from edunn.arrays import Array
from edunn.estimate import BESIDES, ArraySpec
from edunn.model import ParameterSet

LOSS = nn.MeanError(nn.CrossEntropyWithLabels())
MEAN = nn.MeanError(nn.SquaredError())
KINDS = sorted(nn.OPTIMIZER_TYPES)
kinds = pytest.mark.parametrize("kind", KINDS)


def network(seed: int = 0) -> nn.Model:
    layers = [
        {"type": "Dense", "config": {"input_size": 4, "output_size": 5, "activation_name": "relu"}},
        {"type": "BatchNorm", "config": {"num_features": 5}},
        {"type": "Linear", "frozen": True, "config": {"input_size": 5, "output_size": 3}},
        {"type": "Softmax", "config": {}},
    ]
    return nn.build("Sequential", {"layers": layers}, rng=np.random.default_rng(seed))


def data(samples: int = 12) -> tuple[Array, Array]:
    rng = np.random.default_rng(1)
    return rng.standard_normal((samples, 4)), rng.integers(3, size=samples)


def gradients_of(model: nn.Model, x: Array, y: Array) -> ParameterSet:
    LOSS.forward(y, model.forward(x))
    return model.backward(LOSS.backward()[0])[1]


@kinds
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_updates_are_bit_equal_to_the_loop(kind: str, dtype: type[np.generic]) -> None:
    x, y = data()
    looped, stepped = network(), network()
    for model in (looped, stepped):
        model.set_parameters({k: p.astype(dtype) for k, p in model.get_parameters().items()})
    nn.OPTIMIZER_TYPES[kind](4, 3, shuffle=False).optimize(looped, x, y, LOSS, verbose=False)
    optimizer = nn.build_optimizer(kind, {})
    state: dict[str, Array] = {}
    for _ in range(3):
        for start in range(0, len(x), 4):
            gradients = gradients_of(stepped, x[start : start + 4], y[start : start + 4])
            parameters, state = optimizer.update(stepped.get_parameters(), gradients, state)
            stepped.set_parameters(parameters)
    for name, p in looped.get_parameters().items():
        other = stepped.get_parameters()[name]
        assert (p.dtype, p.tobytes()) == (other.dtype, other.tobytes())


@kinds
def test_the_loop_takes_an_optimizer_made_apart_from_it(kind: str) -> None:
    x, y = data()
    one, other = network(), network()
    optimizer = nn.build_optimizer(kind, {"lr": 0.02})
    rng = np.random.default_rng
    mine = getattr(nn, kind)(5, 4, lr=0.02, rng=rng(0))
    loop = nn.BatchedGradientOptimizer(5, 4, rng=rng(0), optimizer=optimizer)
    np.testing.assert_array_equal(
        mine.optimize(one, x, y, LOSS, verbose=False),
        loop.optimize(other, x, y, LOSS, verbose=False),
    )
    for name, p in one.get_parameters().items():
        np.testing.assert_array_equal(p, other.get_parameters()[name])


@kinds
def test_an_update_changes_nothing_in_place_and_its_state_has_the_entries_described(
    kind: str,
) -> None:
    optimizer = nn.build_optimizer(kind, {})
    model = network()
    gradients = gradients_of(model, *data())
    parameters = model.get_parameters()
    state: dict[str, Array] = {}
    for _ in range(2):
        arrays = {**parameters, **{f"g {k}": g for k, g in gradients.items()}, **state}
        before = {k: a.copy() for k, a in arrays.items()}
        after, left = optimizer.update(parameters, gradients, state)
        for name, a in arrays.items():
            np.testing.assert_array_equal(a, before[name])
        described = nn.describe_optimizer(kind).state
        assert left.keys() == {f"{name}.{entry.name}" for name in gradients for entry in described}
        for name in gradients:
            for entry in described:
                shape = () if entry.shape == "()" else parameters[name].shape
                assert left[f"{name}.{entry.name}"].shape == shape
        assert all(isinstance(a, np.ndarray) for a in left.values())
        state = left
    for name, p in parameters.items():
        assert (name in gradients) == bool(np.any(after[name] != p))


def test_a_parameter_without_a_gradient_keeps_its_state() -> None:
    optimizer = nn.Adam(lr=0.1)
    p, g = np.ones(2), np.array([1.0, -1.0])
    after, state = optimizer.update({"a": p, "b.c": p}, {"a": g, "b.c": g}, {})
    again, later = optimizer.update(after, {"b.c": g}, state)
    np.testing.assert_array_equal(again["a"], after["a"])
    assert (int(later["a.t"]), int(later["b.c.t"])) == (1, 2)


@pytest.mark.parametrize(
    ("gradients", "state", "argument"),
    [
        ({"q": np.ones(2)}, {}, "q"),
        ({"p": np.ones(3)}, {}, "p"),
        ({"p": "large"}, {}, "p"),
        ({"p": np.ones(2)}, {"p.v": np.ones(1)}, "state 'v'"),
    ],
)
def test_an_update_that_does_not_fit_is_refused(gradients: Any, state: Any, argument: str) -> None:
    with pytest.raises(nn.LayerError) as caught:
        nn.MomentumGD().update({"p": np.ones(2)}, gradients, state)
    assert caught.value.argument == argument


@kinds
def test_a_description_has_the_fields_of_the_value_and_no_more(kind: str) -> None:
    description = nn.describe_optimizer(kind)
    optimizer = nn.build_optimizer(kind, {})
    assert optimizer.config == {field.name: field.default for field in description.fields}
    assert description.fields[0].name == "lr"
    assert all(field.doc and field.bounds for field in description.fields)
    assert description.summary.endswith(".")


def test_a_value_is_shown_as_it_is_written() -> None:
    optimizer = nn.Adam(lr=0.01, betas=(0.8, 0.9))
    assert repr(optimizer) == "Adam(lr=0.01, betas=(0.8, 0.9), eps=1e-08)"
    optimizer.beta_1 = 0.7
    assert optimizer.config == {"lr": 0.01, "betas": (0.7, 0.9), "eps": 1e-8}


@pytest.mark.parametrize(
    ("kind", "config", "paths"),
    [
        ("Adam", {"lr": -1, "betas": [0.9, 1], "foo": 1}, ["foo", "lr", "betas[1]"]),
        ("Adam", {"batch_size": 3}, ["batch_size"]),
        ("GradientDescent", {"lr": float("inf")}, ["lr"]),
        ("adam", {}, ["type"]),
    ],
)
def test_every_field_at_fault_is_told(kind: str, config: Any, paths: list[str]) -> None:
    with pytest.raises(nn.ConfigError) as caught:
        nn.build_optimizer(kind, config)
    assert [path for path, _ in caught.value.violations] == paths


def test_a_value_alone_does_not_optimize() -> None:
    with pytest.raises(nn.ConfigError) as caught:
        nn.Adam(lr=0.01).optimize(network(), *data(), LOSS, verbose=False)
    assert [path for path, _ in caught.value.violations] == ["batch_size", "epochs"]


def test_a_loop_takes_only_optimizers() -> None:
    name: Any = "Adam"
    with pytest.raises(nn.ConfigError, match="optimizer should be an optimizer such as"):
        nn.BatchedGradientOptimizer(4, 3, optimizer=name)


@pytest.mark.parametrize("kind", sorted(nn.OPTIMIZER_TYPES))
@pytest.mark.parametrize("shapes", [[(3, 4)], [(200, 300), (300,)], [(7,), (500, 100), (1, 1)]])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_update_takes_no_more_than_its_estimate_and_not_much_less(
    kind: str, shapes: list[tuple[int, ...]], dtype: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule, rng = nn.build_optimizer(kind, {}), np.random.default_rng(1)
    p = {str(at): rng.normal(size=shape) for at, shape in enumerate(shapes)}
    g = {name: rng.normal(size=each.shape).astype(dtype) for name, each in p.items()}
    estimate = rule.estimate(ArraySpec(each.shape, each.dtype) for each in p.values())
    _, state = rule.update(p, g, {})
    tracemalloc.start()
    try:
        kept = rule.update(p, g, state)
        taken = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert kept
    assert taken <= estimate.memory + BESIDES
    assert estimate.memory <= 4 * taken + BESIDES
    with counting(monkeypatch) as counter:
        rule.update(p, {name: counted(each) for name, each in g.items()}, state)
    assert counter.work <= estimate.work <= 10 * counter.work


class Remembering(nn.BatchedGradientOptimizer):
    """An optimizer that keeps its state as the course's do."""

    def __init__(self, batch_size: int, epochs: int) -> None:
        super().__init__(batch_size, epochs, shuffle=False)
        names: Any = self
        names.first, names.v, names.m, names.config, names.step = True, {}, {}, "mine", 0

    def optimize_batch(
        self, model: nn.Model, gradients: ParameterSet, epoch: int, iteration: int
    ) -> None:
        own: Any = self
        parameters = model.get_parameters()
        if own.first:
            own.first, own.v = False, {name: np.zeros_like(p) for name, p in parameters.items()}
        for name, p in parameters.items():
            own.v[name] = 0.9 * own.v[name] + gradients[name]
            p[:] = p - 0.1 * own.v[name]


def test_an_optimizer_of_ones_own_may_call_its_state_as_ours_do() -> None:
    x, y = data()
    samples = x, y[:, np.newaxis]
    mine, ours = (nn.LinearRegression(4, 1, "Zero") for _ in range(2))
    Remembering(4, 3).optimize(mine, *samples, MEAN, verbose=False)
    nn.MomentumGD(4, 3, shuffle=False).optimize(ours, *samples, MEAN, verbose=False)
    for name, p in ours.get_parameters().items():
        np.testing.assert_allclose(mine.get_parameters()[name], p, rtol=1e-12)

    class Restarting(nn.MomentumGD):
        def __init__(self) -> None:
            super().__init__(4, 3)
            self.v = {}

    assert Restarting().v == {}


def test_one_of_ours_with_another_step_takes_that_step() -> None:
    class Backwards(nn.Adam):
        def step(self, p: Any, g: Any, state: Any) -> Any:
            return p + self.lr * g, {}

    model = nn.FakeModel(np.array([1.0]), np.array([2.0]))
    Backwards(1, 1, lr=0.25).optimize_batch(model, {"parameter": np.array([2.0])}, 0, 0)
    assert model.get_parameters()["parameter"] == 1.5


@kinds
def test_a_step_of_a_loop_leaves_the_gradient_as_it_was_even_where_it_is_the_parameter(
    kind: str,
) -> None:
    """In the loop the steps write over the parameter: they read the gradient before."""
    start = np.array([[0.5, -2.0], [3.0, 1e-3]])
    apart, shared = nn.FakeModel(start.copy(), start), nn.FakeModel(start.copy(), start)
    one, other = (getattr(nn, kind)(1, 1) for _ in range(2))
    for turn in range(3):
        p, g = shared.get_parameters()["parameter"], apart.get_parameters()["parameter"].copy()
        one.optimize_batch(apart, {"parameter": g}, turn, 0)
        other.optimize_batch(shared, {"parameter": p}, turn, 0)
        np.testing.assert_array_equal(p, apart.get_parameters()["parameter"])
    kept = start.copy()
    one.optimize_batch(apart, {"parameter": start}, 0, 0)
    np.testing.assert_array_equal(start, kept)


@kinds
def test_a_parameter_of_rank_0_takes_the_steps_of_one_number(kind: str) -> None:
    single, row = (nn.FakeModel(p, p) for p in (np.array(2.0), np.array([2.0])))
    one, other = (getattr(nn, kind)(1, 1) for _ in range(2))
    state: dict[str, Array] = {}
    p: ParameterSet = {"parameter": np.array(2.0)}
    for turn in range(3):
        one.optimize_batch(single, {"parameter": np.array(0.5)}, turn, 0)
        other.optimize_batch(row, {"parameter": np.array([0.5])}, turn, 0)
        p, state = one.update(p, {"parameter": np.array(0.5)}, state)
    expected = row.get_parameters()["parameter"]
    assert single.get_parameters()["parameter"] == expected == p["parameter"]


def test_a_learning_rate_may_be_an_array_set_by_hand() -> None:
    model, optimizer = nn.FakeModel(np.ones(2), np.ones(2)), nn.GradientDescent(1, 1)
    optimizer.lr = np.array([0.5, 0.25])  # type: ignore[assignment]
    optimizer.optimize_batch(model, {"parameter": np.ones(2)}, 0, 0)
    assert model.get_parameters()["parameter"].tolist() == [0.5, 0.75]
