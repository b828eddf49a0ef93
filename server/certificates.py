"""Callers by their client certificates (mTLS)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from cryptography import x509
from cryptography.x509.oid import NameOID

from edunn_serving.callers import EVERY_ROLE, Caller, Role, checked_name
from server.credentials import Credential

# The beginning of the digests, which tells them from those of tokens.
KIND = b"certificate "
# More certificates than these are read again at their next calls.
MAX_KNOWN = 10_000


class Certificates:
    """Knows callers by certificates that TLS has checked already.

    The subject's common name is the caller's name. Its organizational units that are roles are the
    caller's roles; without one the caller is a student.
    """

    def __init__(self) -> None:
        self._known: dict[bytes, Credential] = {}

    def find(self, auth_context: Mapping[str, Iterable[bytes]]) -> Credential | None:
        """Return what a connection shows; None if it has no certificate with a caller's name."""
        pem = next(iter(auth_context.get("x509_pem_cert", ())), b"")
        if not pem:
            return None
        digest = KIND + hashlib.blake2b(pem, digest_size=32).digest()
        if digest not in self._known:
            credential = _read(pem, digest)
            if credential is None:
                return None
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            self._known[digest] = credential
        return self._known[digest]

    def holds(self, credential: Credential) -> bool:
        """Tell whether a credential is a certificate's."""
        return credential.digest.startswith(KIND)


def _read(pem: bytes, digest: bytes) -> Credential | None:
    try:
        # TLS accepts certificates that this reader refuses, such as those with odd encodings.
        certificate = x509.load_pem_x509_certificate(pem)
        subject = certificate.subject
        names = [each.value for each in subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
        units = subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
        name = checked_name(names[0] if len(names) == 1 else None)
        expires = certificate.not_valid_after_utc.timestamp()
    except ValueError:
        return None
    given = {str(each.value).lower() for each in units}
    roles = frozenset(map(Role, given & EVERY_ROLE)) or frozenset({Role.STUDENT})
    return Credential(Caller(name, roles), digest, expires)
