"""GELU, and the normal distribution that it is made of."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev

from edunn.arrays import FloatArray, double, quiet, restore, widen
from edunn.estimate import ArraySpec, Cost, Estimate, Passes, elementwise, work
from edunn.model import Model, ParameterSet

# (1 + 2z) exp(z²) erfc(z) for z >= 0 as a Chebyshev series in t = (z - k) / (z + k).
# The form is that of Shepherd and Laframboise, Chebyshev approximation of
# (1+2x)exp(x²)erfc x in 0 <= x < infinity, Mathematics of Computation 36 (1981); the
# coefficients were computed for this file with sixty digits. Relative error 1e-15.
_K = 3.75
_SERIES = (
    1.1775789345674017,
    -0.004590054580646478,
    -0.08424913336651792,
    0.05920993999819189,
    -0.026658668435305753,
    0.009074997670705265,
    -0.002413163540417608,
    0.0004907758365258086,
    -6.916973302501207e-05,
    4.13902798607301e-06,
    7.74038306619849e-07,
    -2.1886401049234397e-07,
    1.076499946567091e-08,
    4.521959811218287e-09,
    -7.754400208831351e-10,
    -6.318088340886684e-11,
    2.86879501093067e-11,
    1.9455868545777347e-13,
    -9.65469674843344e-13,
    3.25254814814874e-14,
    3.3478119482868056e-14,
    -1.864562880419313e-15,
    -1.2507950530688648e-15,
)
# As powers of t, highest first, for Horner's rule. Single precision needs half of the series.
# Arrays of rank 0: to add one takes two thirds of the time of a number of Python's.
_POWERS: dict[np.dtype[Any], list[FloatArray]] = {
    dtype: [np.array(power, dtype) for power in chebyshev.cheb2poly(series)[::-1]]
    for dtype, series in (
        (np.dtype(np.float64), _SERIES),
        (np.dtype(np.float32), _SERIES[:12]),
    )
}
# Horner's rule passes over the numbers some forty times: this many stay in a processor's cache.
_BLOCK = 2**16
# This many numbers take Python's own function less time than so many passes over them.
_FEW = 2**8


class GELU(Model):
    """Weigh every number by the probability that a normal variable is below it: y = x Φ(x).

    Notes
    -----
    Hendrycks and Gimpel, Gaussian error linear units, 2016: the exact form, with erf, not
    the approximation with tanh.
    """

    alone = "samples"
    cache_entries = (frozenset({"slope"}),)

    @quiet
    def forward(self, x: FloatArray) -> FloatArray:
        """Compute x Φ(x).

        Parameters
        ----------
        x : ndarray of floats, any shape

        Returns
        -------
        y : ndarray, same shape and dtype
        """
        x = self._input("x", x)
        wide = np.ascontiguousarray(widen(x))
        y, slope = np.empty(x.shape, wide.dtype), np.empty(x.shape, wide.dtype)
        numbers, results, slopes = wide.reshape(-1), y.reshape(-1), slope.reshape(-1)
        for start in range(0, x.size, _BLOCK):
            block = slice(start, start + _BLOCK)
            cdf, bell = _normal(numbers[block])
            # As in PyTorch, minus infinity gives -inf * 0 = NaN.
            np.multiply(numbers[block], cdf, out=results[block])
            bell *= 1 / math.sqrt(2 * math.pi)
            bell *= numbers[block]
            np.add(cdf, bell, out=slopes[block])
        # The slope has all that a backward needs, and costs little beside the rest.
        self._save(slope=restore(slope, x.dtype))
        return restore(y, x.dtype)

    @quiet
    def backward(self, δEδy: FloatArray) -> tuple[FloatArray, ParameterSet]:
        """Multiply the error by Φ(x) + x φ(x), φ being the normal density.

        Parameters
        ----------
        δEδy : ndarray, same shape as the last output

        Returns
        -------
        δEδx : ndarray, same shape and dtype
        δEδp : dict
            Empty.
        """
        cached = self._saved_array("slope")
        δEδy = self._gradient(δEδy, cached.shape)
        slope = widen(cached)
        δEδx = restore(δEδy.astype(slope.dtype, copy=False) * slope, δEδy.dtype)
        return δEδx, {}

    def estimate(self, x: ArraySpec) -> Estimate:
        # Horner's rule takes two passes for each of the powers, of a block at a time.
        passes = 2 * len(_SERIES) + 30
        cache = {"slope": self._floats("x", x)}
        taken = elementwise(x, cache, forward=Passes(passes, 4, functions=1), backward=Passes(4, 1))
        blocks = -(-x.size // _BLOCK)
        block = Cost(
            work(calls=passes * max(0, blocks - 1)),
            6 * x._replace(shape=(min(x.size, _BLOCK),)).wide_bytes(),
        )
        return taken._replace(
            forward=taken.forward.and_also(block), backward=taken.backward.and_also(block)
        )


def normal_cdf(x: FloatArray) -> FloatArray:
    """Compute Φ(x) = erfc(-x / √2) / 2, the standard normal distribution function.

    Parameters
    ----------
    x : ndarray of float32 or float64

    Returns
    -------
    ndarray, same shape and dtype
        Precise to about ten units in the last place in the middle, and relative to its own
        size in the lower tail, as far as exp(-x² / 2) is.
    """
    y = np.empty(x.shape, x.dtype)
    numbers, results = x.reshape(-1), y.reshape(-1)
    for start in range(0, x.size, _BLOCK):
        results[start : start + _BLOCK] = _normal_cdf(numbers[start : start + _BLOCK])
    return y


def _normal_cdf(x: FloatArray) -> FloatArray:
    return _normal(x)[0]


def _normal(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return Φ(x) of a vector, and exp(-x² / 2), which it is made of."""
    if x.size <= _FEW:
        below = (double(x) * -math.sqrt(0.5)).tolist()
        cdf = np.array([*map(math.erfc, below)], x.dtype)
        cdf *= 0.5
        return cdf, np.exp(-0.5 * x * x)
    # Beyond 40 the tail is zero in double precision, and infinity would give NaN.
    z = np.abs(x)
    np.minimum(z, 40, out=z)
    z *= math.sqrt(0.5)
    t = (z - _K) / (z + _K)
    powers = _POWERS[x.dtype]
    tail = np.full_like(t, powers[0])
    for coefficient in powers[1:]:
        tail *= t
        tail += coefficient
    np.multiply(z, -z, out=t)
    bell = np.exp(t, out=t)
    tail *= bell
    z *= 4
    z += 2
    tail /= z
    # 1 - tail above zero: the tail with its sign turned, and one more.
    above = x > 0
    np.negative(tail, out=tail, where=above)
    tail += above
    return tail, bell
