"""Counts what NumPy really does in the library, in the units of `edunn.estimate`.

Inputs become arrays of a class that sees every operation on them; in the library's modules `np`
is replaced by a module that gives such arrays. Nothing of the library knows of it.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from edunn import estimate
from edunn.arrays import Array

FUNCTIONS = {"exp", "log", "log1p", "tanh", "sqrt", "expm1", "log2", "power", "arctan"}


class Counter:
    """The work done since it was made."""

    def __init__(self) -> None:
        self.work = 0

    def call(self, elements: float, weight: int = 1) -> None:
        self.work += estimate.CALL + int(weight * elements)


_counter = Counter()


class Counted(np.ndarray):
    """An array that counts what is done to it."""

    def __array_ufunc__(
        self,
        ufunc: np.ufunc,
        method: str,
        *inputs: Any,
        out: tuple[Array, ...] | None = None,
        **kwargs: Any,
    ) -> Any:
        if out is not None:
            kwargs["out"] = tuple(map(_plain, out))
        plain = [_plain(each) for each in inputs]
        if "where" in kwargs:
            kwargs["where"] = _plain(kwargs["where"])
        result = getattr(ufunc, method)(*plain, **kwargs)
        sizes = [np.size(each) for each in (*plain, *_tuple(result))]
        if ufunc is np.matmul:
            _count_product(plain[0], plain[1], sum(sizes))
        else:
            name = ufunc.__name__
            _counter.call(max(sizes), estimate.FUNCTION if name in FUNCTIONS else 1)
        if out is not None:
            return out[0] if len(out) == 1 else out
        return _counted(result)

    def __array_function__(
        self,
        function: Any,
        kinds: Iterable[type],
        args: Iterable[Any],
        kwargs: Mapping[str, Any],
    ) -> Any:
        plain = {name: _plain(value) for name, value in kwargs.items()}
        return _count_function(function, tuple(_deep(args)), plain)

    def __getitem__(self, key: Any) -> Any:
        found = _plain(self)[_deep(key)]
        if isinstance(found, np.ndarray) and not np.shares_memory(found, _plain(self)):
            _counter.call(found.size)
        return _counted(found)

    def __setitem__(self, key: Any, value: Any) -> None:
        target = _plain(self)[_deep(key)]
        _counter.call(np.size(target))
        _plain(self)[_deep(key)] = _plain(value)

    def dot(self, other: Any) -> Any:  # type: ignore[override]
        left, right = _plain(self), _plain(other)
        result = left.dot(right)
        _count_product(left, right, left.size + right.size + result.size)
        return _counted(result)

    @staticmethod
    def _copying(name: str) -> Any:
        def method(self: Array, *args: Any, **kwargs: Any) -> Any:
            result = getattr(_plain(self), name)(*_deep(args), **kwargs)
            if not (self.size and np.shares_memory(result, _plain(self))):
                _counter.call(self.size)
            return _counted(result)

        return method

    copy, astype, reshape, ravel, flatten = map(
        _copying, ("copy", "astype", "reshape", "ravel", "flatten")
    )


def _count_product(left: Array, right: Array, passed: int) -> None:
    """Count a product of matrices that passes over so many elements."""
    rows, columns = np.shape(left), np.shape(right)
    products = np.size(left) * (columns[-1] if len(columns) > 1 else 1)
    if len(rows) > 2 and len(columns) > 2:
        products = int(np.prod(rows)) * columns[-1]
    # NumPy takes each matrix of a stack by itself, and passes over the other for each.
    alone = len(columns) == 2
    passed += alone * (int(np.prod(rows[:-2])) - 1) * np.size(right)
    _counter.call(products / estimate.PRODUCTS + passed)


def _plain(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, Counted) else value


def _deep(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return type(value)(map(_deep, value))
    return _plain(value)


def _tuple(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _counted(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_counted, value))
    # A rank of 0 stays what NumPy makes of it: a single number.
    return value.view(Counted) if type(value) is np.ndarray else value


def _count_function(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    result = function(*args, **kwargs)
    given = [each for each in (*args, *kwargs.values()) if isinstance(each, np.ndarray)]
    sizes = [np.size(each) for each in (*given, *_tuple(result)) if each is not None]
    view = isinstance(result, np.ndarray) and any(
        each.size and np.shares_memory(each, result) for each in given
    )
    if not view:
        # What is drawn is no array's function.
        weight = estimate.DRAW if "random" in repr(function) else 1
        _counter.call(max(sizes, default=0), weight)
    return _counted(result)


class CountingModule(types.ModuleType):
    """A module of NumPy whose functions count."""

    def __init__(self, module: ModuleType) -> None:
        super().__init__(module.__name__)
        self._module = module

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._module, name)
        if isinstance(found, types.ModuleType):
            return CountingModule(found)
        return _counting(found)


def _counting(found: Any) -> Any:
    if isinstance(found, type) or not callable(found) or isinstance(found, np.errstate):
        return found

    def run(*args: Any, **kwargs: Any) -> Any:
        arrays = [each for each in (*args, *kwargs.values()) if isinstance(each, Counted)]
        if isinstance(found, np.ufunc) and not arrays and args:
            return found(*(_counted(np.asarray(each)) for each in args[:1]), *args[1:], **kwargs)
        if isinstance(found, np.ufunc):
            return found(*args, **kwargs)
        return _count_function(found, _deep(args), {k: _plain(v) for k, v in kwargs.items()})

    def reduce(array: Any, *args: Any, **kwargs: Any) -> Any:
        return found.reduce(_counted(np.asanyarray(array)), *args, **kwargs)

    if isinstance(found, np.ufunc):
        run.reduce = reduce  # type: ignore[attr-defined]
    return run


@contextmanager
def counting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    """Count what the library does within; gives the counter."""
    global _counter
    with monkeypatch.context() as patch:
        for name, module in list(sys.modules.items()):
            if name.split(".")[0] != "edunn":
                continue
            for attribute, value in list(vars(module).items()):
                if value is np:
                    patch.setattr(module, attribute, CountingModule(np))
                elif str(getattr(value, "__module__", "")).startswith("numpy"):
                    patch.setattr(module, attribute, _counting(value))
        _counter = Counter()
        yield _counter


def counted(array: Array) -> Array:
    """Return an array that counts."""
    return array.view(Counted)
