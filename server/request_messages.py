"""How the request messages of a call are read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import grpc

# Returns the next message's bytes, or EOF behind the last one: a context's `read`. The iterator
# that grpc.aio gives to handlers keeps each message until it has the next one, and the last until
# the garbage collector comes.
Read = Callable[[], Awaitable[Any]]
EOF = grpc.aio.EOF
