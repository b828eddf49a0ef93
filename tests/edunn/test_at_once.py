"""What lets a gradient check move many elements at once: layers that answer each by itself."""

from __future__ import annotations

from types import MethodType

import numpy as np
import pytest
from examples import ALL, inputs, make

import edunn as nn
from edunn.arrays import Array
from edunn.memory import empty, unbuffered
from edunn.model import ParameterSet, Phase
from edunn.utils import at_once
from edunn.utils.at_once import answers_alone, slopes_by_feature, slopes_by_sample
from edunn.utils.check_gradient import common_layer, squared_error
from edunn.utils.gradient_at import Runs, check_at
from edunn.utils.numerical_gradient import numerical_gradient
from edunn.utils.preserve import Replay, is_known

BY_SAMPLE = [kind for kind in ALL if answers_alone(make(kind)) == "samples"]
BY_FEATURE = [kind for kind in ALL if answers_alone(make(kind)) == "features"]


@pytest.mark.parametrize("kind", BY_SAMPLE)
def test_a_sample_has_the_same_answer_without_the_others(kind: str) -> None:
    layer, given = make(kind), inputs(kind)
    together = layer.forward(*given).copy()
    for i in range(len(given[-1])):
        alone = layer.forward(*(array[i : i + 1] for array in given))
        np.testing.assert_allclose(alone, together[i : i + 1], rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("kind", BY_FEATURE)
def test_a_feature_has_the_same_answer_beside_other_features(kind: str) -> None:
    layer, (x,) = make(kind), inputs(kind)
    before = layer.forward(x).copy()
    x[:, 1:] = 7 - 3 * x[:, 1:]
    after = layer.forward(x)
    np.testing.assert_array_equal(after[:, :1], before[:, :1])
    assert not np.allclose(after[:, 1:], before[:, 1:])


@pytest.mark.parametrize("kind", [*BY_SAMPLE, *BY_FEATURE])
def test_slopes_at_once_are_those_of_one_element_at_a_time(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer, (*others, x) = make(kind), inputs(kind)
    y = layer.forward(*others, x).copy()
    weights = np.random.default_rng(2).uniform(0.5, 1.5, y.shape)
    one_by_one = numerical_gradient(lambda x: layer.forward(*others, x), x, weights)
    # Several chunks.
    monkeypatch.setattr(at_once, "_NUMBERS", 3 * x[0].size)
    if kind in BY_FEATURE:
        slopes = slopes_by_feature(lambda: layer.forward(x), x, weights, 1e-5)
    else:
        found = slopes_by_sample(layer, [*others, x], y, weights, np.full(x.shape, 9.0), 1e-5)
        assert found is not None
        slopes = found
    np.testing.assert_allclose(slopes, one_by_one, rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(x, inputs(kind)[-1])


def test_most_layers_answer_by_sample_and_batch_normalisation_by_feature() -> None:
    assert len(BY_SAMPLE) > 15
    assert BY_FEATURE == ["BatchNorm"]
    for layer in (
        nn.AddConstant(np.ones((2, 3))),  # type: ignore[arg-type]
        nn.MeanError(nn.SquaredError()),
        nn.Sequential([nn.Linear(2, 3), nn.BatchNorm(3)]),
    ):
        assert answers_alone(layer) is None


class WrongReLU(nn.ReLU):
    def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
        return 2 * super().backward(δEδy)[0], {}


def test_a_layer_with_anything_of_somebodys_own_is_not_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    patched = nn.TanH()
    patched.backward = MethodType(WrongReLU.backward, patched)  # type: ignore[method-assign]
    for layer in (WrongReLU(), patched, nn.Sequential([nn.Bias(2), WrongReLU()])):
        assert not is_known(layer)
    assert is_known(nn.Sequential([nn.Bias(2), nn.ReLU()]))
    monkeypatch.setattr(nn.Sigmoid, "forward", lambda self, x: x)
    assert not is_known(nn.Sigmoid())


def test_a_fault_put_into_a_layer_of_the_library_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = nn.SquaredError.backward

    def forgets_the_factor(self: nn.SquaredError, δE: Array | float = 1.0) -> object:
        gradient, parameters = right(self, δE)
        return gradient / 2, parameters

    assert squared_error(nn.SquaredError(), (3, 2))
    monkeypatch.setattr(nn.SquaredError, "backward", forgets_the_factor)
    assert not squared_error(nn.SquaredError(), (3, 2))


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("phase", Phase)
def test_a_layer_of_the_library_does_what_it_is_not_watched_for(kind: str, phase: Phase) -> None:
    layer = make(kind)
    layer.set_phase(phase)
    given = dict(zip(layer.input_names, inputs(kind), strict=True))
    runs = Runs(layer, given, Replay.of(layer), closely=True)
    checks = check_at(runs, 1e-6, np.random.default_rng(3))
    assert [check.problem for check in checks if not check.passed] == []


def test_a_check_moves_an_element_of_each_sample_in_one_forward(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runs = 0
    right = nn.GELU.forward

    def counted(self: nn.GELU, x: Array) -> Array:
        nonlocal runs
        runs += 1
        return right(self, x)

    counted.__module__ = nn.GELU.__module__
    monkeypatch.setattr(nn.GELU, "forward", counted)
    assert common_layer(nn.GELU(), (5, 8))
    assert runs == 3


def test_large_arrays_begin_where_a_vector_does() -> None:
    for dtype in (np.dtype(np.float32), np.dtype(np.float64)):
        array = empty((129, 257), dtype)
        assert array.shape == (129, 257)
        assert array.dtype == dtype
        assert array.flags.c_contiguous
        assert array.__array_interface__["data"][0] % 64 == 0


def test_the_buffer_of_numpy_is_as_long_as_before_after_an_error() -> None:
    before = np.getbufsize()
    with pytest.raises(KeyError), unbuffered(2**20):
        assert np.getbufsize() < before
        raise KeyError
    assert np.getbufsize() == before
