"""The address of a Redis. It is parsed once, here, and never shown with its password."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

SCHEMES = ("redis", "rediss", "unix")
DEFAULT_PORT = 6379
CERTIFICATE_CHECKS = {
    "none": ssl.CERT_NONE,
    "optional": ssl.CERT_OPTIONAL,
    "required": ssl.CERT_REQUIRED,
}
TLS_FILES = ("ssl_ca_certs", "ssl_ca_path", "ssl_certfile", "ssl_keyfile")
TLS_OPTIONS = ("ssl_cert_reqs", "ssl_check_hostname", *TLS_FILES)
OPTIONS = ("db", "username", "password", *TLS_OPTIONS)
ESCAPES = (
    "in a user name, a password or a path write # as %23, / as %2F, ? as %3F, @ as %40, "
    "% as %25 and a space as %20"
)


@dataclass(frozen=True, kw_only=True)
class RedisUrl:
    """A parsed address. It has either a `host` or a `path`.

    Attributes
    ----------
    path
        The file of a unix socket.
    tls
        The options of TLS by redis-py's names. None if the connection is not encrypted.
    """

    host: str = ""
    port: int = DEFAULT_PORT
    path: str = ""
    database: int = 0
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: Mapping[str, Any] | None = None

    @classmethod
    def parse(cls, text: str) -> RedisUrl:
        """Read a URL.

        Raises
        ------
        ValueError
            The URL cannot be used. The message repeats no part of it, because any part of a wrong
            URL may belong to the password.
        """
        if re.search(r"[\x00-\x20\x7f]", text):
            raise ValueError(f"it has a space or a control character in it; {ESCAPES}")
        try:
            parts = urlsplit(text)
        except ValueError:
            raise ValueError(f"it is no URL; {ESCAPES}") from None
        if parts.scheme not in SCHEMES or not text.startswith(f"{parts.scheme}://"):
            raise ValueError("it must begin with redis://, rediss:// or unix://")
        if "#" in text:
            raise ValueError(f"it has a # in it; {ESCAPES}")
        options = _options(parts.query)
        secured = parts.scheme == "rediss"
        if not secured and any(name in TLS_OPTIONS for name in options):
            raise ValueError("the options that begin with ssl_ need rediss://")
        place = _socket(parts, options) if parts.scheme == "unix" else _host(parts, options)
        return cls(
            **place,
            username=_unescaped(parts.username) or options.get("username") or None,
            password=_unescaped(parts.password) or options.get("password") or None,
            tls=_tls(options) if secured else None,
        )

    def __str__(self) -> str:
        """Return the URL without user name, password and options."""
        if self.path:
            return f"unix://{quote(self.path)}?db={self.database}"
        return f"{self._scheme}://{self._netloc}/{self.database}"

    @property
    def client_options(self) -> dict[str, Any]:
        """The arguments for redis-py's client."""
        place = {"unix_socket_path": self.path} if self.path else {"host": self.host}
        return {
            **place,
            "port": self.port,
            "db": self.database,
            "username": self.username,
            "password": self.password,
            "ssl": self.tls is not None,
            **(self.tls or {}),
        }

    @property
    def broker_url(self) -> str:
        """The URL for kombu, which has a scheme of its own for sockets."""
        user = ""
        if self.username or self.password:
            name, password = (quote(part or "", safe="") for part in (self.username, self.password))
            user = f"{name}:{password}@"
        if self.path:
            return f"redis+socket://{user}{quote(self.path)}?virtual_host={self.database}"
        return f"{self._scheme}://{user}{self._netloc}/{self.database}"

    @property
    def broker_tls(self) -> dict[str, Any] | None:
        """The options of TLS for kombu. Without them kombu accepts any certificate."""
        return None if self.tls is None else dict(self.tls)

    @property
    def _scheme(self) -> str:
        return "redis" if self.tls is None else "rediss"

    @property
    def _netloc(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def _options(query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, True, strict_parsing=True, errors="strict") if query else []
    except ValueError:
        raise ValueError(f"what follows the ? must be name=value pairs; {ESCAPES}") from None
    options = dict(pairs)
    if len(options) < len(pairs):
        raise ValueError("what follows the ? has one option twice")
    if not options.keys() <= set(OPTIONS):
        raise ValueError(f"the options behind the ? are {', '.join(OPTIONS)}, and there is another")
    return options


def _socket(parts: SplitResult, options: Mapping[str, str]) -> dict[str, Any]:
    host = parts.netloc.rpartition("@")[2]
    if host or len(parts.path) < 2:
        raise ValueError(
            f"unix:// wants the whole path of a socket: unix:///run/redis.sock; {ESCAPES}"
        )
    return {"path": _unescaped(parts.path), "database": _database("", options)}


def _host(parts: SplitResult, options: Mapping[str, str]) -> dict[str, Any]:
    try:
        port = parts.port
    except ValueError:
        raise ValueError(f"its port must be a number from 1 to 65535; {ESCAPES}") from None
    if port == 0:
        raise ValueError("its port must be a number from 1 to 65535")
    return {
        "host": _unescaped(parts.hostname) or "localhost",
        "port": port or DEFAULT_PORT,
        "database": _database(parts.path.strip("/"), options),
    }


def _database(path: str, options: Mapping[str, str]) -> int:
    given = {text for text in (path, options.get("db", "")) if text}
    if not given:
        return 0
    (database, *others) = given
    if others or not re.fullmatch(r"[0-9]{1,9}", database):
        raise ValueError(f"its database must be one number, as in redis://host:6379/0; {ESCAPES}")
    return int(database)


def _unescaped(text: str | None) -> str | None:
    try:
        return unquote(text, errors="strict") if text else None
    except UnicodeDecodeError:
        raise ValueError(f"its %-escapes are no UTF-8; {ESCAPES}") from None


def _tls(options: Mapping[str, str]) -> dict[str, Any]:
    """Return the options of TLS, after a check of the files that they name."""
    check = options.get("ssl_cert_reqs", "required").lower().removeprefix("cert_")
    check_hostname = options.get("ssl_check_hostname", "true").lower()
    if check not in CERTIFICATE_CHECKS:
        raise ValueError("ssl_cert_reqs must be none, optional or required")
    if check_hostname not in ("true", "false"):
        raise ValueError("ssl_check_hostname must be true or false")
    files = {name: options[name] for name in TLS_FILES if name in options}
    if "ssl_keyfile" in files and "ssl_certfile" not in files:
        raise ValueError("ssl_keyfile needs ssl_certfile")
    _check_tls_files(files)
    return {
        "ssl_cert_reqs": check,
        "ssl_check_hostname": check_hostname == "true" and check != "none",
        **files,
    }


def _check_tls_files(files: Mapping[str, str]) -> None:
    """Load the files as a connection does, so that a wrong file is refused at the start."""
    context = ssl.create_default_context()
    try:
        if "ssl_ca_certs" in files or "ssl_ca_path" in files:
            context.load_verify_locations(files.get("ssl_ca_certs"), files.get("ssl_ca_path"))
    except OSError as error:
        raise ValueError(f"ssl_ca_certs and ssl_ca_path name no certificates: {error}") from None
    try:
        if "ssl_certfile" in files:
            # Without the empty password Python would ask for one on the terminal.
            context.load_cert_chain(files["ssl_certfile"], files.get("ssl_keyfile"), lambda: "")
    except OSError as error:
        raise ValueError(
            f"ssl_certfile and ssl_keyfile name no certificate with its key: {error}"
        ) from None
