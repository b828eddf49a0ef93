"""How a connection is made: TLS, the bearer token, message sizes and keepalive."""

from __future__ import annotations

import ipaddress
import warnings
from dataclasses import dataclass
from pathlib import Path

import grpc

# A response may hold several tensors of the 64 MiB that the service accepts (a layer's gradients).
MAX_MESSAGE_BYTES = 256 * 1024 * 1024

# The server must allow pings this frequent, or it closes the connection with too_many_pings.
KEEPALIVE_TIME_MS = 30_000
KEEPALIVE_TIMEOUT_MS = 10_000

Options = list[tuple[str, int | str]]


@dataclass(frozen=True)
class TLS:
    """How to trust the server, and how to be known to it. Each is a path to a PEM file.

    Without `ca` the certificate authorities that gRPC brings are trusted. `certificate` and `key`
    are the client's own, for servers that ask for them.
    """

    ca: str | Path | None = None
    certificate: str | Path | None = None
    key: str | Path | None = None

    def credentials(self) -> grpc.ChannelCredentials:
        return grpc.ssl_channel_credentials(
            root_certificates=_read(self.ca),
            private_key=_read(self.key),
            certificate_chain=_read(self.certificate),
        )


# `True` is TLS with the usual authorities, `None` and `False` are plaintext.
TLSLike = TLS | grpc.ChannelCredentials | bool | None


def _read(path: str | Path | None) -> bytes | None:
    return None if path is None else Path(path).read_bytes()


def channel_credentials(tls: TLSLike) -> grpc.ChannelCredentials | None:
    """Return gRPC's credentials, or None for a plaintext connection."""
    if tls is None or isinstance(tls, bool):
        return TLS().credentials() if tls else None
    return tls.credentials() if isinstance(tls, TLS) else tls


def channel_options(address: str, more: Options | None) -> Options:
    """Return the options of a channel to an address; those of `more` come last and win."""
    return [
        # A proxy that the environment names is for the world outside, not for this machine.
        *([("grpc.enable_http_proxy", 0)] if _is_local(address) else []),
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        # By default a lost connection is made anew after a second, and ever later up to two
        # minutes. Until then a call fails at once, so a retry would come to nothing.
        ("grpc.initial_reconnect_backoff_ms", 200),
        ("grpc.max_reconnect_backoff_ms", 2_000),
        ("grpc.keepalive_time_ms", KEEPALIVE_TIME_MS),
        ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_MS),
        *(more or []),
    ]


def call_metadata(token: str | None, address: str, encrypted: bool) -> tuple[tuple[str, str], ...]:
    """Return the metadata of every call: the bearer token, if there is one."""
    if token is None:
        return ()
    if not encrypted and not _is_local(address):
        warnings.warn(f"the token for {address} travels unencrypted: give tls=True", stacklevel=4)
    return (("authorization", f"Bearer {token}"),)


def _is_local(address: str) -> bool:
    if address.startswith("unix:"):
        return True
    host = address.rsplit("/", 1)[-1].rsplit(":", 1)[0].strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
