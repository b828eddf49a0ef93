"""Initializers: the published spreads, the fans, the source of randomness."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import edunn as nn
from edunn.arrays import Array
from edunn.initializers import INITIALIZER_TYPES, fans

SHAPE = (200, 300)
RANDOM = ["RandomUniform", "RandomNormal", *(k for k in INITIALIZER_TYPES if "i" in k[1:3])]


def draw(kind: str, shape: tuple[int, ...] = SHAPE, seed: int = 0, **fan: Any) -> Array:
    return INITIALIZER_TYPES[kind](rng=np.random.default_rng(seed)).create(shape, **fan)


@pytest.mark.parametrize(
    ("kind", "std"),
    [
        ("XavierNormal", math.sqrt(2 / 500)),
        ("XavierUniform", math.sqrt(6 / 500) / math.sqrt(3)),
        ("KaimingNormal", math.sqrt(2 / 200)),
        ("KaimingUniform", math.sqrt(6 / 200) / math.sqrt(3)),
    ],
)
def test_the_spread_is_the_published_one(kind: str, std: float) -> None:
    w = draw(kind)
    np.testing.assert_allclose(w.std(), std, rtol=0.01)
    np.testing.assert_allclose(w.mean(), 0, atol=4 * std / math.sqrt(w.size))


@pytest.mark.parametrize(
    ("kind", "bound"),
    [("XavierUniform", math.sqrt(6 / 500)), ("KaimingUniform", math.sqrt(6 / 200))],
)
def test_a_uniform_rule_reaches_its_bound_and_not_beyond(kind: str, bound: float) -> None:
    largest = np.abs(draw(kind)).max()
    assert 0.999 * bound < largest <= bound


@pytest.mark.parametrize("kind", ["XavierNormal", "KaimingNormal"])
def test_a_normal_rule_is_not_bounded_like_a_uniform_one(kind: str) -> None:
    w = draw(kind)
    assert np.abs(w).max() > 3.5 * w.std()


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((4, 5), (4, 5)), ((8, 3, 5, 2), (30, 80)), ((7,), (7, 7)), ((), (1, 1)), ((0, 4), (1, 4))],
)
def test_fans_are_read_off_the_shape(shape: tuple[int, ...], expected: tuple[int, ...]) -> None:
    assert fans(shape) == expected


def test_fans_may_be_given() -> None:
    assert fans((4, 5), fan_in=2, fan_out=3) == (2, 3)


@pytest.mark.parametrize("kind", RANDOM)
def test_one_generator_gives_one_array(kind: str) -> None:
    np.testing.assert_array_equal(draw(kind, seed=5), draw(kind, seed=5))
    assert np.any(draw(kind, seed=5) != draw(kind, seed=6))


@pytest.mark.parametrize("kind", RANDOM)
def test_without_a_generator_it_is_numpys_global_one(kind: str) -> None:
    initializer = INITIALIZER_TYPES[kind]()
    np.random.seed(3)
    first = initializer.create((3, 4))
    np.random.seed(3)
    np.testing.assert_array_equal(initializer.create((3, 4)), first)


def test_constants() -> None:
    np.testing.assert_array_equal(draw("Zero"), 0)
    np.testing.assert_array_equal(draw("One"), 1)
    np.testing.assert_array_equal(nn.initializers.Constant(2.5).create((2, 2)), 2.5)


def test_random_uniform_and_normal_spread_as_told() -> None:
    a = nn.initializers.RandomUniform(0.3, rng=np.random.default_rng(0)).create(SHAPE)
    assert 0.299 < np.abs(a).max() <= 0.3
    b = nn.initializers.RandomNormal(0.3, rng=np.random.default_rng(0)).create(SHAPE)
    np.testing.assert_allclose(b.std(), 0.3, rtol=0.01)


def test_initialize_fills_in_place() -> None:
    p: Any = np.ones((2, 3), dtype=np.float32)
    nn.initializers.Constant(4.0).initialize(p)
    np.testing.assert_array_equal(p, 4)
    assert p.dtype == np.float32


@pytest.mark.parametrize("value", [float("nan"), "1", None, True])
def test_a_constant_that_is_no_number_is_refused(value: Any) -> None:
    with pytest.raises(nn.ConfigError):
        nn.initializers.Constant(value)


def test_a_constant_may_have_a_value_for_every_element() -> None:
    w: Any = np.array([[1, 2, 3], [4, 5, 6]])
    layer = nn.Linear(2, 3, initializer=nn.initializers.Constant(w))
    w[:] = 0
    np.testing.assert_array_equal(layer.get_parameters()["w"], [[1.0, 2, 3], [4, 5, 6]])


def test_values_of_another_shape_are_refused() -> None:
    values: Any = np.ones((2, 3))
    with pytest.raises(nn.LayerError) as caught:
        nn.Linear(3, 2, initializer=nn.initializers.Constant(values))
    assert caught.value.argument == "c"
