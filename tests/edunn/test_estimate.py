"""What layers say that they take, held to what they do take."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from counted import counted, counting
from drawn_layers import DRAWN, drawn
from examples import EXAMPLES, LAYERS, inputs, make

import edunn as nn
from edunn.arrays import Array
from edunn.catalogue import told
from edunn.estimate import BESIDES, ArraySpec, Estimate
from edunn.model import ParameterSet, Phase

# An estimate is at least what is taken, and at most so many times that.
WORK_FACTOR = 10
MEMORY_FACTOR = 4

#: The number of a draw, and how much larger than usual its sizes may be.
DRAWS = [(number, 1) for number in range(8)] + [(number, 4) for number in range(8, 11)]

every_type = pytest.mark.parametrize("kind", sorted(nn.LAYER_TYPES))


def spec(array: Array) -> ArraySpec:
    return ArraySpec(np.shape(array), np.asarray(array).dtype)


def draws(kind: str) -> Iterator[tuple[nn.Model, tuple[Array, ...], Estimate]]:
    """Yield layers as they may be, each with inputs, half of them in the test phase."""
    for number, scale in DRAWS:
        rng = np.random.default_rng([number, *kind.encode()])
        config, given = drawn(kind, rng, scale)
        layer = nn.build(kind, config)
        layer.set_phase(Phase.Test if number % 2 else Phase.Training)
        yield layer, given, layer.estimate(*map(spec, given))


def peak(run: Callable[..., Any]) -> tuple[Any, ...]:
    """Return what a function returns, and how many bytes it had at once."""
    tracemalloc.start()
    try:
        return run(), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def assert_bounds(estimated: int, taken: int, factor: int, besides: int = 0) -> None:
    assert taken <= estimated + besides
    assert estimated <= factor * taken + besides


def test_every_type_is_drawn() -> None:
    assert set(DRAWN) == set(nn.LAYER_TYPES)


@every_type
def test_output_and_cache_and_gradients_are_as_the_estimate_says(kind: str) -> None:
    for layer, given, estimate in draws(kind):
        y = layer.forward(*given)
        assert spec(y) == estimate.output
        cache = layer.get_cache()
        assert cache.keys() == estimate.cache.keys()
        for name, value in cache.items():
            assert not isinstance(value, np.ndarray) or spec(value) == estimate.cache[name]
        _, gradients = layer.backward(np.ones_like(y))
        assert sum(value.nbytes for value in gradients.values()) == estimate.gradients


@every_type
def test_memory_stays_within_the_estimate_and_the_estimate_near_it(kind: str) -> None:
    for layer, given, estimate in draws(kind):
        y, forward = peak(lambda run=layer.forward, given=given: run(*given))
        gradient = np.ones_like(y)
        _, backward = peak(lambda run=layer.backward, gradient=gradient: run(gradient))
        assert_bounds(estimate.forward.memory, forward, MEMORY_FACTOR, BESIDES)
        assert_bounds(estimate.backward.memory, backward, MEMORY_FACTOR, BESIDES)


@every_type
def test_work_stays_within_the_estimate_and_the_estimate_near_it(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for layer, given, estimate in draws(kind):
        with counting(monkeypatch) as counter:
            y = layer.forward(*map(counted, given))
            assert_bounds(estimate.forward.work, counter.work, WORK_FACTOR)
            counter.work = 0
            layer.backward(counted(np.ones_like(y)))
            assert_bounds(estimate.backward.work, counter.work, WORK_FACTOR)


@every_type
def test_what_a_forward_refuses_for_its_shape_the_estimate_refuses_in_the_same_words(
    kind: str,
) -> None:
    layer, given = make(kind), inputs(kind)
    for wrong in (given[-1][..., np.newaxis, np.newaxis, np.newaxis], np.float64(0.5)):
        tried = (*given[:-1], np.asarray(wrong))
        try:
            layer.forward(*tried)
        except nn.LayerError as error:
            with pytest.raises(nn.LayerError) as caught:
                layer.estimate(*map(spec, tried))
            assert str(caught.value) == str(error)
        else:
            layer.estimate(*map(spec, tried))


@every_type
def test_no_sample_and_one_sample_are_estimated_too(kind: str) -> None:
    layer, given = make(kind), inputs(kind)
    for samples in (0, 1):
        tried = [x[:samples] for x in given]
        try:
            y = layer.forward(*tried)
        except nn.LayerError:
            with pytest.raises(nn.LayerError):
                layer.estimate(*map(spec, tried))
        else:
            assert layer.estimate(*map(spec, tried)).output == spec(y)


@pytest.mark.parametrize("kind", LAYERS)
def test_integers_are_refused(kind: str) -> None:
    with pytest.raises(nn.LayerError):
        make(kind).estimate(spec(inputs(kind)[0])._replace(dtype=np.dtype(np.int64)))


@pytest.mark.parametrize("kind", LAYERS)
def test_an_estimate_itself_takes_nothing(kind: str) -> None:
    layer, shape = make(kind), inputs(kind)[0].shape
    huge = ArraySpec((2**40, *shape[1:]), np.dtype(np.float64))
    estimate, taken = peak(lambda: layer.estimate(huge))
    assert estimate.forward.work > 2**40
    assert estimate.backward.memory > 2**40
    assert taken < BESIDES


def test_layers_within_others_add_up() -> None:
    x = ArraySpec((50, 40), np.dtype(np.float64))
    one = nn.Sequential([nn.Linear(40, 40), nn.ReLU()])
    inner = [nn.Sequential([nn.Linear(40, 40), nn.ReLU()]) for _ in range(3)]
    three, single = nn.Sequential(inner).estimate(x), one.estimate(x)
    assert three.forward.work == 3 * single.forward.work
    assert three.backward.work == 3 * single.backward.work
    assert three.gradients == 3 * single.gradients
    assert sum(each.nbytes for each in three.cache.values()) == 3 * sum(
        each.nbytes for each in single.cache.values()
    )
    assert three.forward.memory >= single.forward.memory + 2 * x.nbytes


def test_no_class_without_an_estimate_of_its_own_comes_into_the_catalogue() -> None:
    class Silent(nn.Model):
        def forward(self, x: Array) -> Array:
            return x

        def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
            return δEδy, {}

    class Other(nn.ReLU):
        def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
            return super().backward(δEδy)

    class Same(nn.ReLU):
        """Computes what a ReLU computes."""

    for kind in (Silent, Other):
        with pytest.raises(TypeError, match=f"{kind.__name__} needs an estimate"):
            told(kind)
    assert told(Same) is Same
    with pytest.raises(NotImplementedError):
        Silent().estimate(ArraySpec((1,), np.dtype(np.float64)))


def test_the_catalogue_takes_every_class_by_that_door() -> None:
    assert all(told(kind) is kind for kind in nn.LAYER_TYPES.values())
    assert set(EXAMPLES) == set(nn.LAYER_TYPES)
