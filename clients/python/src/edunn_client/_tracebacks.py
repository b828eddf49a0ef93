"""Tracebacks that end where the caller made the call that failed."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from edunn_client._errors import EdunnError

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


def ends_in_caller(function: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
    """Leave this package's frames out of the traceback of an EdunnError.

    They say how a call is made; what has failed is at the service, or in the caller's line.
    """

    @functools.wraps(function)
    def call(*args: Arguments.args, **named: Arguments.kwargs) -> Answer:
        try:
            return function(*args, **named)
        except EdunnError as error:
            _forget_frames(error)
            raise

    return call


def awaited_ends_in_caller(
    function: Callable[Arguments, Coroutine[Any, Any, Answer]],
) -> Callable[Arguments, Coroutine[Any, Any, Answer]]:
    """Do as `ends_in_caller` does, for a coroutine function."""

    @functools.wraps(function)
    async def call(*args: Arguments.args, **named: Arguments.kwargs) -> Answer:
        try:
            return await function(*args, **named)
        except EdunnError as error:
            _forget_frames(error)
            raise

    return call


def _forget_frames(error: EdunnError) -> None:
    # A bare `raise` goes on with what is left here, and adds no frame of its own.
    error.__traceback__ = None
    error.__cause__ = None
    error.__suppress_context__ = True
