"""Ends the tasks of an event loop."""

from __future__ import annotations

import asyncio

# A task that has not ended this long after it was cancelled is cancelled again.
CANCEL_SECONDS = 0.1


async def end_other_tasks() -> None:
    """Cancel all tasks but this one, again and again until they have ended.

    Python 3.11's `asyncio.wait_for`, which redis-py uses, may lose a cancellation.
    """
    others = asyncio.all_tasks() - {asyncio.current_task()}
    while others:
        for task in others:
            task.cancel()
        _, others = await asyncio.wait(others, timeout=CANCEL_SECONDS)
