"""Finds who calls, and whether this caller may call a method. Every call of every service asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from edunn_serving.callers import ANYBODY, Caller, Role, checked_name
from edunn_serving.errors import Reason, ServiceError, invalid_argument
from edunn_serving.rpcs import Rpc
from server.certificates import Certificates
from server.credentials import Credential, Credentials, ExpiredError, is_expired

SCHEME = "bearer "
# A longer token is none of ours, and hashing it would take time.
MAX_TOKEN_CHARACTERS = 8192

UNKNOWN = "expected the metadata 'authorization: Bearer TOKEN' with a token of this server"
EXPIRED = "the token has expired: call with a new one"
NOBODY_ASKED = Credential(ANYBODY, b"", float("inf"))

ON_BEHALF_OF = "edunn-on-behalf-of"

Metadata = Iterable[tuple[str, str | bytes]]


class DeniedError(ServiceError):
    """A known caller may not call a method."""

    def __init__(self, caller: Caller, message: str, metadata: Mapping[str, str]) -> None:
        super().__init__(Reason.PERMISSION_DENIED, message, metadata=metadata)
        self.caller = caller


class Known(NamedTuple):
    """Who calls, and what shows it."""

    # The caller whose sessions and limits the call is about.
    caller: Caller
    credential: Credential


NOBODY_KNOWN = Known(ANYBODY, NOBODY_ASKED)


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

    def who_calls(self, rpc: Rpc | None, metadata: Metadata | None) -> Known:
        """Return who calls, by what the call shows. `rpc` is None for a method that does not exist.

        Raises
        ------
        ServiceError
            UNAUTHENTICATED: a token is needed, and the call has none that is known and lasts.
            PERMISSION_DENIED: the caller has none of the method's roles, or may not act for
            another. INVALID_ARGUMENT: the other's name is none.
        """
        if rpc is not None and rpc.is_open:
            return NOBODY_KNOWN
        if not self.asks_callers:
            if _text_of(ON_BEHALF_OF, metadata) is None:
                return NOBODY_KNOWN
            return _checked(rpc, NOBODY_ASKED, metadata)
        return _checked(rpc, self._credential_of(bearer_token(metadata)), metadata)

    def asks_certificate(self, rpc: Rpc | None, metadata: Metadata | None) -> bool:
        """Tell whether the connection's certificate says who calls: the call brings no token."""
        if self._certificates is None or (rpc is not None and rpc.is_open):
            return False
        return not bearer_token(metadata)

    def who_calls_by_certificate(
        self,
        rpc: Rpc | None,
        metadata: Metadata | None,
        auth_context: Mapping[str, Iterable[bytes]],
    ) -> Known:
        """Return who calls, by the certificate of the call's connection.

        Raises
        ------
        ServiceError
            As `who_calls`.
        """
        certificates = self._certificates
        credential = None if certificates is None else certificates.find(auth_context)
        if credential is None:
            raise _unauthenticated(UNKNOWN)
        return _checked(rpc, credential, metadata)

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
            raise ExpiredError(EXPIRED)
        if self._certificates is not None and self._certificates.holds(credential):
            return
        if not any(place.holds(credential) for place in self._places):
            raise _unauthenticated("the token is revoked: call with another one")

    def _credential_of(self, token: str) -> Credential:
        if 0 < len(token) <= MAX_TOKEN_CHARACTERS:
            for place in self._places:
                credential = place.find(token)
                if credential is None:
                    continue
                return credential
        raise _unauthenticated(UNKNOWN)


def _checked(rpc: Rpc | None, credential: Credential, metadata: Metadata | None) -> Known:
    """Check an expiry and a role, and apply the metadata by which one caller acts for another."""
    if is_expired(credential):
        raise ExpiredError(EXPIRED)
    caller = credential.caller
    if rpc is None:
        return Known(caller, credential)
    if not caller.has_any(rpc.roles):
        raise _needs_role(rpc, caller, rpc.roles)
    name = _text_of(ON_BEHALF_OF, metadata)
    if name is None or name == caller.name:
        return Known(caller, credential)
    may_act = {Role.ADMIN, Role.GRADER} if rpc.graders_act else {Role.ADMIN}
    if not caller.has_any(may_act):
        raise _needs_role(rpc, caller, may_act, " on behalf of another")
    try:
        checked_name(name)
    except ValueError as error:
        raise invalid_argument(ON_BEHALF_OF, str(error)) from error
    # The other's name, with the rights and limits of the one who calls.
    return Known(Caller(name, caller.roles, caller.limits, acted_by=caller.name), credential)


def _unauthenticated(message: str) -> ServiceError:
    return ServiceError(Reason.UNAUTHENTICATED, message)


def _needs_role(rpc: Rpc, caller: Caller, roles: Iterable[Role], how: str = "") -> DeniedError:
    needed, given = sorted(roles), sorted(caller.roles)
    return DeniedError(
        caller,
        f"{rpc.name}{how} needs the role {' or '.join(needed)}, and the caller {caller.name} has "
        f"{' and '.join(given) or 'none'}",
        {"method": rpc.path, "roles": ",".join(needed)},
    )


def bearer_token(metadata: Metadata | None) -> str:
    """Return the token of a call's metadata; empty if there is none."""
    for key, value in metadata or ():
        if key == "authorization":
            text = _text(value)
            if text[: len(SCHEME)].lower() == SCHEME:
                return text[len(SCHEME) :].strip()
    return ""


def _text_of(name: str, metadata: Metadata | None) -> str | None:
    for key, value in metadata or ():
        if key == name:
            return _text(value)
    return None


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", "replace")
