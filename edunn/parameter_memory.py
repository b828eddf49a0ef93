"""How much memory the parameters of a new layer may take, asked before they are drawn."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import numpy as np

from edunn.arrays import check_size

_BYTES_PER_NUMBER = 8


class TooLargeError(MemoryError):
    """A layer was asked for whose parameters are larger than allowed.

    Attributes
    ----------
    needed : int
        How many bytes the parameters would take up to the one that is too many.
    limit : int
        How many were allowed.
    """

    def __init__(self, needed: int, limit: int) -> None:
        super().__init__(f"Parameters of {needed} bytes are too large: {limit} are allowed.")
        self.needed = needed
        self.limit = limit


@dataclass
class _Account:
    limit: int
    taken: int = 0


# Of its own in every thread and task: one layer's limit is not another's.
_account: ContextVar[_Account | None] = ContextVar("_account", default=None)


@contextmanager
def at_most(limit: int | None) -> Iterator[None]:
    """Limit the bytes of all parameters and buffers made within; None is no limit."""
    token = _account.set(None if limit is None else _Account(limit))
    try:
        yield
    finally:
        _account.reset(token)


def reserve(shape: int | tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of a parameter or buffer that may now be made, in float64.

    Raises
    ------
    TooLargeError
        If it, with those before it, takes more than `at_most` allows.
    MemoryError
        If there could be memory for it nowhere.
    """
    shape = (shape,) if isinstance(shape, int | np.integer) else shape
    account = _account.get()
    if account is not None:
        account.taken += math.prod(shape) * _BYTES_PER_NUMBER
        if account.taken > account.limit:
            raise TooLargeError(account.taken, account.limit)
    return check_size(shape)
