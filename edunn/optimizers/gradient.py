"""The optimizers, each binding its numbers to its step.

Each is a value without the first two arguments, ``Adam(lr=0.01)``, and with them a loop too.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from edunn.arrays import FloatArray
from edunn.derived import derived
from edunn.description import ParameterDescription
from edunn.fields import Field
from edunn.model import ParameterSet
from edunn.optimizers import steps
from edunn.optimizers.optimizer import BatchedGradientOptimizer
from edunn.optimizers.steps import PastState, Taken

_LR = Field("The learning rate.", minimum=0)
_GAMMA = Field("How much of the velocity stays.", minimum=0, below=1)
_BETA = Field("How much of a running mean stays.", minimum=0, below=1)
_EPS = Field("Keeps a divisor from zero.", above=0)

_VELOCITY = (ParameterDescription("v", "as the parameter", "The velocity."),)
_SQUARES = ParameterDescription("s", "as the parameter", "The running mean of squares.")


class GradientDescent(BatchedGradientOptimizer):
    """Step against the gradient: p - lr g.

    Parameters
    ----------
    batch_size, epochs, shuffle, rng
        As for every `BatchedGradientOptimizer`.
    lr : float
        The learning rate.
    """

    lr: float

    def __init__(
        self,
        batch_size: int | None = None,
        epochs: int | None = None,
        lr: Annotated[float, _LR] = 0.1,
        shuffle: bool = True,
        rng: np.random.Generator | None = None,
    ) -> None:
        super().__init__(batch_size, epochs, shuffle, rng)
        self._set(GradientDescent, lr=lr)

    def _take(self, p: FloatArray, g: FloatArray, state: PastState, in_place: bool) -> Taken:
        return steps.gradient_descent(p, g, state, lr=self.lr, in_place=in_place)


class MomentumGD(BatchedGradientOptimizer):
    """Step along a velocity that gradients add to.

    Parameters
    ----------
    batch_size, epochs, shuffle, rng
        As for every `BatchedGradientOptimizer`.
    lr, gamma : float
        The learning rate, and how much of the velocity stays.
    """

    state_descriptions = _VELOCITY

    lr: float
    gamma: float

    def __init__(
        self,
        batch_size: int | None = None,
        epochs: int | None = None,
        lr: Annotated[float, _LR] = 0.1,
        gamma: Annotated[float, _GAMMA] = 0.9,
        shuffle: bool = True,
        rng: np.random.Generator | None = None,
    ) -> None:
        super().__init__(batch_size, epochs, shuffle, rng)
        self._set(MomentumGD, lr=lr, gamma=gamma)

    @derived
    def v(self) -> ParameterSet:
        """The velocity times the learning rate, for the model that took the last step."""
        return {name: self.lr * v for name, v in self._latest_state("v").items()}

    def _take(self, p: FloatArray, g: FloatArray, state: PastState, in_place: bool) -> Taken:
        return steps.momentum(p, g, state, lr=self.lr, gamma=self.gamma, in_place=in_place)


class NesterovMomentumGD(MomentumGD):
    """Step along the gradient and the velocity after it.

    Parameters
    ----------
    batch_size, epochs, shuffle, rng
        As for every `BatchedGradientOptimizer`.
    lr, gamma : float
        The learning rate, and how much of the velocity stays.
    """

    def _take(self, p: FloatArray, g: FloatArray, state: PastState, in_place: bool) -> Taken:
        return steps.nesterov_momentum(p, g, state, lr=self.lr, gamma=self.gamma, in_place=in_place)


class RMSprop(BatchedGradientOptimizer):
    """Divide the gradient by its running size.

    Parameters
    ----------
    batch_size, epochs, shuffle, rng
        As for every `BatchedGradientOptimizer`.
    lr, beta, eps : float
        The learning rate, how much of the running mean stays, and what keeps the divisor
        from zero.
    """

    state_descriptions = (_SQUARES,)

    lr: float
    beta: float
    eps: float

    def __init__(
        self,
        batch_size: int | None = None,
        epochs: int | None = None,
        lr: Annotated[float, _LR] = 0.1,
        beta: Annotated[float, _BETA] = 0.99,
        eps: Annotated[float, _EPS] = 1e-8,
        shuffle: bool = True,
        rng: np.random.Generator | None = None,
    ) -> None:
        super().__init__(batch_size, epochs, shuffle, rng)
        self._set(RMSprop, lr=lr, beta=beta, eps=eps)

    @derived
    def v(self) -> ParameterSet:
        """The running mean of squares, for the model that took the last step."""
        return self._latest_state("s")

    def _take(self, p: FloatArray, g: FloatArray, state: PastState, in_place: bool) -> Taken:
        return steps.rmsprop(
            p, g, state, lr=self.lr, beta=self.beta, eps=self.eps, in_place=in_place
        )


class Adam(BatchedGradientOptimizer):
    """Divide the running gradient by its running size, both corrected for their start.

    Parameters
    ----------
    batch_size, epochs, shuffle, rng
        As for every `BatchedGradientOptimizer`.
    lr, eps : float
        The learning rate, and what keeps the divisor from zero.
    betas : pair of float
        How much of each running mean stays.
    """

    state_descriptions = (
        ParameterDescription("m", "as the parameter", "The running mean of gradients."),
        _SQUARES,
        ParameterDescription("t", "()", "The steps done."),
    )

    lr: float
    beta_1: float
    beta_2: float
    eps: float

    def __init__(
        self,
        batch_size: int | None = None,
        epochs: int | None = None,
        lr: Annotated[float, _LR] = 0.1,
        betas: Annotated[tuple[float, float], _BETA] = (0.9, 0.999),
        eps: Annotated[float, _EPS] = 1e-8,
        shuffle: bool = True,
        rng: np.random.Generator | None = None,
    ) -> None:
        super().__init__(batch_size, epochs, shuffle, rng)
        self._set(Adam, lr=lr, betas=betas, eps=eps)

    @property
    def betas(self) -> tuple[float, float]:
        """How much of each running mean stays."""
        return self.beta_1, self.beta_2

    @betas.setter
    def betas(self, betas: tuple[float, float]) -> None:
        self.beta_1, self.beta_2 = betas

    @derived
    def m(self) -> ParameterSet:
        """The running mean of gradients, for the model that took the last step."""
        return self._latest_state("m")

    @derived
    def v(self) -> ParameterSet:
        """The running mean of squares, for the model that took the last step."""
        return self._latest_state("s")

    def _take(self, p: FloatArray, g: FloatArray, state: PastState, in_place: bool) -> Taken:
        return steps.adam(
            p, g, state, lr=self.lr, betas=self.betas, eps=self.eps, in_place=in_place
        )


class SignGD(BatchedGradientOptimizer):
    """Step by the sign of the gradient alone, whatever its size.

    Parameters
    ----------
    batch_size, epochs, shuffle, rng
        As for every `BatchedGradientOptimizer`.
    lr, eps : float
        The length of a step, and what smooths the sign around zero.
    """

    lr: float
    eps: float

    def __init__(
        self,
        batch_size: int | None = None,
        epochs: int | None = None,
        lr: Annotated[float, _LR] = 0.1,
        eps: Annotated[float, _EPS] = 1e-8,
        shuffle: bool = True,
        rng: np.random.Generator | None = None,
    ) -> None:
        super().__init__(batch_size, epochs, shuffle, rng)
        self._set(SignGD, lr=lr, eps=eps)

    def _take(self, p: FloatArray, g: FloatArray, state: PastState, in_place: bool) -> Taken:
        return steps.sign_descent(p, g, state, lr=self.lr, eps=self.eps, in_place=in_place)
