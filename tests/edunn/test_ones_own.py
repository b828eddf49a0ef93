"""Layers, losses, initializers and optimizers as a student writes them."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import edunn as nn
from edunn.arrays import Array
from edunn.model import ParameterSet, Phase


class Double(nn.ModelWithoutParameters):
    """A layer that needs no cache."""

    def forward(self, x: Array) -> Array:
        return 2 * x

    def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
        return 2 * δEδy, {}


class Square(nn.ModelWithoutParameters):
    """A layer that keeps its input."""

    def forward(self, x: Array) -> Array:
        self.set_cache(x)
        return x**2

    def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
        (x,) = self.get_cache()
        return 2 * x * δEδy, {}


class Affine(nn.ModelWithParameters):
    """A layer with two parameters, one of each way to register it."""

    def __init__(self, size: int, initializer: Any = None, name: str | None = None) -> None:
        super().__init__(name=name)
        self.register_parameter("w", np.ones(size))
        self.parameters["b"] = np.arange(size)

    def forward(self, x: Array) -> Array:
        y = x * self.get_parameters()["w"]
        self.set_cache(x, y)
        return y + self.parameters["b"]

    def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
        x, _ = self.get_cache()
        w = self.get_parameters()["w"]
        return δEδy * w, {"w": (δEδy * x).sum(axis=0), "b": δEδy.sum(axis=0)}


class Absolute(nn.ModelWithoutParameters):
    """A loss that is any model; its backward needs an error per sample."""

    def forward(self, y_true: Array, y: Array) -> Array:
        self.set_cache(np.sign(y - y_true))
        errors: Array = np.abs(y - y_true).sum(axis=1, keepdims=True)
        return errors

    def backward(self, δE: Array) -> tuple[Array, ParameterSet]:
        (sign,) = self.get_cache()
        δEδy = np.zeros_like(sign)
        for i in range(len(sign)):
            δEδy[i] = sign[i] * δE[i]
        return δEδy, {}


class Halves(nn.initializers.Initializer):
    """An initializer that fills and creates nothing."""

    def initialize(self, p: Array) -> None:
        p[:] = 0.5


class Thirds(nn.initializers.Initializer):
    """One that creates, knows of the shape alone, and calls no constructor."""

    def __init__(self) -> None:
        self.value = 1 / 3

    def create(self, shape: tuple[int, ...]) -> Array:  # type: ignore[override]  # fewer arguments
        return np.full(shape, self.value)


class Descent(nn.BatchedGradientOptimizer):
    """An optimizer with `optimize_batch` alone."""

    def __init__(self, batch_size: int, epochs: int, lr: float = 0.1, shuffle: bool = True) -> None:
        super().__init__(batch_size, epochs, shuffle)
        self.lr = lr

    def optimize_batch(
        self, model: nn.Model, δEδps: ParameterSet, epoch: int, iteration: int
    ) -> None:
        parameters = model.get_parameters()
        for name, δEδp in δEδps.items():
            p = parameters[name]
            p[:] = p - self.lr * δEδp


def network() -> nn.Model:
    return nn.Sequential([nn.Linear(3, 2), Square(), Affine(2), Double()])


X = np.random.default_rng(0).standard_normal((5, 3))


@pytest.mark.parametrize("layer", [Double(), Square(), Affine(3), network()])
def test_a_layer_passes_the_check(layer: nn.Model) -> None:
    assert nn.utils.check_gradient.common_layer(layer, (5, 3), samples=3)


def test_what_one_value_or_two_were_kept_comes_back_as_a_tuple() -> None:
    layer = Double()
    layer.set_cache(X)
    assert layer.get_cache() == (X,)
    layer.set_cache(X, {"any": "thing"})
    assert layer.get_cache()[1] == {"any": "thing"}
    layer.set_cache((1, 2))
    assert layer.get_cache() == ((1, 2),)
    layer.set_cache({"a": 1})
    assert layer.get_cache() == ({"a": 1},)
    layer.cache = "of one's own"
    assert (layer.cache, layer.get_cache()) == ("of one's own", "of one's own")


def test_the_cache_of_a_network_with_layers_of_ones_own_can_be_put_back() -> None:
    net = network()
    δEδy = np.ones_like(net.forward(X))
    expected, cache = net.backward(δEδy), copy.deepcopy(net.get_cache())
    net.forward(2 * X)
    net.set_cache(cache)
    δEδx, δEδp = net.backward(δEδy)
    np.testing.assert_array_equal(δEδx, expected[0])
    np.testing.assert_equal(δEδp, expected[1])


def test_a_layer_of_ones_own_may_forget_to_call_the_constructor() -> None:
    class Forgetful(nn.Model):
        def __init__(self) -> None:
            values: Any = [1, 2]
            self.register_parameter("w", values)

        def forward(self, x: Array) -> Array:
            y: Array = x * self.get_parameters()["w"]
            return y

        def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
            return δEδy, {}

    layer = Forgetful()
    assert layer.name.startswith("Forgetful_")
    assert layer.n_parameters() == 2
    nn.Sequential([layer]).set_phase(Phase.Test)
    assert layer.phase is Phase.Test


def test_a_layer_that_keeps_its_parameters_itself() -> None:
    class Own(nn.Model):
        w = np.ones(2)

        def get_parameters(self) -> ParameterSet:
            return {"w": self.w}

        def forward(self, x: Array) -> Array:
            y: Array = x * self.w
            return y

        def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
            return δEδy * self.w, {"w": δEδy.sum(axis=0)}

    layer = Own()
    layer.set_parameters({"w": np.array([3.0, 4.0])})
    np.testing.assert_array_equal(layer.w, [3, 4])
    net = nn.Sequential([layer], name="net")
    assert net.get_parameters()["own1(w)"] is layer.w


def test_attributes_of_ones_own_are_ones_own() -> None:
    layer: Any = Double()
    layer.label = [1, 2]
    layer.error = layer.refused = 3
    assert layer.label == [1, 2]


def test_parameters_of_ones_own_are_floats_whatever_they_were() -> None:
    layer = Affine(3)
    values: Any = [1, 2, 3]
    layer.parameters = {"w": values, "b": np.array([True, False, True])}
    assert {p.dtype for p in layer.get_parameters().values()} == {np.dtype(np.float64)}
    assert set(layer.parameters) == {"w", "b"}


def test_any_model_is_a_loss() -> None:
    absolute: Any = Absolute()
    model, loss = nn.Linear(3, 2), nn.MeanError(absolute)
    y = np.zeros((5, 2))
    assert loss.forward(y, model.forward(X)).shape == ()
    history = Descent(5, 30, lr=0.05).optimize(model, X, y, loss, verbose=False)
    assert history[-1] < history[0]
    assert len(Descent(5, 2).optimize(model, X, y, nn.MeanError(nn.SquaredError()), False)) == 2


def test_an_initializer_of_ones_own_fills_or_creates() -> None:
    for initializer, value in ((Halves(), 0.5), (Thirds(), 1 / 3)):
        for layer in (
            nn.Linear(2, 3, initializer=initializer),
            nn.Dense(2, 3, linear_initializer=initializer, bias_initializer=initializer),
            nn.RNN(2, 3, 4, kernel_initializer=initializer),
            nn.Conv2d(1, 2, 3, bias=True, kernel_initializer=initializer),
            nn.BatchNorm(3, gamma_initializer=initializer),
        ):
            (first, *_) = layer.get_parameters().values()
            np.testing.assert_array_equal(first, value)
    size: Any = 3
    np.testing.assert_array_equal(Halves().create(size), [0.5] * 3)


def test_an_initializer_of_nothing_or_of_another_shape_is_told_so() -> None:
    class Nothing(nn.initializers.Initializer):
        pass

    class Other(nn.initializers.Initializer):
        def create(self, shape: tuple[int, ...]) -> Array:  # type: ignore[override]  # fewer arguments
            return np.zeros(5)

    class Returns(nn.initializers.Initializer):
        def initialize(self, p: Array) -> Array:  # type: ignore[override]  # as a mistake
            return np.ones(p.shape)

    with pytest.raises(nn.LayerError, match=r"Returns: initialize\(p\) should be filling p"):
        nn.Linear(2, 3, initializer=Returns())
    with pytest.raises(NotImplementedError, match="Nothing has neither initialize"):
        nn.Linear(2, 3, initializer=Nothing())
    with pytest.raises(nn.LayerError, match=r"Other: .* of the parameter's shape \(2, 3\)"):
        nn.Linear(2, 3, initializer=Other())


def test_none_is_the_default() -> None:
    assert nn.Dense(2, 3, activation_name=None).activation_name == "id"
    for layer in (nn.Linear(2, 3, initializer=None), nn.Dense(2, 3, None, None, None)):
        assert np.ptp(layer.get_parameters()["w"]) > 0
    np.testing.assert_array_equal(nn.Bias(3, initializer=None).get_parameters()["b"], 0)
    assert nn.RNN(2, 3, 4, bptt_truncate=None).bptt_truncate is None


def test_backpropagation_gives_gradients_and_error() -> None:
    model, loss = nn.Linear(3, 2), nn.MeanError(nn.SquaredError())
    δEδx, δEδps, E = Descent(5, 1).backpropagation(model, X, np.zeros((5, 2)), loss)
    assert δEδx.shape == X.shape
    assert set(δEδps) == {"w"}
    np.testing.assert_allclose(E, loss.forward(np.zeros((5, 2)), model.forward(X)))


def wrong(
    forward: Callable[..., Any] = lambda x: x,
    backward: Callable[..., Any] = lambda δEδy: (δEδy, {}),
) -> nn.Model:
    class Wrong(nn.Model):
        def forward(self, x: Array) -> Any:
            return forward(x)

        def backward(self, δEδy: Array) -> Any:
            return backward(δEδy)

    return Wrong(name="mine")


@pytest.mark.parametrize(
    ("layer", "sentence"),
    [
        (wrong(forward=lambda x: None), "mine: what its forward returns .* None, as without"),
        (wrong(forward=lambda x: "y"), "mine: what its forward returns should be an array of num"),
        (wrong(backward=lambda g: None), "mine: what its backward returns .* None, as without"),
        (wrong(backward=lambda g: g), "mine: what its backward returns should be a pair"),
        (wrong(backward=lambda g: (None, {})), "mine: what its backward returns should be a pair"),
        (wrong(backward=lambda g: (g, [g])), "mine: the second .* a dictionary"),
        (wrong(backward=lambda g: (g[:1], {})), r"mine: the δEδx .* \(5, 2\), but got .* \(1, 2\)"),
        (
            wrong(backward=lambda g: (g, {"v": g})),
            r"mine\(v\) should be the gradient of one of its",
        ),
        (wrong(forward=lambda x: x[:, :1]), r"linear2: x should be of shape \(samples, 2\)"),
    ],
)
def test_a_mistake_gets_a_sentence_that_names_it(layer: nn.Model, sentence: str) -> None:
    net = nn.Sequential([nn.Linear(3, 2), layer, nn.Linear(2, 2)])
    with pytest.raises(nn.LayerError, match=sentence):
        Descent(5, 1).optimize(
            net, X, np.zeros((5, 2)), nn.MeanError(nn.SquaredError()), verbose=False
        )


def test_a_gradient_of_another_shape_than_its_parameter_is_told_so() -> None:
    class Wrong(Affine):
        def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
            return δEδy, {"w": δEδy, "b": δEδy.sum(axis=0)}

    model = Wrong(3, name="mine")
    loss = nn.MeanError(nn.SquaredError())
    with pytest.raises(nn.LayerError, match=r"mine: w should be a gradient of .* shape \(3,\)"):
        Descent(5, 1).optimize(model, X, X, loss, verbose=False)


def test_a_forgotten_cache_is_told_so() -> None:
    class Forgetful(Square):
        def forward(self, x: Array) -> Array:
            return x**2

    net = nn.Sequential([Forgetful(name="mine")])
    y = net.forward(X)
    with pytest.raises(nn.NoForwardError, match=r"mine: .* called no set_cache"):
        net.backward(y)


def test_to_set_a_parameter_sets_it() -> None:
    net = nn.Sequential([nn.Linear(3, 2), nn.Dense(2, 2), nn.BatchNorm(2)])
    for name, p in net.get_parameters().items():
        new = np.full(p.shape, 7)
        net.get_parameters()[name] = new
        np.testing.assert_array_equal(net.get_parameters()[name], 7)
        assert net.get_parameters()[name] is p
    net.get_parameters().update({"linear1(w)": np.zeros((3, 2))})
    np.testing.assert_array_equal(net[0].forward(X), 0)
    layer: Any = net[2]
    layer.get_buffers()["running_var"] = [4, 4]
    np.testing.assert_array_equal(layer.running_var, 4)


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p.__setitem__("v", np.ones(2)),
        lambda p: p.__setitem__("w", np.ones(5)),
        lambda p: p.__setitem__("w", None),
        lambda p: p.pop("w"),
        lambda p: p.clear(),
        lambda p: p.update(w="text"),
        lambda p: p.setdefault("v", 1),
        lambda p: p.__ior__({"w": np.ones(3)}),
        lambda p: p.__delitem__("w"),
    ],
)
def test_what_would_change_nothing_is_refused(change: Callable[..., Any]) -> None:
    layer = nn.Linear(3, 2)
    before = layer.get_parameters()["w"].copy()
    with pytest.raises((nn.LayerError, TypeError)):
        change(layer.get_parameters())
    assert list(layer.get_parameters()) == ["w"]
    np.testing.assert_array_equal(layer.get_parameters()["w"], before)


@pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, dict.copy, lambda p: pickle.loads(pickle.dumps(p))],  # noqa: S301
)
def test_a_copy_of_the_parameters_belongs_to_nobody(copied: Any) -> None:
    layer = nn.Linear(3, 2)
    saved = copied(layer.get_parameters())
    assert type(saved) is dict
    saved["w"] = None
    assert layer.get_parameters()["w"] is not None


def test_an_optimizer_that_forgets_the_constructor_of_its_class_trains() -> None:
    class Forgetful(nn.BatchedGradientOptimizer):
        def __init__(self, lr: float) -> None:
            self.lr, self.batch_size, self.epochs = lr, 2, 3

        def optimize_batch(
            self, model: nn.Model, δEδps: ParameterSet, epoch: int, iteration: int
        ) -> None:
            for name, gradient in δEδps.items():
                model.get_parameters()[name][:] -= self.lr * gradient

    model, x = nn.Linear(1, 1), np.arange(4.0)[:, np.newaxis]
    loss = nn.MeanError(nn.SquaredError())
    history = Forgetful(0.01).optimize(model, x, 2 * x, loss, verbose=False)
    assert history.shape == (3,)
    assert history[-1] < history[0]


@pytest.mark.parametrize(("value", "named"), [(None, "NoneType"), ("abc", "str"), ({}, "dict")])
def test_a_parameter_that_is_no_array_is_called_by_its_type(value: Any, named: str) -> None:
    with pytest.raises(nn.LayerError, match=f"an array of numbers, but got {named}"):
        nn.Linear(1, 1).register_parameter("z", value)
