"""The request messages of a call, read by whoever serves it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, aclosing
from typing import cast


def messages_of(
    requests: AsyncIterator[bytes],
) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
    """Return a call's messages; they are let go of at the end of the `async with` block.

    grpc.aio reads them in a generator that refers to itself. Left open it would keep the message
    that it gave last until the garbage collector comes.
    """
    return aclosing(cast(AsyncGenerator[bytes], aiter(requests)))
