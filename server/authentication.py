"""Finds who calls, and whether this caller may call a method. Every call of every service asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from edunn_serving.callers import ANYBODY, Caller
from edunn_serving.errors import Reason, ServiceError
from edunn_serving.rpcs import Rpc
from server.certificates import Certificates
from server.credentials import Credential, Credentials, is_expired

SCHEME = "bearer "
# A longer token is none of ours, and hashing it would take time.
MAX_TOKEN_CHARACTERS = 8192

UNKNOWN = "expected the metadata 'authorization: Bearer TOKEN' with a token of this server"
EXPIRED = "the token has expired: call with a new one"
NOBODY_ASKED = Credential(ANYBODY, b"", float("inf"))

Metadata = Iterable[tuple[str, str | bytes]]


class Authenticator:
    """Knows the callers by what they show. If there is no place to ask, everybody may call."""

    def __init__(
        self, places: Sequence[Credentials], certificates: Certificates | None = None
    ) -> None:
        self._places = places
        self._certificates = certificates

    @property
    def asks_callers(self) -> bool:
        """Whether a caller must be known."""
        return bool(self._places) or self._certificates is not None

    def credential_of(self, rpc: Rpc | None, metadata: Metadata | None) -> Credential:
        """Return what a call shows. `rpc` is None for a method that does not exist.

        Raises
        ------
        ServiceError
            UNAUTHENTICATED: a token is needed, and the call has none that is known and lasts.
            PERMISSION_DENIED: the caller has none of the method's roles.
        """
        if not self.asks_callers or (rpc is not None and rpc.is_open):
            return NOBODY_ASKED
        return _checked(rpc, self._known(bearer_token(metadata or ())))

    def asks_certificate(self, rpc: Rpc | None, metadata: Metadata | None) -> bool:
        """Tell whether the connection's certificate says who calls: the call brings no token."""
        if self._certificates is None or (rpc is not None and rpc.is_open):
            return False
        return not bearer_token(metadata or ())

    def credential_of_peer(
        self, rpc: Rpc | None, auth_context: Mapping[str, Iterable[bytes]]
    ) -> Credential:
        """Return what a call shows by its connection's certificate.

        Raises
        ------
        ServiceError
            As `credential_of`.
        """
        certificates = self._certificates
        credential = None if certificates is None else certificates.find(auth_context)
        if credential is None:
            raise _unauthenticated(UNKNOWN)
        return _checked(rpc, credential)

    def check_again(self, credential: Credential) -> None:
        """Check what the caller of an open stream has shown when the stream began.

        Raises
        ------
        ServiceError
            UNAUTHENTICATED: it is revoked or has expired.
        """
        if credential is NOBODY_ASKED:
            return
        if is_expired(credential):
            raise _unauthenticated(EXPIRED)
        if self._certificates is not None and self._certificates.holds(credential):
            return
        if not any(place.holds(credential) for place in self._places):
            raise _unauthenticated("the token is revoked: call with another one")

    def _known(self, token: str) -> Credential:
        if 0 < len(token) <= MAX_TOKEN_CHARACTERS:
            for place in self._places:
                credential = place.find(token)
                if credential is None:
                    continue
                return credential
        raise _unauthenticated(UNKNOWN)


def _checked(rpc: Rpc | None, credential: Credential) -> Credential:
    if is_expired(credential):
        raise _unauthenticated(EXPIRED)
    if rpc is not None and not credential.caller.has_any(rpc.roles):
        raise _needs_role(rpc, credential.caller)
    return credential


def _unauthenticated(message: str) -> ServiceError:
    return ServiceError(Reason.UNAUTHENTICATED, message)


def _needs_role(rpc: Rpc, caller: Caller) -> ServiceError:
    needed, given = sorted(rpc.roles), sorted(caller.roles)
    return ServiceError(
        Reason.PERMISSION_DENIED,
        f"{rpc.name} needs the role {' or '.join(needed)}, and the caller {caller.name} has "
        f"{' and '.join(given) or 'none'}",
        metadata={"method": rpc.path, "roles": ",".join(needed)},
    )


def bearer_token(metadata: Metadata) -> str:
    """Return the token of a call's metadata; empty if there is none."""
    for key, value in metadata:
        if key == "authorization":
            text = value if isinstance(value, str) else value.decode("utf-8", "replace")
            if text[: len(SCHEME)].lower() == SCHEME:
                return text[len(SCHEME) :].strip()
    return ""
