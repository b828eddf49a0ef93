"""Refuses to serve others than this machine without TLS and callers."""

from __future__ import annotations

import ipaddress

from edunn_serving.settings import Settings, SettingsError

HOW = (
    "set EDUNN_TLS_CERTIFICATE and EDUNN_TLS_KEY, and EDUNN_TOKENS_FILE with tokens of "
    "`edunn-serve tokens make`, or EDUNN_INSECURE=1 if only you can reach it"
)


def check_exposure(settings: Settings, *, asks_callers: bool) -> None:
    """Check that only this machine can reach a server without TLS or without callers.

    Raises
    ------
    SettingsError
        Others can. The message says what to set.
    """
    name = "EDUNN_PUBLISHED_ADDRESS" if settings.published_address else "EDUNN_ADDRESS"
    address = settings.published_address or settings.address
    if settings.insecure or is_loopback(address.rpartition(":")[0]):
        return
    missing = [
        what
        for what, there in (("TLS", settings.tls_certificate), ("callers", asks_callers))
        if not there
    ]
    if missing:
        raise SettingsError(
            f"{name} {address} can be reached by other machines, without "
            f"{' and without '.join(missing)}: {HOW}"
        )


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches a host. A name other than localhost may be any."""
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return address.is_loopback if mapped is None else bool(mapped.is_loopback)
