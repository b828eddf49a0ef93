"""What a forward and its backward take, told from shapes and configuration before they run.

Every layer of the catalogue has an `estimate`; the catalogue takes none without. It is an upper
bound, and a test holds it to what the layer really does.

Work is counted in units of about a nanosecond of one core: an element through one pass of NumPy
is one, and the constants say what the rest is. It is meant to tell a millisecond from a minute.
Memory is in bytes, at its peak, besides the inputs, the parameters and `BESIDES`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from edunn.arrays import Array, compute_dtype

#: A call of NumPy, whatever its size.
CALL = 2000
#: An element of exp, log or tanh.
FUNCTION = 4
#: A random number.
DRAW = 8
#: How many products of a matrix multiplication, each with its sum, make one unit.
PRODUCTS = 16

#: What any pass may need of memory besides: NumPy's buffers for casts, and Python's objects.
BESIDES = 512 * 1024

BOOL, FLOAT64, INT64 = np.dtype(np.bool_), np.dtype(np.float64), np.dtype(np.int64)


class ArraySpec(NamedTuple):
    """An array that need not be there: its shape and its dtype."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        """How many elements it has."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """How many bytes these take."""
        return self.size * self.dtype.itemsize

    def wide_bytes(self, arrays: int = 1) -> int:
        """Return the bytes of so many such arrays in the dtype in which they are computed."""
        return arrays * self.size * compute_dtype(self.dtype).itemsize

    def widened_bytes(self) -> int:
        """Return the bytes of a copy in the dtype in which it is computed; 0 where it is in it."""
        return 0 if compute_dtype(self.dtype) == self.dtype else self.wide_bytes()


#: A number in a cache.
NUMBER = ArraySpec((), INT64)


def shape_spec(x: ArraySpec) -> ArraySpec:
    """Return the spec of the shape of `x` in a cache."""
    return ArraySpec((x.ndim,), INT64)


class Cost(NamedTuple):
    """What one pass takes at most."""

    #: In units of about a nanosecond of one core.
    work: int
    #: In bytes at the peak: result and cache, and what is needed on the way.
    memory: int

    def and_also(self, other: Cost) -> Cost:
        """Return the cost of both, the memory of both being taken at once."""
        return Cost(self.work + other.work, self.memory + other.memory)


class Estimate(NamedTuple):
    """What a forward takes and leaves, and what its backward takes.

    The backward is that of an output gradient in the dtype of the output.
    """

    output: ArraySpec
    #: What `get_cache` gives after the forward.
    cache: dict[str, ArraySpec]
    forward: Cost
    backward: Cost
    #: The bytes of the parameter gradients.
    gradients: int = 0

    def with_extra(self, *, calls: int = 0, elements: int = 0, memory: int = 0) -> Estimate:
        """Return the estimate with so much more in both passes."""
        extra = Cost(work(calls=calls, elements=elements), memory)
        return self._replace(
            forward=self.forward.and_also(extra), backward=self.backward.and_also(extra)
        )


class Passes(NamedTuple):
    """What a layer does to each element of its input."""

    #: How often it is read or written.
    elements: int
    #: How many arrays of the input's shape there are at once besides the result, in the dtype in
    #: which they are computed.
    arrays: int
    #: How often exp or the like is taken of it.
    functions: int = 0

    def cost(self, x: ArraySpec) -> Cost:
        """Return what they take, with a result of the shape and the dtype of `x`."""
        return Cost(
            work(
                calls=self.elements + self.functions + 2,
                elements=self.elements * x.size,
                functions=self.functions * x.size,
            ),
            x.wide_bytes(self.arrays) + x.nbytes,
        )


def work(
    *, calls: int, elements: int = 0, functions: int = 0, draws: int = 0, products: int = 0
) -> int:
    """Return the work of so many calls of NumPy that together do so much."""
    return CALL * calls + elements + FUNCTION * functions + DRAW * draws + -(-products // PRODUCTS)


def elementwise(
    x: ArraySpec, cache: dict[str, ArraySpec], *, forward: Passes, backward: Passes
) -> Estimate:
    """Return the estimate of a layer whose output has the shape and dtype of its input."""
    taken = forward.cost(x)
    taken = taken._replace(memory=taken.memory + total_bytes(cache.values()))
    return Estimate(x, cache, taken, backward.cost(x))


def total_bytes(arrays: Iterable[ArraySpec]) -> int:
    """Return the bytes of all of them."""
    return sum(array.nbytes for array in arrays)


def cast_bytes(parameter: Array, dtype: np.dtype[Any]) -> int:
    """Return the bytes of a parameter's copy where values of `dtype` are computed, 0 if none."""
    wide = compute_dtype(dtype)
    return 0 if parameter.dtype == wide else parameter.size * wide.itemsize


def product(x: ArraySpec, parameter: Array, *, frozen: bool) -> Estimate:
    """Return the estimate of y = x w for x (samples, inputs) and w (inputs, outputs)."""
    samples, (inputs, outputs) = x.shape[0], parameter.shape
    y, w = x._replace(shape=(samples, outputs)), x._replace(shape=(inputs, outputs))
    cast = cast_bytes(parameter, x.dtype)
    products = samples * inputs * outputs
    casts = 1 if cast else 0
    forward = Cost(
        work(calls=6, elements=3 * (x.size + y.size) + (1 + casts) * w.size, products=products),
        x.widened_bytes() + x.nbytes + y.wide_bytes() + y.widened_bytes() // 2 + cast,
    )
    gradients = 0 if frozen else w.wide_bytes()
    backward = Cost(
        work(
            calls=9,
            elements=4 * (x.size + y.size) + (2 + 2 * casts) * w.size,
            products=(1 if frozen else 2) * products,
        ),
        x.widened_bytes()
        + x.wide_bytes()
        + x.widened_bytes() // 2
        + y.widened_bytes()
        + cast
        + gradients,
    )
    return Estimate(y, {"x": x}, forward, backward, gradients)


def chained(parts: Sequence[Estimate], cache: dict[str, ArraySpec]) -> Estimate:
    """Return the estimate of layers that run one after another, the first and the last at least.

    Parameters
    ----------
    parts : sequence of Estimate
        Those of the layers, in the order in which they run forward.
    cache : dict of str to ArraySpec
        What they keep together.
    """
    kept = peak = given = 0
    for part in parts:
        peak = max(peak, kept + given + part.forward.memory)
        kept += total_bytes(part.cache.values())
        given = part.output.nbytes
    gradients = sum(part.gradients for part in parts)
    return Estimate(
        parts[-1].output,
        cache,
        Cost(sum(part.forward.work for part in parts), peak),
        Cost(
            sum(part.backward.work for part in parts),
            gradients + max(part.backward.memory + part.output.wide_bytes() for part in parts),
        ),
        gradients,
    )
