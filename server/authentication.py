"""Finds who calls, and whether this caller may call a method. Every call of every service asks."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping

from edunn_serving.callers import ANYBODY, Caller
from edunn_serving.errors import Reason, ServiceError
from edunn_serving.rpcs import Rpc

SCHEME = "bearer "

Metadata = Iterable[tuple[str, str | bytes]]


class Authenticator:
    """Knows the callers by their tokens. Without tokens everybody may call everything."""

    def __init__(self, callers: Mapping[str, Caller]) -> None:
        self._callers = [(token.encode(), caller) for token, caller in callers.items()]

    def caller_of(self, rpc: Rpc | None, metadata: Metadata | None) -> Caller:
        """Return the caller of a call. `rpc` is None for a method that does not exist.

        Raises
        ------
        ServiceError
            UNAUTHENTICATED: a token is needed, and the call has none that is known.
            PERMISSION_DENIED: the caller has none of the method's roles.
        """
        if rpc is not None and rpc.is_open:
            return ANYBODY
        caller = self._known(metadata or ()) if self._callers else ANYBODY
        if rpc is not None and not caller.has_any(rpc.roles):
            raise _needs_role(rpc, caller)
        return caller

    def _known(self, metadata: Metadata) -> Caller:
        given = _bearer_token(metadata)
        # Every token is compared, in constant time, so that the time reveals nothing of them.
        found = [caller for token, caller in self._callers if hmac.compare_digest(token, given)]
        if not found:
            raise ServiceError(
                Reason.UNAUTHENTICATED,
                "expected the metadata 'authorization: Bearer TOKEN' with a token of this server",
            )
        return found[0]


def _needs_role(rpc: Rpc, caller: Caller) -> ServiceError:
    needed, given = sorted(rpc.roles), sorted(caller.roles)
    return ServiceError(
        Reason.PERMISSION_DENIED,
        f"{rpc.name} needs the role {' or '.join(needed)}, and the caller {caller.name} has "
        f"{' and '.join(given) or 'none'}",
        metadata={"method": rpc.path, "roles": ",".join(needed)},
    )


def _bearer_token(metadata: Metadata) -> bytes:
    for key, value in metadata:
        if key == "authorization":
            text = value if isinstance(value, str) else value.decode("utf-8", "replace")
            if text[: len(SCHEME)].lower() == SCHEME:
                return text[len(SCHEME) :].strip().encode()
    return b""
