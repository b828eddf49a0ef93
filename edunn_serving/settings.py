"""The configuration of server and worker: one typed object, read from the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit

PREFIX = "EDUNN_"
# Variables with the prefix that are the library's, and no settings of the service.
_OF_THE_LIBRARY = frozenset({"EDUNN_DATASETS"})
MEBIBYTE = 1024 * 1024


class SettingsError(ValueError):
    """An environment variable has a value that the service cannot work with."""


def _setting(
    default: Any, doc: str, *, minimum: float | None = None, maximum: float | None = None
) -> Any:
    return field(default=default, metadata={"doc": doc, "minimum": minimum, "maximum": maximum})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What server and worker are told by their environment.

    Each field is read from the variable of its name in capitals behind `EDUNN_`.
    """

    redis_url: str = _setting(
        "redis://127.0.0.1:6379/0",
        "The Redis that holds sessions and carries batches: `redis://`, `rediss://` or `unix://`.",
    )
    address: str = _setting(
        "127.0.0.1:50051", "Where the server listens: `host:port`; port 0 takes a free one."
    )
    metrics_address: str = _setting(
        "",
        "Where Prometheus reads the server's metrics: `host:port`, the path is `/metrics`. Empty: "
        "nowhere.",
    )
    tokens: str = _setting(
        "",
        "Who may call: `name=token` pairs, separated by commas. Empty: anybody, without a token. "
        "Sessions belong to the name that created them.",
    )
    tls_certificate: str = _setting(
        "", "PEM file with the server's certificate chain. Empty: no TLS."
    )
    tls_key: str = _setting("", "PEM file with the certificate's private key.")
    max_message_bytes: int = _setting(
        80 * MEBIBYTE,
        "The largest request or answer: 64 MiB of tensor and room to spare.",
        minimum=1024,
    )
    max_batch_operations: int = _setting(
        64,
        "How many operations leave for a worker together; 1000 at most.",
        minimum=1,
        maximum=1000,
    )
    max_batch_bytes: int = _setting(
        8 * MEBIBYTE,
        "How many request bytes leave together. A larger request leaves alone.",
        minimum=1024,
    )
    max_queued_operations: int = _setting(
        10_000, "How many operations may wait in a server before it refuses more.", minimum=1
    )
    max_queued_bytes: int = _setting(
        512 * MEBIBYTE, "How many request bytes may wait in a server.", minimum=1024
    )
    max_streams: int = _setting(
        1000, "How many Compute streams may be open at a server.", minimum=1
    )
    max_connection_streams: int = _setting(
        100, "How many of them one connection may have.", minimum=1
    )
    worker_wait_seconds: float = _setting(
        5.0, "How long operations wait for a worker to appear before UNAVAILABLE.", minimum=0.0
    )
    worker_timeout_seconds: float = _setting(
        3.0,
        "How long a worker may be silent before it counts as dead and its batches are sent again.",
        minimum=0.5,
    )
    session_ttl_seconds: float = _setting(
        3600.0,
        "How long a session outlives its last use if its creator does not say.",
        minimum=0.001,
    )
    max_session_ttl_seconds: float = _setting(
        7 * 86400.0, "The longest such time that a creator may ask for.", minimum=0.001
    )
    session_context_bytes: int = _setting(
        256 * MEBIBYTE,
        "How many bytes of contexts a session may keep, with what each takes in Redis besides. "
        "Beyond it the oldest are evicted.",
        minimum=1024,
    )
    session_parameter_bytes: int = _setting(
        256 * MEBIBYTE, "How many bytes of parameters a session may have.", minimum=1024
    )
    session_layers: int = _setting(256, "How many layers a session may have.", minimum=1)
    worker_cache_bytes: int = _setting(
        256 * MEBIBYTE, "How many bytes of layers a worker keeps ready in its memory.", minimum=0
    )
    worker_memory_bytes: int = _setting(
        4096 * MEBIBYTE,
        "How much memory a worker may take. An operation that asks for more is refused.",
        minimum=256 * MEBIBYTE,
    )
    operation_seconds: float = _setting(
        120.0,
        "How long a worker may compute one operation. It is stopped with its worker then.",
        minimum=0.1,
        maximum=86400.0,
    )
    shutdown_seconds: float = _setting(
        30.0, "How long a stopping server waits for what is in flight.", minimum=0.0
    )
    log_level: str = _setting(
        "INFO", "`DEBUG`, `INFO`, `WARNING` or `ERROR`. DEBUG logs each call."
    )

    def __post_init__(self) -> None:
        for each in fields(self):
            minimum = each.metadata["minimum"]
            # Written so that NaN is refused too.
            if minimum is not None and not getattr(self, each.name) >= minimum:
                raise SettingsError(
                    f"{variable(each.name)} must be at least {minimum:g}, "
                    f"got {getattr(self, each.name)}"
                )
            maximum = each.metadata["maximum"]
            if maximum is not None and getattr(self, each.name) > maximum:
                raise SettingsError(
                    f"{variable(each.name)} must be at most {maximum:g}, "
                    f"got {getattr(self, each.name)}"
                )
        self._check_redis_url()
        self._check_address("address")
        if self.metrics_address:
            self._check_address("metrics_address")
        if self.log_level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
            raise SettingsError(
                f"EDUNN_LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR, got {self.log_level!r}"
            )
        if bool(self.tls_certificate) != bool(self.tls_key):
            raise SettingsError("EDUNN_TLS_CERTIFICATE and EDUNN_TLS_KEY go together: set both")
        if self.session_ttl_seconds > self.max_session_ttl_seconds:
            raise SettingsError(
                "EDUNN_SESSION_TTL_SECONDS must not be above EDUNN_MAX_SESSION_TTL_SECONDS"
            )
        self.callers()

    def _check_redis_url(self) -> None:
        scheme = urlsplit(self.redis_url).scheme
        if scheme not in ("redis", "rediss", "unix"):
            raise SettingsError(
                "EDUNN_REDIS_URL must begin with redis://, rediss:// or unix://, "
                f"got {self._masked_redis_url()!r}"
            )

    def _check_address(self, name: str) -> None:
        address: str = getattr(self, name)
        host, colon, port = address.rpartition(":")
        if not colon or not host or not port.isdecimal() or int(port) > 65535:
            raise SettingsError(
                f"{variable(name)} must be host:port, such as 127.0.0.1:50051, got {address!r}"
            )

    def callers(self) -> dict[str, str]:
        """Return the callers' names by their token."""
        callers: dict[str, str] = {}
        for entry in filter(None, (part.strip() for part in self.tokens.split(","))):
            name, equals, token = entry.partition("=")
            if not equals or not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", name) or not token:
                # The entry itself is not shown: it may hold a secret.
                raise SettingsError(
                    "EDUNN_TOKENS must be name=token pairs separated by commas, "
                    "the name of letters, digits, _, - and ."
                )
            if token in callers:
                raise SettingsError("EDUNN_TOKENS gives one token to two names")
            callers[token] = name
        return callers

    def _masked_redis_url(self) -> str:
        parts = urlsplit(self.redis_url)
        if parts.password is None:
            return self.redis_url
        netloc = parts.netloc.rpartition("@")[2]
        return urlunsplit(parts._replace(netloc=f"***@{netloc}"))

    def describe(self) -> str:
        """Return the settings on one line, without secrets."""
        shown = {each.name: getattr(self, each.name) for each in fields(self)}
        shown["redis_url"] = self._masked_redis_url()
        shown["tokens"] = ",".join(f"{name}=***" for name in self.callers().values())
        return " ".join(f"{name}={value}" for name, value in shown.items())


def variable(name: str) -> str:
    """Return the environment variable of a settings field."""
    return PREFIX + name.upper()


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings from the environment.

    Raises
    ------
    SettingsError
        A value is malformed or out of bounds, or a variable begins with `EDUNN_` and is not a
        setting (most likely misspelt). The message names the variable.
    """
    known = {variable(each.name): each for each in fields(Settings)}
    unknown = sorted(
        name
        for name in environment.keys() - known.keys() - _OF_THE_LIBRARY
        if name.startswith(PREFIX)
    )
    if unknown:
        raise SettingsError(f"unknown setting {unknown[0]}: there are {', '.join(sorted(known))}")
    values = {
        each.name: _parse(name, environment[name], type(each.default))
        for name, each in known.items()
        if name in environment
    }
    return Settings(**values)


def _parse(name: str, text: str, kind: type) -> Any:
    try:
        return cast(Any, kind)(text)
    except ValueError:
        wanted = "a whole number" if kind is int else "a number"
        raise SettingsError(f"{name} must be {wanted}, got {text!r}") from None


def settings_table() -> str:
    """Return the settings as the Markdown table that the README shows."""
    rows = ["| variable | default | meaning |", "| --- | --- | --- |"]
    for each in fields(Settings):
        default = f"`{each.default}`" if each.default != "" else ""
        rows.append(f"| `{variable(each.name)}` | {default} | {each.metadata['doc']} |")
    return "\n".join(rows) + "\n"
