"""The server's certificate, read again when its files change. Connections that stand stay."""

from __future__ import annotations

import asyncio
import datetime
import logging
import ssl
from pathlib import Path
from typing import Any

import grpc
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from edunn_serving.regular_files import read_regular
from edunn_serving.settings import Settings, SettingsError

log = logging.getLogger(__name__)

WATCH_SECONDS = 0.5
CURVES = (ec.SECP256R1, ec.SECP384R1)


class Tls:
    """The certificate for new connections.

    Raises
    ------
    SettingsError
        The files are no certificate with its key, or no authorities.
    """

    def __init__(self, settings: Settings) -> None:
        self._certificate = Path(settings.tls_certificate)
        self._key = Path(settings.tls_key)
        self._client_ca = Path(settings.tls_client_ca) if settings.tls_client_ca else None
        self._seen = self._stat()
        self._newest = self._read()
        self._given: Any = None

    def credentials(self) -> grpc.ServerCredentials:
        """Return gRPC's credentials, which ask for the newest certificate at each handshake."""
        self._given = self._newest
        return grpc.dynamic_ssl_server_credentials(
            self._given, self._fetch, require_client_authentication=self._client_ca is not None
        )

    async def watch(self) -> None:
        """Follow the files until cancelled. If they are damaged, the last certificate is kept."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Read the files if they have changed."""
        seen = await asyncio.to_thread(self._stat)
        if seen == self._seen:
            return
        self._seen = seen
        try:
            self._newest = await asyncio.to_thread(self._read)
            log.info("new connections get the certificate that is in the files now")
        except SettingsError as error:
            # A certificate and its key are replaced one after the other.
            log.warning("the certificate stays as it was: %s", error)

    def _fetch(self) -> Any:
        """Return the certificate if it is new. gRPC calls this in a thread of its own."""
        if self._newest is self._given:
            return None
        self._given = self._newest
        return self._given

    def _stat(self) -> list[tuple[int, ...]]:
        files = filter(None, (self._certificate, self._key, self._client_ca))
        return [_identity(each) for each in files]

    def _read(self) -> Any:
        try:
            pair = self._pair()
            # gRPC's error for wrong files says only that it cannot listen. Without the empty
            # password Python would ask for one on the terminal.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self._certificate, self._key, lambda: "")
            if self._pair() != pair:
                raise ValueError("they change at this moment")
            _check_usable(pair[1])
        except (OSError, ValueError) as error:
            raise SettingsError(
                "EDUNN_TLS_CERTIFICATE and EDUNN_TLS_KEY are no certificate with its key, in PEM: "
                f"{error}"
            ) from error
        return grpc.ssl_server_certificate_configuration([pair], self._authorities())

    def _pair(self) -> tuple[bytes, bytes]:
        return read_regular(self._key), read_regular(self._certificate)

    def _authorities(self) -> bytes | None:
        if self._client_ca is None:
            return None
        try:
            authorities = read_regular(self._client_ca)
            ssl.create_default_context().load_verify_locations(self._client_ca)
            return authorities
        except OSError as error:
            raise SettingsError(
                f"EDUNN_TLS_CLIENT_CA has no certificates of authorities, in PEM: {error}"
            ) from error


def _check_usable(chain: bytes) -> None:
    """Check what Python accepts and gRPC, or every client, does not.

    Raises
    ------
    ValueError
        It cannot be used.
    """
    own = x509.load_pem_x509_certificates(chain)[0]
    key = own.public_key()
    is_curve = isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, CURVES)
    if not (is_curve or isinstance(key, rsa.RSAPublicKey)):
        raise ValueError("gRPC wants a key of RSA, or of the curve P-256 or P-384")
    if own.not_valid_after_utc < datetime.datetime.now(datetime.UTC):
        raise ValueError(f"it has expired on {own.not_valid_after_utc:%Y-%m-%d}")


def _identity(path: Path) -> tuple[int, ...]:
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_ino, found.st_mtime_ns, found.st_size
