"""A layer of the student's own: its backward against differences of its own forward."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from checks import drawn, make_check, outcome_of

from bench.students import run_layer
from edunn.model import Phase


class Cubic:
    """y = x³ + x."""

    factor = 3.0

    def set_phase(self, phase: Phase) -> None:
        pass

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        return np.asarray(x**3 + x)

    def backward(self, g: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        return g * (self.factor * self.x**2 + 1).astype(g.dtype), {}


class AlmostCubic(Cubic):
    factor = 3.2


class WithoutInner(Cubic):
    factor = 0.0


class Rectified(Cubic):
    """A matrix and a ReLU, whose kinks are where nobody knows."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        rng = np.random.default_rng(3)
        self.w = rng.normal(size=(x.shape[1], x.shape[1])).astype(x.dtype)
        self.a = x @ self.w
        return np.asarray(np.maximum(self.a, 0))

    def backward(self, g: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        return np.asarray((g * (self.a > 0)) @ self.w.T), {}


class NotTransposed(Rectified):
    def backward(self, g: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        return np.asarray((g * (self.a > 0)) @ self.w), {}


class Noisy(Cubic):
    def forward(self, x: np.ndarray) -> np.ndarray:
        noise = np.random.default_rng().normal(size=x.shape)
        return np.asarray(super().forward(x) + noise.astype(x.dtype))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("layer", "bug"),
    [
        (Cubic, ""),
        (Rectified, ""),
        (AlmostCubic, "gradient-not-of-forward"),
        (WithoutInner, "gradient-not-of-forward"),
        (NotTransposed, "gradient-not-of-forward"),
        (Noisy, "forward-not-repeatable"),
    ],
)
def test_a_layer_without_a_reference_is_judged(layer: type[Cubic], bug: str, dtype: str) -> None:
    check = make_check("own", layer.__name__, dtypes=[dtype])
    for attempt in range(4):
        challenge = drawn(check, attempt)
        outcome = outcome_of(check, challenge, run_layer(layer(), challenge))
        assert outcome.bug == bug, outcome
        assert (outcome.fraction == 1.0) == (bug == "")


class Pairs(Cubic):
    """Products of neighbours: half as many outputs as inputs."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        return np.asarray(x[:, ::2] * x[:, 1::2])

    def backward(self, g: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        gradient = np.empty_like(self.x)
        gradient[:, ::2], gradient[:, 1::2] = g * self.x[:, 1::2], g * self.x[:, ::2]
        return gradient, {}


class PairsExchanged(Pairs):
    def backward(self, g: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        gradient, nothing = super().backward(g)
        return np.asarray(
            gradient.reshape(len(g), -1, 2)[:, :, ::-1].reshape(self.x.shape)
        ), nothing


@pytest.mark.parametrize(
    ("layer", "bug"), [(Pairs, ""), (PairsExchanged, "gradient-not-of-forward")]
)
def test_an_output_may_have_another_shape(layer: type[Pairs], bug: str) -> None:
    check = make_check("own", "Pairs", shapes=[[3, 6], [1, 4]], output_shapes=[[3, 3], [1, 2]])
    challenge = drawn(check)
    assert outcome_of(check, challenge, run_layer(layer(), challenge)).bug == bug


class Affine:
    """y = tanh(x w + b), with parameters that the script sets."""

    def set_phase(self, phase: Phase) -> None:
        pass

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x, self.y = x, np.asarray(np.tanh(x @ self.w + self.b))
        return self.y

    def backward(self, g: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        h = g * (1 - self.y**2)
        return h @ self.w.T, {"w": self.x.T @ h, "b": h.sum(axis=0)}

    w: np.ndarray
    b: np.ndarray


class Changed(Affine):
    """One of its gradients is another one."""

    def __init__(self, name: str, change: Callable[[np.ndarray], np.ndarray]) -> None:
        self.name, self.change = name, change

    def backward(self, g: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        of_input, of_parameters = super().backward(g)
        return of_input, of_parameters | {
            self.name: np.asarray(self.change(of_parameters[self.name]))
        }


class Forgotten(Affine):
    def backward(self, g: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        of_input, of_parameters = super().backward(g)
        return of_input, {"w": of_parameters["w"]}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("layer", "bug"),
    [
        (Affine(), ""),
        (Changed("w", np.negative), "gradient-negated"),
        (Changed("w", lambda of_w: of_w[::-1]), "gradient-not-of-forward"),
        (Changed("w", lambda of_w: of_w.T), "wrong-shape"),
        (Changed("b", lambda of_b: of_b / 5), "gradient-averaged"),
        (Changed("b", lambda of_b: 2 * of_b), "gradient-doubled"),
        (Changed("b", np.zeros_like), "gradient-is-zero"),
        (Forgotten(), "missing-parameter-gradient"),
    ],
)
def test_gradients_of_its_parameters_are_judged(layer: Affine, bug: str, dtype: str) -> None:
    check = make_check(
        "own",
        "Affine",
        dtypes=[dtype],
        shapes=[[5, 3]],
        output_shapes=[[5, 4]],
        parameters={"w": [3, 4], "b": [4]},
    )
    challenge = drawn(check)
    outcome = outcome_of(check, challenge, run_layer(layer, challenge))
    assert outcome.bug == bug, outcome
    assert (outcome.fraction == 1.0) == (bug == "")
