"""The configuration of server and worker: one typed object, read from the environment."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable
from typing import get_args
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsConfigDict

from edunn_serving.bound_settings import BoundSettings
from edunn_serving.callers import Caller, any_of, callers_in
from edunn_serving.errors import quoted
from edunn_serving.seal import Seal, read_key
from edunn_serving.setting_types import (
    MEBIBYTE,
    Address,
    AddressOrNothing,
    LogLevel,
    ParsedRedisUrl,
)
from edunn_serving.setting_types import setting as _setting
from edunn_serving.training_settings import TrainingSettings
from edunn_serving.variables import PREFIX, misspelt, unknown

log = logging.getLogger(__name__)


class SettingsError(ValueError):
    """An environment variable has a value that the service cannot work with."""


class Settings(TrainingSettings, BoundSettings):
    """The settings of server and worker.

    Each field's variable is `EDUNN_` and the field's name in capitals.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, validate_default=True, allow_inf_nan=False
    )

    redis_url: ParsedRedisUrl = _setting(
        "redis://127.0.0.1:6379/0",
        "The Redis that holds sessions and carries batches: `redis://`, `rediss://` or `unix://`.",
    )
    shared_key_file: str = _setting(
        "",
        "File with the key, of 32 characters or more, that server and workers share. What "
        "they leave for each other in Redis is authenticated by it. Empty: everybody who reaches "
        "Redis can act as any caller.",
    )
    exchange_folder: str = _setting(
        "",
        "Folder, best in memory (tmpfs), that a server and the workers of its machine share: large "
        "answers go through files in it. Only their user may be able to reach it. Empty, and for "
        "workers of other machines: through Redis.",
    )
    shared_key: SecretStr = _setting("", "The key itself, in place of a file.")
    address: Address = _setting(
        "127.0.0.1:50051", "Where the server listens: `host:port`. Port 0 takes a free one."
    )
    shares_port: bool = _setting(
        False,
        "1: other servers of this machine may listen at the same address, and the system shares "
        "out the connections. A single server uses one core.",
    )
    metrics_address: AddressOrNothing = _setting(
        "",
        "Where Prometheus reads the server's metrics: `host:port`. The path is `/metrics`. Empty: "
        "nowhere.",
    )
    tokens_file: str = _setting(
        "",
        "File with the hashes of the callers' tokens: see `edunn-serve tokens`. A change counts "
        "within a second. Only the callers of the file may then call.",
    )
    tokens: SecretStr = _setting(
        "",
        "More callers, for tests: `name=token` or `name:role=token` pairs, separated by commas. "
        "Without a role the caller is a student.",
    )
    jwt_keys: str = _setting(
        "",
        "File or https:// URL of the public keys (JWKS) of an issuer of signed tokens (JWT).",
    )
    jwt_issuer: str = _setting("", "The `iss` that a signed token must have.")
    jwt_audience: str = _setting("", "The `aud` that a signed token must have.")
    jwt_name_claim: str = _setting("sub", "The claim with the caller's name.")
    jwt_roles_claim: str = _setting(
        "edunn_roles", "The claim with the caller's role or roles. Without it: a student."
    )
    jwt_limits_claim: str = _setting(
        "edunn_limits", "The claim with limits of the caller's own, by their names."
    )
    tls_certificate: str = _setting(
        "", "PEM file with the server's certificate chain. Empty: no TLS."
    )
    tls_key: str = _setting("", "PEM file with the certificate's private key.")
    database_url: SecretStr = _setting(
        "",
        "The database of grades: `postgresql://user:password@host/name` or `sqlite:///path`. "
        "Empty: the SQLite file `grades.sqlite3` in the working folder. `make serve` puts it into "
        "its data folder.",
    )
    tls_client_ca: str = _setting(
        "",
        "PEM file with the authorities of the callers' certificates. Each connection must then "
        "bring one. Without a token the certificate's subject is the caller.",
    )
    published_address: AddressOrNothing = _setting(
        "",
        "Where callers reach the server, if a container or a proxy publishes it elsewhere than at "
        "`EDUNN_ADDRESS`: `host:port`.",
    )
    insecure: bool = _setting(
        False,
        "`1` lets a server listen beyond loopback without TLS or without callers.",
    )
    audit_file: str = _setting(
        "",
        "File of the audit log: a JSON line for each session made or ended, refused call and limit "
        "met. Empty: standard error.",
    )
    max_message_bytes: int = _setting(
        80 * MEBIBYTE,
        "The largest request or answer: 64 MiB of tensor and room to spare.",
        minimum=1024,
        # gRPC counts in 32 bits.
        maximum=2**31 - 1,
    )
    max_batch_operations: int = _setting(
        64,
        "How many operations a batch may have, 1000 at most.",
        minimum=1,
        maximum=1000,
    )
    max_batch_bytes: int = _setting(
        8 * MEBIBYTE,
        "How many request bytes a batch may have. A larger request is sent alone.",
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
        100, "How many Compute streams one connection may have open.", minimum=1
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
        "How long a session outlives its last use, if its creator gives no `ttl`.",
        minimum=0.001,
    )
    max_session_ttl_seconds: float = _setting(
        7 * 86400.0, "The longest `ttl` that a creator may give.", minimum=0.001
    )
    session_context_bytes: int = _setting(
        256 * MEBIBYTE,
        "How many bytes of contexts a session may keep, with Redis's overhead for each. Beyond it "
        "the oldest are evicted.",
        minimum=1024,
    )
    session_parameter_bytes: int = _setting(
        256 * MEBIBYTE, "How many bytes of parameters a session may have.", minimum=1024
    )
    session_context_count: int = _setting(
        10_000,
        "How many contexts a session may keep. Beyond it the oldest are evicted.",
        minimum=1,
    )
    session_layers: int = _setting(256, "How many layers a session may have.", minimum=1)
    session_record_bytes: int = _setting(
        MEBIBYTE,
        "How many bytes the names and configurations of a session's layers may take together.",
        minimum=1024,
    )
    layer_config_values: int = _setting(
        10_000,
        "How many values the configuration of a layer may have, with those of layers within it.",
        minimum=16,
    )
    worker_cache_bytes: int = _setting(
        256 * MEBIBYTE, "How many bytes of layers a worker keeps ready in its memory.", minimum=0
    )
    worker_memory_bytes: int = _setting(
        4096 * MEBIBYTE,
        "How much memory a worker may take. An operation that needs more is refused.",
        minimum=256 * MEBIBYTE,
    )
    operation_work: int = _setting(
        20_000_000_000,
        "How much work an operation may be, in units of about a nanosecond of one core. The work "
        "is estimated from shapes before the operation begins.",
        minimum=1_000_000,
    )
    operation_seconds: float = _setting(
        120.0,
        "How long a worker may compute one operation. After that the worker is stopped.",
        minimum=0.1,
        maximum=86400.0,
    )
    shutdown_seconds: float = _setting(
        30.0, "How long a stopping server waits for its accepted operations.", minimum=0.0
    )
    log_level: LogLevel = _setting(
        "INFO", "`DEBUG`, `INFO`, `WARNING` or `ERROR`. DEBUG logs each call."
    )

    @model_validator(mode="after")
    def _check_together(self) -> Settings:
        if bool(self.tls_certificate) != bool(self.tls_key):
            raise ValueError("EDUNN_TLS_CERTIFICATE and EDUNN_TLS_KEY go together: set both")
        if self.jwt_keys and not (self.jwt_issuer and self.jwt_audience):
            raise ValueError("EDUNN_JWT_KEYS needs EDUNN_JWT_ISSUER and EDUNN_JWT_AUDIENCE too")
        if self.tls_client_ca and not self.tls_certificate:
            raise ValueError("EDUNN_TLS_CLIENT_CA needs EDUNN_TLS_CERTIFICATE: set both")
        if self.session_ttl_seconds > self.max_session_ttl_seconds:
            raise ValueError(
                "EDUNN_SESSION_TTL_SECONDS must not be above EDUNN_MAX_SESSION_TTL_SECONDS"
            )
        self.callers()
        database = self.database_url.get_secret_value()
        if database and not re.match(r"postgresql://.|sqlite:///.", database):
            raise ValueError(
                "EDUNN_DATABASE_URL must be postgresql://... or sqlite:///path, got another URL"
            )
        return self

    def grades_url(self) -> str:
        """Return the URL of the database of grades."""
        return self.database_url.get_secret_value() or "sqlite:///grades.sqlite3"

    def callers(self) -> dict[str, Caller]:
        """Return the callers that EDUNN_TOKENS names, by their token."""
        try:
            return callers_in(self.tokens.get_secret_value())
        except ValueError as error:
            raise ValueError(f"EDUNN_TOKENS {error}") from None

    def secrets(self) -> list[str]:
        """Return the texts that no log and no error may show."""
        database = urlsplit(self.database_url.get_secret_value())
        secrets = [
            *self.callers(),
            self.redis_url.password,
            unquote(database.password or ""),
            self.shared_key.get_secret_value(),
        ]
        return [secret for secret in secrets if secret]

    def seal(self) -> Seal:
        """Return what authenticates messages, replies and records in Redis.

        Raises
        ------
        SettingsError
            The key cannot be read, or is too short.
        """
        try:
            return Seal(read_key(self.shared_key_file) or self.shared_key.get_secret_value())
        except (OSError, ValueError) as error:
            raise SettingsError(
                f"EDUNN_SHARED_KEY_FILE or EDUNN_SHARED_KEY cannot be used: {error}"
            ) from error

    def describe(self) -> str:
        """Return the settings on one line, without secrets."""
        shown = {name: str(getattr(self, name)) for name in names()}
        shown["shared_key"] = "***" if self.shared_key.get_secret_value() else ""
        shown["database_url"] = re.sub(r"//[^@/]*@", "//***@", self.grades_url())
        shown["tokens"] = ",".join(f"{each.name}=***" for each in self.callers().values())
        return " ".join(f"{name}={text}" for name, text in shown.items())


def names() -> Iterable[str]:
    """Return the names of the settings' fields."""
    return Settings.model_fields


def variable(name: str) -> str:
    """Return the environment variable of a settings field."""
    return PREFIX + name.upper()


def check_variables(environment: Iterable[str] = os.environ) -> None:
    """Warn of variables that begin with `EDUNN_` and are no setting.

    Raises
    ------
    SettingsError
        A variable is nearly the name of a setting and therefore probably misspelt.
    """
    known = {variable(name) for name in names()}
    for name, meant in misspelt(environment, known).items():
        raise SettingsError(f"there is no setting {name}: {meant} is meant, most likely")
    for name in unknown(environment, known):
        log.warning("%s is no setting of the service and does nothing", name)


def read_settings() -> Settings:
    """Read the settings from the environment.

    Raises
    ------
    SettingsError
        A value is malformed or out of bounds, or a variable is nearly the name of a setting. The
        message has the variable's name.
    """
    check_variables()
    try:
        return Settings()
    except ValidationError as error:
        # pydantic's text repeats values, which may be secret. So it is neither shown nor the cause.
        raise SettingsError(_sentence(error.errors(include_url=False)[0])) from None


def _sentence(error: ErrorDetails) -> str:
    """Return a sentence that says what is wrong with a variable's value."""
    place, bounds = error["loc"], error.get("ctx", {})
    if error["type"] == "value_error":
        return " ".join([*map(_variable_at, place), str(bounds["error"])])
    wanted = {
        "int_parsing": "a whole number",
        "int_parsing_size": "a whole number with fewer digits",
        "int_from_float": "a whole number",
        "float_parsing": "a number",
        "finite_number": "a finite number",
        "greater_than_equal": f"at least {bounds.get('ge')}",
        "less_than_equal": f"at most {bounds.get('le')}",
        "bool_parsing": "1 or 0",
        "literal_error": any_of(get_args(LogLevel)),
    }[error["type"]]
    return f"{_variable_at(place[0])} must be {wanted}, got {quoted(error['input'])}"


def _variable_at(place: int | str) -> str:
    return variable(str(place))


def settings_table() -> str:
    """Return the settings as the Markdown table that the README shows."""
    rows = ["| variable | default | meaning |", "| --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        default = f"`{field.default}`" if field.default != "" else ""
        rows.append(f"| `{variable(name)}` | {default} | {field.description} |")
    return "\n".join(rows) + "\n"
