"""What the sync and the asyncio client have in common."""

from __future__ import annotations

from typing import Generic, TypeVar

from edunn_client._connection import Connection
from edunn_client._copies import NotCopied

SLOW_CALL_SECONDS = 5.0

SomeCaller = TypeVar("SomeCaller", bound=Connection)


class ClientState(NotCopied, Generic[SomeCaller]):
    """A client's address and time limit."""

    _instead = "make one where it is needed"

    def __init__(self, caller: SomeCaller) -> None:
        self._caller = caller

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.address}>"

    @property
    def address(self) -> str:
        """Where the service is; several addresses have commas between them."""
        return str(self._caller.target)

    @property
    def timeout(self) -> float:
        """The seconds that a call may take which names no timeout of its own."""
        return self._caller.timeout
