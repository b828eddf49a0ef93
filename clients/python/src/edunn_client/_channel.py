"""How a connection is made: TLS, message sizes, keepalive, several servers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc

from edunn_client._addresses import Target
from edunn_client._version import __version__

# A response may hold several tensors of the 64 MiB that the service accepts (a layer's gradients).
MAX_MESSAGE_BYTES = 256 * 1024 * 1024

# The server must allow pings this frequent, or it closes the connection with too_many_pings.
KEEPALIVE_TIME_MS = 30_000
KEEPALIVE_TIMEOUT_MS = 10_000

# How long a server, or a proxy before it, may take to accept a connection.
CONNECT_TIMEOUT_MS = 3_000
# By default a lost connection is made anew after a second, and ever later up to two minutes. A
# service that is back would be called that much later.
FIRST_RECONNECT_MS = 100
LONGEST_RECONNECT_MS = 250

Option = tuple[str, int | str]
Options = Sequence[Option]


@dataclass(frozen=True)
class TLS:
    """How to trust the server, and how to be known to it. Each is a path to a PEM file.

    Without `ca` the certificate authorities that gRPC brings are trusted. `certificate` and `key`
    are the client's own, for servers that ask for them.
    """

    ca: str | Path | None = None
    certificate: str | Path | None = None
    key: str | Path | None = None

    def __post_init__(self) -> None:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("give certificate and key together, or neither")


# `True` is TLS with the usual authorities, `None` and `False` are plaintext.
TLSLike = TLS | grpc.ChannelCredentials | bool | None


def channel_credentials(tls: TLSLike) -> grpc.ChannelCredentials | None:
    """Return gRPC's credentials, or None for a plaintext connection."""
    if tls is None or tls is False:
        return None
    if tls is True:
        tls = TLS()
    if not isinstance(tls, TLS):
        return tls
    return grpc.ssl_channel_credentials(
        root_certificates=_read_pem(tls.ca, "CERTIFICATE"),
        private_key=_read_pem(tls.key, "PRIVATE KEY"),
        certificate_chain=_read_pem(tls.certificate, "CERTIFICATE"),
    )


def _read_pem(path: str | Path | None, what: str) -> bytes | None:
    """Return a file of which gRPC would say only at each call that it is none of PEM."""
    if path is None:
        return None
    content = Path(path).read_bytes()
    if f"{what}-----".encode() not in content:
        raise ValueError(f"{path} has no {what} in PEM format")
    return content


def channel_options(target: Target, more: Options) -> list[Option]:
    """Return the channel's options; those of `more` win."""
    options: list[Option] = [
        ("grpc.primary_user_agent", f"edunn-python/{__version__}"),
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.min_reconnect_backoff_ms", CONNECT_TIMEOUT_MS),
        ("grpc.initial_reconnect_backoff_ms", FIRST_RECONNECT_MS),
        ("grpc.max_reconnect_backoff_ms", LONGEST_RECONNECT_MS),
        ("grpc.keepalive_time_ms", KEEPALIVE_TIME_MS),
        ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_MS),
    ]
    if target.is_local:
        options.append(("grpc.enable_http_proxy", 0))
    if len(target.addresses) > 1:
        round_robin: dict[str, Any] = {"loadBalancingConfig": [{"round_robin": {}}]}
        options.append(("grpc.service_config", json.dumps(round_robin)))
        if target.host is not None:
            # The name in the certificate is that of the servers, not that of the list.
            options.append(("grpc.default_authority", target.host))
    # One of a name: gRPC would take the first.
    return list(dict([*options, *more]).items())


def longest_request(options: Options) -> float:
    """Return how many bytes a request may have."""
    given = int(dict(options)["grpc.max_send_message_length"])
    return given if given >= 0 else float("inf")
