"""What is accepted as NumPy and PyTorch accept it: other numbers, lists, brackets, broadcasting."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from examples import ALL, gradient, inputs, make

import edunn as nn
from edunn.arrays import Array
from edunn.model import ParameterSet

X = np.random.default_rng(0).standard_normal((5, 3))

every_type = pytest.mark.parametrize("kind", ALL)


def run(kind: str, dtype: type[np.floating[Any]] = np.float64) -> tuple[nn.Model, Array]:
    layer = make(kind)
    return layer, layer.forward(*inputs(kind, dtype))


def snapshot(
    result: tuple[Array, ParameterSet],
) -> tuple[bytes, dict[str, bytes]]:
    δEδx, δEδp = result
    return δEδx.tobytes(), {name: value.tobytes() for name, value in δEδp.items()}


@every_type
@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.bool_, np.longdouble])
def test_other_numbers_are_taken_as_float64(kind: str, dtype: type[np.generic]) -> None:
    *truth, x = inputs(kind)
    x, expected = (np.abs(x) > 0.5).astype(dtype), make(kind)
    y = make(kind).forward(*truth, x)
    np.testing.assert_array_equal(y, expected.forward(*truth, x.astype(np.float64)))
    assert y.dtype == np.float64


@every_type
@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.bool_, np.longdouble])
def test_a_gradient_of_other_numbers_is_taken_as_float64(
    kind: str, dtype: type[np.generic]
) -> None:
    layer, y = run(kind)
    given = np.ones(y.shape, dtype=dtype)
    assert snapshot(layer.backward(given)) == snapshot(layer.backward(np.ones(y.shape)))
    assert snapshot(layer.backward(given.tolist())) == snapshot(layer.backward(np.ones(y.shape)))


@every_type
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_gradient_need_not_have_the_dtype_of_the_forward(
    kind: str, dtype: type[np.generic]
) -> None:
    layer, y = run(kind, np.float32)
    g = gradient(y)
    δEδx, _ = layer.backward(g.astype(dtype))
    np.testing.assert_allclose(δEδx, layer.backward(g)[0], rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("name", ["(", ")", "a)b(", "a(b"])
def test_a_name_with_an_open_bracket_is_refused(name: str) -> None:
    with pytest.raises(nn.ConfigError, match="brackets closed"):
        nn.Sequential([nn.ReLU(name=name)])


@pytest.mark.parametrize("name", ["relu (1)", "a(b)(c)", "f(x) = (x)"])
def test_a_name_may_have_brackets(name: str) -> None:
    layers = [nn.Dense(3, 2, name=name), nn.Sequential([nn.Linear(2, 2, name=name)], name="in")]
    net = nn.Sequential(layers)
    assert list(net.get_parameters()) == [f"{name}(w)", f"{name}(b)", f"in({name}(w))"]
    for entry, p in net.get_parameters().items():
        net.set_parameters({entry: np.full(p.shape, 2.0)})
        np.testing.assert_array_equal(net.get_parameters()[entry], 2)
    y = net.forward(X)
    expected, cache = net.backward(y)[0], net.get_cache()
    net.set_cache(cache)
    np.testing.assert_array_equal(net.backward(y)[0], expected)


def test_integers_and_lists_train_as_floats_do() -> None:
    x, y = [[1, 2, 3], [3, 2, 1], [0, 1, 0]], [[1], [0], [1]]
    conversions: list[Callable[[Any], Any]] = [list, np.array, partial(np.array, dtype=float)]
    for optimizer in (nn.GradientDescent, nn.Adam, nn.SignGD):
        histories = []
        for convert in conversions:
            np.random.seed(0)
            model = nn.Sequential([nn.Dense(3, 2, "tanh"), nn.Linear(2, 1)])
            loss = nn.MeanError(nn.SquaredError())
            run = optimizer(2, 3).optimize(model, convert(x), convert(y), loss, verbose=False)
            histories.append(np.asarray(run))
        np.testing.assert_array_equal(histories[0], histories[2])
        np.testing.assert_array_equal(histories[1], histories[2])


def test_metrics_take_lists_and_booleans() -> None:
    taken: list[Any] = [[True, False], [1, 1], [0, 0], [[1], [2]], [[1], [4]]]
    booleans, ones, zeros, column, other = taken
    assert nn.metrics.accuracy(booleans, ones) == 0.5
    assert nn.metrics.mae(booleans, zeros) == 0.5
    assert nn.metrics.rmse(column, other) > 0


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(nn.AddConstant, np.array([[11, 22], [13, 24]])), (nn.MultiplyConstant, [[10, 40], [30, 80]])],
)
def test_a_constant_broadcasts(kind: type[Any], expected: Any) -> None:
    layer = kind(np.array([10, 20]))
    np.testing.assert_array_equal(layer.forward(np.array([[1.0, 2.0], [3.0, 4.0]])), expected)
    assert nn.utils.check_gradient.common_layer(layer, (3, 2))
    # One that makes the output larger than the input.
    assert nn.utils.check_gradient.common_layer(kind([[1.0, 2.0], [3.0, 4.0]]), (1, 2))
    assert nn.utils.check_gradient.common_layer(kind([[1.0, 2.0], [3.0, 4.0]]), (3, 1, 2))
    with pytest.raises(nn.LayerError, match="broadcasts"):
        layer.forward(np.ones((2, 3)))


def test_an_initial_constant_broadcasts() -> None:
    two: Any = [1, 2]
    three: Any = [1, 2, 3]
    w = nn.Linear(3, 2, initializer=nn.initializers.Constant(two)).get_parameters()["w"]
    np.testing.assert_array_equal(w, [[1, 2]] * 3)
    with pytest.raises(nn.LayerError, match="broadcasts to the shape"):
        nn.Linear(3, 2, initializer=nn.initializers.Constant(three))


def test_labels_of_sequences_are_along_the_last_axis() -> None:
    labels = np.array([[0, 2, 1], [1, 1, 0]])
    onehot = nn.utils.labels2onehot(labels, 3)
    assert onehot.shape == (2, 3, 3)
    np.testing.assert_array_equal(nn.utils.onehot2labels(onehot), labels)
    column: Any = [[1], [0]]
    np.testing.assert_array_equal(nn.utils.labels2onehot(column, 2), [[0, 1], [1, 0]])
