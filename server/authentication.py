"""Finds a call's caller: the name that belongs to its bearer token."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping

from edunn_serving.errors import Reason, ServiceError

SCHEME = "bearer "


class Authenticator:
    """Knows the callers by their tokens. Without tokens everybody may call, with an empty name."""

    def __init__(self, callers: Mapping[str, str]) -> None:
        self._callers = [(token.encode(), name) for token, name in callers.items()]

    def caller(self, metadata: Iterable[tuple[str, str | bytes]] | None) -> str:
        """Return the caller's name.

        Raises
        ------
        ServiceError
            UNAUTHENTICATED: a token is needed, and the call has none that is known.
        """
        if not self._callers:
            return ""
        given = _bearer_token(metadata or ())
        # Every token is compared, in constant time, so that the time reveals nothing of them.
        names = [name for token, name in self._callers if hmac.compare_digest(token, given)]
        if not names:
            raise ServiceError(
                Reason.UNAUTHENTICATED,
                "expected the metadata 'authorization: Bearer TOKEN' with a token of this server",
            )
        return names[0]


def _bearer_token(metadata: Iterable[tuple[str, str | bytes]]) -> bytes:
    for key, value in metadata:
        if key == "authorization":
            text = value if isinstance(value, str) else value.decode("utf-8", "replace")
            if text[: len(SCHEME)].lower() == SCHEME:
                return text[len(SCHEME) :].strip().encode()
    return b""
