"""Awaits work that must not be left half done, though the caller goes away meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


async def in_full(work: Awaitable[Result]) -> Result:
    """Await work. If this task is cancelled, it is so only after the work has ended."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        if not task.cancelled():
            # Its error is of no interest any more, and asyncio would log it.
            task.exception()
        raise


async def in_thread(
    call: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
) -> Result:
    """Run a call in a thread. If this task is cancelled, it is so only after the call has ended."""
    return await in_full(asyncio.to_thread(call, *args, **kwargs))
