"""Initializers are judged without a generator that matches."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from checks import drawn, make_check, outcome_of

from bench.students import run_initializer

RNG = np.random.default_rng(11)
Draw = Callable[[tuple[int, ...]], np.ndarray]


class Initializer:
    def __init__(self, draw: Draw) -> None:
        self.draw = draw

    def initialize(self, p: np.ndarray) -> None:
        p[...] = self.draw(p.shape)


def uniform(bound: Callable[[float, float], float]) -> Draw:
    def draw(shape: tuple[int, ...]) -> np.ndarray:
        return RNG.uniform(-1, 1, shape) * bound(shape[0], shape[1])

    return draw


def normal(deviation: Callable[[float, float], float]) -> Draw:
    return lambda shape: RNG.normal(size=shape) * deviation(shape[0], shape[1])


@pytest.mark.parametrize(
    ("type_", "draw", "bug"),
    [
        ("XavierUniform", uniform(lambda i, o: math.sqrt(6 / (i + o))), ""),
        ("XavierNormal", normal(lambda i, o: math.sqrt(2 / (i + o))), ""),
        ("KaimingUniform", uniform(lambda i, o: math.sqrt(6 / i)), ""),
        ("KaimingNormal", normal(lambda i, o: math.sqrt(2 / i)), ""),
        ("XavierUniform", uniform(lambda i, o: math.sqrt(2 / (i + o))), "bound-is-deviation"),
        ("XavierUniform", uniform(lambda i, o: 6 / (i + o)), "bound-not-rooted"),
        ("XavierUniform", uniform(lambda i, o: math.sqrt(6 / (i + o)) / 2), "range-halved"),
        ("XavierUniform", normal(lambda i, o: math.sqrt(2 / (i + o))), "normal-for-uniform"),
        ("KaimingUniform", uniform(lambda i, o: math.sqrt(6 / o)), "fan-wrong"),
        ("KaimingNormal", normal(lambda i, o: 2 / i), "variance-for-deviation"),
        ("KaimingNormal", normal(lambda i, o: math.sqrt(1 / i)), "gain-wrong"),
        ("KaimingNormal", uniform(lambda i, o: math.sqrt(6 / i)), "uniform-for-normal"),
        ("KaimingNormal", normal(lambda i, o: 1), "scale-ignored"),
        ("KaimingNormal", normal(lambda i, o: 5 * math.sqrt(2 / i)), "wrong-scale"),
        ("XavierNormal", lambda shape: np.zeros(shape), "initializer-does-nothing"),
        ("XavierNormal", lambda shape: np.full(shape, 0.1), "initializer-constant"),
        ("XavierUniform", lambda shape: RNG.random(shape) / 10, "initializer-one-sided"),
        (
            "XavierNormal",
            lambda shape: np.random.default_rng(1).normal(size=shape) * math.sqrt(2 / sum(shape)),
            "initializer-not-redrawn",
        ),
        (
            "XavierNormal",
            lambda shape: np.resize(RNG.normal(size=shape[1]), shape) * math.sqrt(2 / sum(shape)),
            "initializer-not-independent",
        ),
    ],
)  # fmt: skip
def test_an_initializer_is_judged_by_its_distribution(type_: str, draw: Draw, bug: str) -> None:
    check = make_check("initializer", type_, dtypes=["float32"])
    for attempt in range(5):
        challenge = drawn(check, attempt)
        answer = run_initializer(Initializer(draw), challenge)
        assert outcome_of(check, challenge, answer).bug == bug
