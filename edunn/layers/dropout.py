"""Dropout."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from edunn.arrays import Array, FloatArray, in_each_dtype, own, quiet, restore
from edunn.estimate import (
    BOOL,
    FLOAT64,
    NUMBER,
    ArraySpec,
    Cost,
    Estimate,
    Passes,
    elementwise,
    shape_spec,
    work,
)
from edunn.fields import Field, check_arguments
from edunn.model import Model, ParameterSet, Phase


class Dropout(Model):
    """Zero each unit with probability p while training and scale the others by 1 / (1 - p).

    In the test phase it is the identity and draws no random numbers.

    Parameters
    ----------
    p : float
        The probability with which a unit is dropped, 0 <= p < 1.

    Notes
    -----
    Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, Dropout: a simple way to
    prevent neural networks from overfitting, JMLR 2014, in the scaled form of its section 10.

    One uniform number is drawn per element, in C order, always in double precision: the mask
    of a seed does not depend on the input's dtype. An element is kept where its number is at
    least p.

    As in PyTorch, dropping is a multiplication by zero. A dropped infinity or NaN is NaN, and
    a dropped negative number is -0.
    """

    draws = True
    cache_entries = (frozenset({"mask"}), frozenset({"test", "shape"}))

    def __init__(
        self,
        p: Annotated[
            float, Field("Probability with which a unit is dropped.", minimum=0, below=1)
        ] = 0.5,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self.p = p

    @property
    def p(self) -> float:
        """The probability with which a unit is dropped."""
        return self._p

    @p.setter
    def p(self, p: float) -> None:
        self._p: float = check_arguments(Dropout, self.label, p=p)["p"]
        # As arrays, which NumPy takes sooner than numbers of Python's.
        self._least_kept = np.array(self._p)
        self._scales = in_each_dtype(1 / (1 - self._p))

    @quiet
    def forward(self, x: FloatArray) -> FloatArray:
        """Drop units in the training phase, copy the input in the test phase.

        Parameters
        ----------
        x : ndarray of floats, any shape

        Returns
        -------
        y : ndarray, same shape and dtype
        """
        x = self._input("x", x)
        if self._phase is Phase.Test:
            self._save(test=True, shape=x.shape)
            return own(x)
        # np.random, the module, is the global generator that a notebook seeds.
        uniform = np.random.random if self._rng is None else self._rng.random
        mask = np.asarray(uniform(x.shape) >= self._least_kept)
        self._cache = {"mask": mask}
        return self._apply(mask, x)

    @quiet
    def backward(self, δEδy: FloatArray) -> tuple[FloatArray, ParameterSet]:
        """Propagate the error through the surviving units.

        Parameters
        ----------
        δEδy : ndarray, same shape as the last output

        Returns
        -------
        δEδx : ndarray, same shape and dtype
            A copy of `δEδy` after a forward in the test phase: nothing was dropped.
        δEδp : dict
            Empty, dropout has no parameters.
        """
        mask = self._saved().get("mask")
        if mask is None:
            return own(self._gradient(δEδy, self._saved_shape())), {}
        return self._apply(mask, self._gradient(δEδy, mask.shape)), {}

    def estimate(self, x: ArraySpec) -> Estimate:
        x = self._floats("x", x)
        if self._phase is Phase.Test:
            cache = {"test": NUMBER, "shape": shape_spec(x)}
            return elementwise(x, cache, forward=Passes(2, 0), backward=Passes(2, 0))
        cache = {"mask": ArraySpec(x.shape, BOOL)}
        passes = elementwise(x, cache, forward=Passes(6, 1), backward=Passes(6, 1))
        drawn = Cost(work(calls=2, draws=x.size), ArraySpec(x.shape, FLOAT64).nbytes)
        return passes._replace(forward=passes.forward.and_also(drawn))

    def _apply(self, mask: Array, x: FloatArray) -> FloatArray:
        scale = self._scales[x.dtype]
        y = mask.astype(scale.dtype)
        y *= scale
        # As in PyTorch: a dropped infinity is NaN, and a unit that is scaled may overflow.
        y *= x
        return y if y.dtype is x.dtype else restore(y, x.dtype)
