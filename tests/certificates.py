"""Makes certificates for tests."""

from __future__ import annotations

import datetime
import ipaddress
import subprocess
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


def make_certificate(certificate: Path, key: Path) -> None:
    """Write a self-signed certificate for this machine, and its key."""
    how = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    who = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run(
        ["openssl", "req", *how, *who, "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )


class Identity(NamedTuple):
    """A certificate with its key."""

    certificate: x509.Certificate
    key: CertificateIssuerPrivateKeyTypes

    @property
    def certificate_pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    def write(self, certificate: Path, key: Path) -> None:
        """Replace two files, each at once."""
        for path, content in ((key, self.key_pem), (certificate, self.certificate_pem)):
            fresh = path.with_suffix(".new")
            fresh.write_bytes(content)
            fresh.replace(path)


def identity(
    name: str,
    *units: str,
    issuer: Identity | None = None,
    key: CertificateIssuerPrivateKeyTypes | None = None,
    ends: datetime.timedelta = DAY,
) -> Identity:
    """Return a certificate for a name, of this machine: its own authority's, or another's.

    `ends` is from now on, and negative for one that has expired.
    """
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, name),
            *(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit) for unit in units),
        ]
    )
    now = datetime.datetime.now(datetime.UTC)
    places = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 2 * DAY)
        .not_valid_after(now + ends)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(places), critical=False)
    )
    signer = issuer.key if issuer else key
    has_own_hash = isinstance(signer, ed25519.Ed25519PrivateKey)
    return Identity(builder.sign(signer, None if has_own_hash else hashes.SHA256()), key)
