"""The optimizers: PyTorch's trajectories, the loop around them, what lasts and what is left."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from vectors import FOLDER, Case, array, assert_close

import edunn as nn
from edunn.arrays import Array
from edunn.model import ParameterSet, Phase

CASES = json.loads((FOLDER / "optimizers.json").read_text())["cases"]
KINDS = [case["optimizer"] for case in CASES]
LOSS = nn.MeanError(nn.SquaredError())


class Parameter(nn.ModelWithParameters):
    """A model that is one parameter, for steps whose gradients are made up."""

    def __init__(self, p: Array) -> None:
        super().__init__()
        self.register_parameter("p", p)

    def forward(self, x: Array) -> Array:
        return x

    def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
        return δEδy, {}


class Spy(nn.Identity):
    """An identity that writes down what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[list[float]] = []
        self.phases: set[Phase] = set()

    def forward(self, x: Array) -> Array:
        self.batches.append(x.ravel().tolist())
        self.phases.add(self.phase)
        return super().forward(x)


def regression(seed: int = 0, samples: int = 20) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((samples, 3))
    return x, x @ np.array([[1.0], [-2.0], [0.5]]) + 3


def linear(seed: int = 0) -> nn.Model:
    config = {"input_size": 3, "output_size": 1}
    return nn.build("LinearRegression", config, rng=np.random.default_rng(seed))


@pytest.mark.parametrize("case", CASES, ids=KINDS)
def test_trajectories_are_pytorchs(case: Case) -> None:
    model = Parameter(array(case["parameter"]))
    optimizer = getattr(nn, case["optimizer"])(batch_size=1, epochs=1, **case["config"])
    live = model.get_parameters()["p"]
    # Each gradient as the first batch of a new epoch: state must not start again.
    for epoch, (g, expected) in enumerate(zip(case["gradients"], case["trajectory"], strict=True)):
        optimizer.optimize_batch(model, {"p": array(g)}, epoch, 0)
        assert_close(live, array(expected))


@pytest.mark.parametrize("case", CASES, ids=KINDS)
def test_the_pure_steps_give_the_same_trajectories_and_change_nothing(case: Case) -> None:
    step = getattr(nn, case["optimizer"])(batch_size=1, epochs=1, **case["config"]).step
    p = array(case["parameter"])
    state: dict[str, Any] = {}
    for g, expected in zip(case["gradients"], case["trajectory"], strict=True):
        arrays = [p, array(g), *(v for v in state.values() if isinstance(v, np.ndarray))]
        before = [a.copy() for a in arrays]
        for a in arrays:
            a.flags.writeable = False
        p, state = step(p, arrays[1], state)
        assert all(np.array_equal(a, b) for a, b in zip(arrays, before, strict=True))
        assert_close(p, array(expected))


@pytest.mark.parametrize("kind", KINDS)
def test_a_state_survives_being_stored_as_plain_values(kind: str) -> None:
    step = getattr(nn, kind)(batch_size=1, epochs=1).step
    g = np.array([0.5, -1.0])
    _, state = step(np.ones(2), g, {})
    stored = {k: np.array(v.tolist(), dtype=v.dtype) for k, v in state.items()}
    np.testing.assert_array_equal(step(np.ones(2), g, stored)[0], step(np.ones(2), g, state)[0])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_a_parameter_keeps_its_dtype(kind: str, dtype: type[np.generic]) -> None:
    model = Parameter(np.ones(3, dtype=dtype))
    optimizer = getattr(nn, kind)(batch_size=1, epochs=1, lr=0.1)
    for _ in range(3):
        optimizer.optimize_batch(model, {"p": np.full(3, 0.5)}, 0, 0)
    assert model.get_parameters()["p"].dtype == dtype
    assert np.all(model.get_parameters()["p"] < 1)


@pytest.mark.parametrize("kind", KINDS)
def test_training_lowers_the_error(kind: str) -> None:
    x, y = regression()
    rates = {"RMSprop": 0.05, "Adam": 0.05, "SignGD": 0.02, "NesterovMomentumGD": 0.02}
    optimizer = getattr(nn, kind)(8, 60, lr=rates.get(kind, 0.03), rng=np.random.default_rng(0))
    history = optimizer.optimize(linear(), x, y, LOSS, verbose=False)
    assert len(history) == 60
    assert history[-1] < 0.1 * history[0]


def test_parameters_are_updated_in_place() -> None:
    model = linear()
    w = model.get_parameters()["w"]
    before = w.copy()
    nn.GradientDescent(4, 1).optimize(model, *regression(), LOSS, verbose=False)
    assert model.get_parameters()["w"] is w
    assert np.any(w != before)


def spied(optimizer: nn.Optimizer, samples: int) -> list[list[float]]:
    spy, x = Spy(), np.arange(float(samples)).reshape(-1, 1)
    optimizer.optimize(spy, x, x, LOSS, verbose=False)
    return spy.batches


def test_samples_are_shuffled_and_not_batches_alone() -> None:
    (first, second) = spied(nn.GradientDescent(5, 1, rng=np.random.default_rng(0)), 10)
    assert sorted(first + second) == list(range(10))
    assert sorted(first) not in ([0, 1, 2, 3, 4], [5, 6, 7, 8, 9])


def test_every_epoch_has_its_own_order() -> None:
    (first, second) = spied(nn.GradientDescent(10, 2, rng=np.random.default_rng(0)), 10)
    assert first != second


def test_without_shuffle_the_order_is_kept() -> None:
    batches = spied(nn.GradientDescent(4, 1, shuffle=False), 10)
    assert batches == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_the_last_short_batch_is_used() -> None:
    assert sorted(map(len, spied(nn.GradientDescent(4, 1), 10))) == [2, 4, 4]


def test_fewer_samples_than_a_batch_are_one_batch() -> None:
    assert [len(batch) for batch in spied(nn.GradientDescent(100, 1), 3)] == [3]


def test_inputs_and_truth_are_shuffled_alike() -> None:
    x = np.arange(8.0).reshape(-1, 1)
    history = nn.GradientDescent(3, 4).optimize(nn.Identity(), x, x, LOSS, verbose=False)
    assert history.tolist() == [0.0] * 4


def test_the_error_of_an_epoch_weighs_samples_alike() -> None:
    x = np.zeros((3, 1))
    y = np.array([[0.0], [0.0], [3.0]])
    optimizer = nn.GradientDescent(2, 1, shuffle=False)
    assert optimizer.optimize(nn.Identity(), x, y, LOSS, verbose=False) == [3.0]


def test_the_callers_arrays_are_not_shuffled() -> None:
    x, y = regression()
    x_before, y_before = x.copy(), y.copy()
    nn.GradientDescent(4, 3).optimize(linear(), x, y, LOSS, verbose=False)
    np.testing.assert_array_equal(x, x_before)
    np.testing.assert_array_equal(y, y_before)


def test_adam_counts_its_steps_across_epochs_and_calls() -> None:
    x, y = regression()
    once, twice = linear(), linear()
    nn.Adam(20, 6, shuffle=False).optimize(once, x, y, LOSS, verbose=False)
    optimizer = nn.Adam(20, 3, shuffle=False)
    optimizer.optimize(twice, x, y, LOSS, verbose=False)
    optimizer.optimize(twice, x, y, LOSS, verbose=False)
    for name, p in once.get_parameters().items():
        np.testing.assert_array_equal(p, twice.get_parameters()[name])


@pytest.mark.parametrize("kind", KINDS)
def test_one_optimizer_trains_several_models_each_with_its_own_state(kind: str) -> None:
    x, y = regression()
    optimizer = getattr(nn, kind)(20, 3, shuffle=False)
    results, models = [], []
    for _ in range(2):
        model = linear()
        optimizer.optimize(model, x, y, LOSS, verbose=False)
        results.append(model.get_parameters()["w"].copy())
        # Kept alive, so that the next model cannot lie at the same address.
        models.append(model)
    np.testing.assert_array_equal(results[0], results[1])


def test_the_state_of_a_model_goes_with_the_model() -> None:
    optimizer, model = nn.Adam(20, 1), linear()
    optimizer.optimize(model, *regression(), LOSS, verbose=False)
    assert len(optimizer._states) == 1
    del model
    gc.collect()
    assert len(optimizer._states) == 0


def test_training_runs_in_the_training_phase_and_leaves_the_test_phase() -> None:
    spy = Spy()
    nn.GradientDescent(4, 1).optimize(spy, np.ones((4, 1)), np.ones((4, 1)), LOSS, verbose=False)
    assert spy.phases == {Phase.Training}
    assert spy.phase is Phase.Test


def test_an_interrupted_training_leaves_the_test_phase_too() -> None:
    model = nn.Sequential([nn.Linear(3, 1), nn.Dropout()])
    with pytest.raises(nn.LayerError):
        nn.GradientDescent(4, 1).optimize(model, np.ones((4, 2)), np.ones((4, 1)), LOSS, False)
    assert model["dropout1"].phase is Phase.Test


@pytest.mark.parametrize("wrap", [lambda layer: layer, lambda layer: nn.Sequential([layer])])
def test_a_frozen_layer_is_not_trained(wrap: Callable[[nn.Model], nn.Model]) -> None:
    layer = linear()
    model = wrap(layer)
    layer.frozen = True
    before = {name: p.copy() for name, p in layer.get_parameters().items()}
    nn.GradientDescent(4, 2).optimize(model, *regression(), LOSS, verbose=False)
    for name, p in layer.get_parameters().items():
        np.testing.assert_array_equal(p, before[name])


def test_a_frozen_layer_of_ones_own_is_not_trained_whatever_its_backward_gives() -> None:
    model = nn.FakeModel(np.array([4.0]), np.array([3.0]))
    model.frozen = True
    nn.Adam(1, 1).optimize_batch(model, {"parameter": np.array([3.0])}, 0, 0)
    np.testing.assert_array_equal(model.get_parameters()["parameter"], [4])


def test_a_loss_per_sample_is_averaged() -> None:
    x, y = regression()
    one, other = linear(), linear()
    first = nn.GradientDescent(7, 2, shuffle=False).optimize(one, x, y, LOSS, False)
    second = nn.GradientDescent(7, 2, shuffle=False).optimize(other, x, y, nn.SquaredError(), False)
    np.testing.assert_allclose(first, second, rtol=1e-12)
    np.testing.assert_allclose(one.get_parameters()["w"], other.get_parameters()["w"], rtol=1e-12)


def test_samples_may_come_as_lists() -> None:
    model = nn.LinearRegression(1, 1)
    x: Any = [[1.0], [2.0], [3.0]]
    y: Any = [[2.0], [4.0], [6.0]]
    history = nn.GradientDescent(2, 50, lr=0.05).optimize(model, x, y, nn.SquaredError(), False)
    assert history[-1] < 0.1 * history[0]


@pytest.mark.parametrize(("x", "y"), [((3, 1), (2, 1)), ((0, 1), (0, 1)), ((), ())])
def test_samples_that_do_not_match_are_refused(x: tuple[int, ...], y: tuple[int, ...]) -> None:
    with pytest.raises(nn.LayerError, match="as many samples"):
        nn.GradientDescent(2, 1).optimize(nn.Identity(), np.ones(x), np.ones(y), LOSS, False)


@pytest.mark.parametrize(
    "gradients", [{"q": np.ones(2)}, {"p": np.ones(3)}, {"p": 1.0}, {"p": None}]
)
def test_a_gradient_of_nothing_is_refused(gradients: ParameterSet) -> None:
    with pytest.raises(nn.LayerError) as caught:
        nn.GradientDescent(1, 1).optimize_batch(Parameter(np.ones(2)), gradients, 0, 0)
    assert caught.value.argument in gradients


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("GradientDescent", "batch_size", 0),
        ("GradientDescent", "epochs", -1),
        ("GradientDescent", "lr", float("nan")),
        ("MomentumGD", "gamma", 1),
        ("RMSprop", "beta", 1.5),
        ("Adam", "betas", (0.9, 1)),
        ("Adam", "betas", 0.9),
        ("SignGD", "eps", 0),
    ],
)
def test_an_argument_out_of_bounds_is_refused(kind: str, field: str, value: Any) -> None:
    with pytest.raises(nn.ConfigError) as caught:
        getattr(nn, kind)(**{"batch_size": 1, "epochs": 1, field: value})
    assert caught.value.argument.startswith(field)
    assert caught.value.layer == kind


def test_a_progress_bar_is_shown_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    optimizer = nn.GradientDescent(4, 3)
    optimizer.optimize(linear(), *regression(), LOSS, verbose=False)
    assert capsys.readouterr() == ("", "")
    optimizer.optimize(linear(), *regression(), LOSS)
    out, err = capsys.readouterr()
    assert out == ""
    assert "3/3" in err
    assert err.endswith("\n")


def test_digits_are_learned_to_95_percent_within_30_epochs() -> None:
    pytest.importorskip("sklearn", reason="the data sets come with scikit-learn")
    rng = np.random.default_rng(0)
    x, y, _ = nn.datasets.load_classification("digits")
    data = nn.datasets.split(x / 16, y, test_share=0.2, rng=rng)
    layers = [
        {
            "type": "Dense",
            "config": {"input_size": 64, "output_size": 64, "activation_name": "relu"},
        },
        {"type": "Dropout", "config": {"p": 0.2}},
        {
            "type": "Dense",
            "config": {"input_size": 64, "output_size": 10, "activation_name": "softmax"},
        },
    ]
    model = nn.build("Sequential", {"layers": layers}, rng=rng)
    optimizer = nn.Adam(batch_size=32, epochs=30, lr=0.002, rng=rng)
    loss = nn.MeanError(nn.CrossEntropyWithLabels())
    optimizer.optimize(model, data.x_train, data.y_train, loss, verbose=False)
    predicted = nn.utils.onehot2labels(model.forward(data.x_test))
    assert nn.metrics.accuracy(data.y_test, predicted) >= 0.95


class Mine(nn.BatchedGradientOptimizer):
    """An optimizer as a student would write one."""

    def optimize_batch(
        self, model: nn.Model, gradients: ParameterSet, epoch: int, iteration: int
    ) -> None:
        for name, p in model.get_parameters().items():
            p[:] = p - 0.1 * gradients[name]


def test_an_optimizer_of_ones_own_gives_its_batch_step_alone() -> None:
    mine, ours = linear(), linear()
    Mine(4, 3, shuffle=False).optimize(mine, *regression(), LOSS, verbose=False)
    nn.GradientDescent(4, 3, shuffle=False).optimize(ours, *regression(), LOSS, verbose=False)
    for name, p in ours.get_parameters().items():
        np.testing.assert_allclose(mine.get_parameters()[name], p, rtol=1e-12)


def test_an_optimizer_without_a_step_says_so() -> None:
    class Without(nn.BatchedGradientOptimizer):
        pass

    with pytest.raises(NotImplementedError, match="Without"):
        Without(4, 3).optimize(linear(), *regression(), LOSS, verbose=False)


def test_the_fakes_do_as_they_are_told() -> None:
    model = nn.FakeModel(np.array([4.0]), np.array([3.0]))
    optimizer = nn.GradientDescent(batch_size=2, epochs=2, lr=0.5)
    x = np.zeros((2, 1))
    history = optimizer.optimize(model, x, x, nn.FakeError(error=7.0), verbose=False)
    assert (type(history), history.tolist()) == (np.ndarray, [7.0, 7.0])
    np.testing.assert_array_equal(model.get_parameters()["parameter"], [1])


def test_a_fake_may_start_at_integers() -> None:
    model = nn.FakeModel(parameter=np.array([0, 0]), gradient=np.array([1, -1]))
    # The data may have any shape: neither the model nor the error looks at them.
    x, y = np.zeros((3, 10)), np.zeros((3, 5))
    nn.GradientDescent(3, 2, lr=2).optimize(model, x, y, nn.FakeError(), verbose=False)
    np.testing.assert_array_equal(model.get_parameters()["parameter"], [-4, 4])


@pytest.mark.parametrize(
    ("gradient", "named"),
    [(None, "None, as without"), ("g", "a str"), (np.ones(()), r"shape \(\)")],
)
def test_a_gradient_that_is_no_array_is_called_by_its_type(gradient: Any, named: str) -> None:
    with pytest.raises(nn.LayerError, match=f"p should be a gradient of .*, but got {named}"):
        nn.GradientDescent(1, 1).optimize_batch(Parameter(np.ones(2)), {"p": gradient}, 0, 0)


@pytest.mark.parametrize(
    ("model", "loss", "sentence"),
    [
        (nn.ReLU, LOSS, r"model should be a model, .* class ReLU: is there a `ReLU\(\.\.\.\)`"),
        (nn.ReLU(), nn.SquaredError, "error_layer should be a model, .* the class SquaredError"),
        (None, LOSS, "model should be a model, but got None"),
        (nn.ReLU(), "SquaredError", "error_layer should be a model, but got 'SquaredError'"),
    ],
)
def test_what_is_no_model_is_told_so(model: Any, loss: Any, sentence: str) -> None:
    x = np.ones((2, 1))
    with pytest.raises(nn.LayerError, match=sentence):
        nn.GradientDescent(1, 1).optimize(model, x, x, loss, verbose=False)
