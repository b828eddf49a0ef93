"""What the library takes as an array, and in which dtype it computes."""

from __future__ import annotations

import contextvars
import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple, ParamSpec, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from edunn.errors import LayerError

Array = npt.NDArray[Any]
FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.integer[Any]]
BoolArray = npt.NDArray[np.bool_]
FloatDType = np.dtype[np.floating[Any]]

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_F16, _F32, _F64 = np.dtype(np.float16), np.dtype(np.float32), np.dtype(np.float64)

# Half precision has ten bits of mantissa: sums and products are taken in single precision.
_COMPUTE: dict[np.dtype[Any], FloatDType] = {_F16: _F32, _F32: _F32, _F64: _F64}

# Integers as wide as floats are, by the bytes of both.
_BITS: dict[int, np.dtype[Any]] = {
    2: np.dtype(np.int16),
    4: np.dtype(np.int32),
    8: np.dtype(np.int64),
}


def in_each_dtype(number: float) -> dict[np.dtype[Any], FloatArray]:
    """Return a number by the dtype of values, as an array of that in which they are computed.

    NumPy takes half as long again for numbers of Python's.
    """
    with np.errstate(all="ignore"):
        return {dtype: np.array(number, computed) for dtype, computed in _COMPUTE.items()}


#: One, by the dtype of values.
ONE = in_each_dtype(1)

#: The dtypes that layers take as they are.
FLOAT_DTYPES = frozenset(_COMPUTE)

# Above the addresses that a machine has, below those that NumPy can count.
_MOST_ELEMENTS = 2**48

_NUMBERS_EXPECTED = "an array of numbers"
_INTEGERS_EXPECTED = "an array of integers"
FLOATS_EXPECTED = "an array of float16, float32 or float64"


class _ErrorState(NamedTuple):
    """The context variable in which NumPy keeps what `np.errstate` sets, and a value of it."""

    variable: contextvars.ContextVar[object]
    value: object


def _ignored_errors() -> _ErrorState | None:
    """Return the state in which NumPy ignores all errors; None if no context variable has it."""
    outside = contextvars.copy_context()
    with np.errstate(all="ignore"):
        inside = contextvars.copy_context()
    changed = [
        _ErrorState(variable, value)
        for variable, value in inside.items()
        if outside.get(variable) is not value
    ]
    return changed[0] if len(changed) == 1 else None


# To set it takes a quarter of the time of `np.errstate`, which makes the value anew each time, and
# would be a tenth of what a small layer takes. NumPy 1 has no such variable.
_IGNORED = _ignored_errors()


def quiet(arithmetic: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Let a function neither warn nor raise where a number is too large, too small or NaN.

    Whatever `np.seterr` says: infinity and NaN are answers, as in PyTorch, and what is too small
    to be told from zero is zero.
    """
    if _IGNORED is None:
        return np.errstate(all="ignore")(arithmetic)
    errors, ignored = _IGNORED

    @functools.wraps(arithmetic)
    def quietly(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        token = errors.set(ignored)
        try:
            return arithmetic(*args, **kwargs)
        finally:
            errors.reset(token)

    return quietly


def compute_dtype(dtype: np.dtype[Any]) -> FloatDType:
    """Return the dtype in which values of `dtype` are computed: float32 for float16."""
    return _COMPUTE[dtype]


def as_floats(layer: str, argument: str, value: object) -> FloatArray:
    """Return `value` as an array of floats, without copying one that is an array of them already.

    Integers, booleans and wider floats become float64.

    Raises
    ------
    LayerError
        If it is no array of real numbers.
    """
    if type(value) is np.ndarray and value.dtype in _COMPUTE:
        return value
    array = as_array(layer, argument, value, _NUMBERS_EXPECTED)
    if array.dtype in _COMPUTE:
        return array
    native = array.dtype.newbyteorder("=")
    if native in _COMPUTE:
        return array.astype(native)
    if array.dtype.kind in "biuf":
        with np.errstate(all="ignore"):
            return array.astype(np.float64)
    # What is no array is called by its type: None, a text, a layer.
    got = describe(array) if array.ndim or array.dtype.kind == "c" else type(value).__name__
    raise LayerError(layer=layer, argument=argument, expected=_NUMBERS_EXPECTED, got=got)


def as_integers(layer: str, argument: str, value: object) -> IntArray:
    """Return `value` as an array of integers, booleans as 0 and 1; floats are refused.

    Raises
    ------
    LayerError
        If its dtype is not an integer.
    """
    array = as_array(layer, argument, value, _INTEGERS_EXPECTED)
    if array.dtype.kind == "b":
        return array.astype(np.int64)
    if array.dtype.kind not in "iu":
        raise LayerError(
            layer=layer, argument=argument, expected=_INTEGERS_EXPECTED, got=describe(array)
        )
    return array


def as_array(layer: str, argument: str, value: object, expected: str) -> Array:
    """Return `value` as an array of any dtype.

    Raises
    ------
    LayerError
        If it is nothing that NumPy can make a regular array of.
    """
    try:
        return np.asarray(value)
    except (ValueError, TypeError) as error:
        raise LayerError(
            layer=layer, argument=argument, expected=expected, got=type(value).__name__
        ) from error


def check_size(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return a shape that there could be memory for.

    Raises
    ------
    MemoryError
        If there could not, where NumPy would raise a ValueError that says nothing of memory.
    """
    # NumPy counts the other sizes of an empty array too.
    if math.prod(filter(None, shape)) > _MOST_ELEMENTS:
        raise MemoryError(f"An array of the shape {shape} does not fit in any memory.")
    return shape


def own(array: Array, dtype: np.dtype[Any] | None = None) -> Array:
    """Return a copy in C order that nobody else holds."""
    if type(array) is np.ndarray and (dtype is None or array.dtype is dtype):
        return array.copy()
    return np.array(array, dtype=dtype, order="C", copy=True, subok=False)


def widen(array: FloatArray) -> FloatArray:
    """Return an array in the dtype in which it is computed; the same array where it is in it."""
    return array if array.dtype is _F64 else array.astype(_COMPUTE[array.dtype], copy=False)


def double(array: FloatArray) -> FloatArray:
    """Return an array in double precision: sums and squares of what float32 holds fit in it."""
    return array if array.dtype is _F64 else array.astype(np.float64, copy=False)


def restore(array: FloatArray | np.floating[Any], dtype: np.dtype[Any]) -> FloatArray:
    """Return a result in the caller's dtype, as an array also where it is a single number.

    What is too large for float16 becomes infinite, as in PyTorch, without a warning.
    """
    if type(array) is np.ndarray and array.dtype is dtype:
        return array
    return _cast(array, dtype)


@quiet
def _cast(array: FloatArray | np.floating[Any], dtype: np.dtype[Any]) -> FloatArray:
    return np.asarray(array, dtype=dtype)


def total(values: FloatArray, axis: int | tuple[int, ...] | None = None) -> FloatArray:
    """Sum in double precision, and return the sum in the dtype in which `values` are computed.

    Many single-precision numbers lose digits in a single-precision sum, and large ones their sum.
    """
    # As `values.sum` does, without its way there, which takes as long as few numbers do.
    summed = np.add.reduce(values, axis=axis, dtype=np.float64)
    return restore(summed, compute_dtype(values.dtype))


def least(values: Array) -> Any:
    """Return the smallest of at least one number, NaN where there is one.

    Of few numbers in a third of the time of `min`; many that do not lie in a row are copied.
    """
    return values.item(values.argmin())


def largest(values: Array) -> Any:
    """Return the largest of at least one number, as `least` does the smallest."""
    return values.item(values.argmax())


def sum_to(values: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """Sum over the axes along which an array of a shape was broadcast to `values`."""
    return values if values.shape == shape else _summed_to(values, shape)


@quiet
def _summed_to(values: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    extra = values.ndim - len(shape)
    stretched = [
        extra + axis for axis, size in enumerate(shape) if size != values.shape[extra + axis]
    ]
    summed = np.sum(values, axis=(*range(extra), *stretched), dtype=np.float64)
    return restore(summed, values.dtype).reshape(shape)


def keep_where(mask: BoolArray, values: FloatArray) -> FloatArray:
    """Return a copy of the values with zero where the mask is false.

    Where an infinity or NaN is not kept there is a zero too, as a product would not give; and
    there is no branch, which a copy under a mask pays for with several times the time.
    """
    bits = _BITS[values.itemsize]
    # All ones where the mask is true, all zeros where it is false.
    kept = mask.astype(bits)
    np.negative(kept, out=kept)
    kept &= values.view(bits)
    return kept.view(values.dtype)


class Shaped(Protocol):
    """What has a shape and a dtype: an array, or the spec of one."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def ndim(self) -> int: ...

    @property
    def size(self) -> int: ...

    @property
    def dtype(self) -> np.dtype[Any]: ...


def describe(array: Shaped) -> str:
    """Say what an array is: its shape and dtype."""
    return f"shape {array.shape} of {array.dtype}"
