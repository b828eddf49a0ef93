"""Channels to a server of this machine, for its own checks: with its TLS if it has one.

Workers must not import this module, because it imports gRPC.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import grpc
from cryptography import x509

# A proxy of the environment must not stand between us and a server of this machine.
WITHOUT_PROXY: list[tuple[str, Any]] = [("grpc.enable_http_proxy", 0)]


def own_channel(address: str, environment: Mapping[str, str] = os.environ) -> grpc.Channel:
    """Return a channel to a server that is configured by these environment variables.

    A server with TLS must show the certificate of its own file; whom it is made out to does not
    count here. For a server that asks for client certificates, `EDUNN_CERTIFICATE` and `EDUNN_KEY`
    name the files of one, as for the clients.

    Raises
    ------
    OSError, ValueError
        A file cannot be used.
    """
    certificate = environment.get("EDUNN_TLS_CERTIFICATE")
    if not certificate:
        return grpc.insecure_channel(address, WITHOUT_PROXY)
    chain = Path(certificate).read_bytes()
    credentials = grpc.ssl_channel_credentials(chain, *_own_identity(environment))
    options = [*WITHOUT_PROXY, ("grpc.ssl_target_name_override", _name_in(chain))]
    return grpc.secure_channel(address, credentials, options)


def _own_identity(environment: Mapping[str, str]) -> tuple[bytes | None, bytes | None]:
    """Return the key and the certificate to show; None for both if the server asks for none."""
    if not environment.get("EDUNN_TLS_CLIENT_CA"):
        return None, None
    # The clients' own variables, which the stack does not pass on to its parts.
    key, certificate = (
        environment.get(name) or os.environ.get(name) for name in ("EDUNN_KEY", "EDUNN_CERTIFICATE")
    )
    if not (key and certificate):
        raise ValueError(
            "the server asks for client certificates (EDUNN_TLS_CLIENT_CA): to check it, set "
            "EDUNN_CERTIFICATE and EDUNN_KEY to the files of one"
        )
    return Path(key).read_bytes(), Path(certificate).read_bytes()


def _name_in(chain: bytes) -> str:
    """Return a name that the first certificate of a chain is made out to."""
    certificate = x509.load_pem_x509_certificates(chain)[0]
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        found = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        return str(found[0].value) if found else ""
    hosts: list[str] = names.get_values_for_type(x509.DNSName)
    hosts += map(str, names.get_values_for_type(x509.IPAddress))
    return hosts[0].replace("*", "edunn", 1) if hosts else ""
