"""The contract of a model: names, parameters, buffers, layers of one's own."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import edunn as nn
from edunn.arrays import Array
from edunn.model import ParameterSet


def test_parameters_are_the_live_arrays() -> None:
    layer = nn.Linear(2, 2)
    layer.get_parameters()["w"][:] = 3
    np.testing.assert_array_equal(layer.forward(np.ones((1, 2))), [[6, 6]])


@pytest.mark.parametrize("value", ["text", None, [1, [2]], np.array([1j])])
def test_a_parameter_that_is_no_numbers_is_refused(value: Any) -> None:
    with pytest.raises(nn.LayerError) as caught:
        nn.Identity(name="mine").register_parameter("p", value)
    assert (caught.value.layer, caught.value.argument) == ("mine", "p")


def test_a_parameter_is_kept_and_not_copied() -> None:
    layer, p = nn.Identity(), np.ones(2)
    layer.register_parameter("p", p)
    assert layer.get_parameters()["p"] is p


def test_set_parameters_copies() -> None:
    layer, w = nn.Linear(2, 2), np.ones((2, 2))
    layer.set_parameters({"w": w})
    w[:] = 5
    np.testing.assert_array_equal(layer.get_parameters()["w"], 1)


def test_set_parameters_takes_some_of_them() -> None:
    layer = nn.Dense(2, 2)
    before = layer.get_parameters()["w"].copy()
    layer.set_parameters({"b": np.ones(2)})
    np.testing.assert_array_equal(layer.get_parameters()["w"], before)
    np.testing.assert_array_equal(layer.get_parameters()["b"], 1)


def test_set_parameters_takes_the_dtype_as_given() -> None:
    layer = nn.Linear(2, 2)
    layer.set_parameters({"w": np.ones((2, 2), dtype=np.float16)})
    assert layer.get_parameters()["w"].dtype == np.float16


def test_set_parameters_takes_read_only_arrays_and_the_parameters_stay_writable() -> None:
    layer = nn.Linear(2, 2)
    for dtype in (np.float32, np.float64):
        layer.set_parameters({"w": np.frombuffer(np.ones(4, dtype).tobytes(), dtype).reshape(2, 2)})
        layer.get_parameters()["w"][:] = 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("v", np.ones((2, 2))),
        ("w", np.ones((2, 3))),
        ("w", np.ones(4)),
        ("w", np.ones((2, 2), dtype=complex)),
    ],
)
def test_set_parameters_names_the_parameter_at_fault_and_changes_nothing(
    name: str, value: Array
) -> None:
    layer = nn.Dense(2, 2)
    before = {key: p.copy() for key, p in layer.get_parameters().items()}
    with pytest.raises(nn.LayerError) as caught:
        layer.set_parameters({"b": np.ones(2), name: value})
    assert caught.value.argument == name
    for key, p in layer.get_parameters().items():
        np.testing.assert_array_equal(p, before[key])


def test_n_parameters_counts_numbers() -> None:
    assert nn.Dense(3, 2).n_parameters() == 8


def test_a_number_is_a_name_and_anything_else_is_refused() -> None:
    assert nn.ReLU(3).name == "3"
    name: Any = [3]
    with pytest.raises(nn.ConfigError) as caught:
        nn.ReLU(name=name)
    assert caught.value.argument == "name"


def test_a_model_without_a_name_has_one_of_its_own() -> None:
    first, second = nn.Linear(1, 1), nn.Linear(1, 1)
    assert first.name == first.name
    assert first.name.startswith("Linear_")
    assert first.name != second.name
    net = nn.Sequential([first, second])
    assert list(net.get_parameters()) == ["linear1(w)", "linear2(w)"]


@pytest.mark.parametrize("rng", [0, np.random.RandomState(0), "x"])
def test_an_rng_that_is_no_generator_is_refused(rng: Any) -> None:
    with pytest.raises(nn.LayerError) as caught:
        nn.Dropout().rng = rng
    assert caught.value.argument == "rng"


def test_a_cache_given_as_a_read_only_view_is_not_the_callers_array() -> None:
    layer, mask = nn.ReLU(), np.ones((2, 2), dtype=bool)
    view = mask.view()
    view.flags.writeable = False
    layer.set_cache({"mask": view})
    mask[...] = False
    np.testing.assert_array_equal(layer.backward(np.ones((2, 2)))[0], 1)


def test_a_cache_over_bytes_is_not_copied() -> None:
    layer, mask = nn.ReLU(), np.frombuffer(bytes(4), dtype=bool).reshape(2, 2)
    layer.set_cache({"mask": mask})
    assert np.shares_memory(layer.get_cache()["mask"], mask)


def test_names_are_not_registered_anywhere() -> None:
    layers = [nn.ReLU(name="same") for _ in range(100)]
    assert {layer.name for layer in layers} == {"same"}


@pytest.mark.parametrize(
    "error",
    [
        nn.LayerError(layer="l", argument="x", expected="a", got="b"),
        nn.NoForwardError(layer="l"),
        nn.ConfigError(layer="l", faults=[nn.errors.Fault("p", "a", "b")]),
    ],
)
def test_errors_survive_pickling(error: Exception) -> None:
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert copy.__dict__ == error.__dict__


class Scale(nn.ModelWithParameters):
    """A layer as a student would write one."""

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name)
        self.register_parameter("s", np.full(1, 2.0))

    def forward(self, x: Array) -> Array:
        self._save(x=x.copy())
        return x * self.get_parameters()["s"]

    def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
        x = self._saved()["x"]
        return δEδy * self.get_parameters()["s"], {"s": np.array([np.sum(δEδy * x)])}


def test_a_layer_of_ones_own_works_in_a_sequential_and_passes_the_check() -> None:
    net = nn.Sequential([nn.Linear(3, 2), Scale(), nn.TanH()])
    assert list(net.get_parameters()) == ["linear1(w)", "scale1(s)"]
    assert nn.utils.check_gradient.common_layer(net, (4, 3))


def test_a_frozen_layer_of_ones_own_gives_no_gradients_in_a_sequential() -> None:
    net = nn.Sequential([Scale(name="s")])
    net["s"].frozen = True
    net.forward(np.ones((1, 1)))
    assert net.backward(np.ones((1, 1)))[1] == {}
