"""What the environment says where the program leaves an argument out."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edunn_client._addresses import Target, parse_target
from edunn_client._channel import TLS, TLSLike

TokenLike = str | Callable[[], object] | None


@dataclass(frozen=True)
class Access:
    """Where the service is, and how to be let in."""

    target: Target
    token: TokenLike
    tls: TLSLike


def complete(address: str | Sequence[str] | None, token: TokenLike, tls: TLSLike) -> Access:
    """Complete the arguments that are None from the environment.

    Raises
    ------
    ValueError
        There is no address, or one that says nothing.
    """
    if address is None:
        address = os.environ.get("EDUNN_TARGET")
        if address is None:
            raise ValueError("no address: give one, such as 'localhost:50051', or set EDUNN_TARGET")
    return Access(
        parse_target(address),
        os.environ.get("EDUNN_TOKEN") or None if token is None else token,
        tls_of_environment() if tls is None else tls,
    )


def tls_of_environment() -> TLS | None:
    """Return how the environment says to trust the server and to be known to it."""
    ca, certificate, key = (
        os.environ.get(f"EDUNN_{name}") or None for name in ("CA", "CERTIFICATE", "KEY")
    )
    if (certificate is None) != (key is None):
        raise ValueError("set EDUNN_CERTIFICATE and EDUNN_KEY together, or neither")
    return TLS(ca, certificate, key) if ca or certificate else None
