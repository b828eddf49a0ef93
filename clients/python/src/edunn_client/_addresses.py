"""Where the service is: what callers write, and what gRPC makes of it."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass

# What gRPC itself knows besides host:port.
_SCHEMES = frozenset({"dns", "unix", "unix-abstract", "ipv4", "ipv6", "vsock", "xds"})
_PROXIES = ("grpc_proxy", "https_proxy", "http_proxy")
_EXCEPTIONS = ("no_grpc_proxy", "no_proxy")
_EXAMPLE = "such as 'localhost:50051'"


@dataclass(frozen=True)
class Target:
    """One server, or several that serve the same sessions."""

    addresses: tuple[str, ...]

    def __str__(self) -> str:
        return ",".join(self.addresses)

    @property
    def is_local(self) -> bool:
        """Whether every server is on this machine."""
        return all(_is_local(address) for address in self.addresses)

    @property
    def host(self) -> str | None:
        """The host that all servers have in common, if there is one."""
        hosts = {_host(address) for address in self.addresses}
        return hosts.pop() if len(hosts) == 1 else None

    @property
    def proxy(self) -> str | None:
        """The HTTP proxy between here and the servers, with the variable that names it."""
        excepted = next(filter(None, map(os.environ.get, _EXCEPTIONS)), "")
        suffixes = tuple(filter(None, (each.strip() for each in excepted.split(","))))
        if self.is_local or (self.host or "").endswith(suffixes or ("\0",)):
            return None
        found = next(((name, os.environ[name]) for name in _PROXIES if os.environ.get(name)), None)
        return None if found is None else f"{found[1]} (of {found[0]})"

    def for_grpc(self) -> str:
        """Return gRPC's name for the servers.

        gRPC takes a list of numeric addresses alone, so the names of several are looked up.
        """
        if len(self.addresses) == 1:
            return self.addresses[0]
        found = [_look_up(*_split(address)) for address in self.addresses]
        if all(version == 4 for version, _, _ in found):
            return "ipv4:" + ",".join(f"{ip}:{port}" for _, ip, port in found)
        mapped = (ip if version == 6 else f"::ffff:{ip}" for version, ip, _ in found)
        return "ipv6:" + ",".join(
            f"[{ip}]:{port}" for ip, (_, _, port) in zip(mapped, found, strict=True)
        )


def parse_target(address: str | Sequence[str]) -> Target:
    """Return the servers that `address` names: one, several in a list, or several with commas.

    Raises
    ------
    TypeError
        It is not text.
    ValueError
        It is no address. The message says what to write.
    """
    given = address.split(",") if isinstance(address, str) else list(address)
    if isinstance(address, str) and _scheme(address):
        given = [address]
    if not all(isinstance(each, str) for each in given):
        raise TypeError(f"an address is text {_EXAMPLE}, not {address!r}")
    addresses = tuple(each.strip() for each in given)
    if not addresses or not all(addresses):
        raise ValueError(f"the address is empty: write host:port, {_EXAMPLE}")
    for each in addresses:
        _check(each, alone=len(addresses) == 1)
    return Target(addresses)


def _scheme(address: str) -> str:
    """Return the scheme, of gRPC's, with its colon; empty for host:port."""
    scheme, colon, rest = address.partition(":")
    known = scheme in _SCHEMES and not re.fullmatch(r"\d+", rest)
    return scheme + colon if known else ""


def _check(address: str, alone: bool) -> None:
    if _scheme(address):
        if not alone:
            raise ValueError(f"{address!r} cannot stand in a list: write host:port, {_EXAMPLE}")
        return
    if "/" in address:
        scheme, mark, rest = address.partition("://")
        host = (rest if mark else scheme).partition("/")[0]
        secure = " and give tls=True" if scheme == "https" else ""
        example = host if re.search(r":\d+$", host) else f"{host or 'localhost'}:50051"
        raise ValueError(f"{address!r} is a URL: write {example!r}{secure}")
    if address.count(":") > 1 and not address.startswith("["):
        raise ValueError(
            f"{address!r} has no port, or an IPv6 host without brackets: write '[::1]:50051'"
        )
    host, colon, port = address.rpartition(":")
    if not colon or address.endswith("]"):
        raise ValueError(f"{address!r} has no port: write '{address}:50051'")
    if not host or re.search(r"\s", host):
        raise ValueError(f"{address!r} has no host: write host:port, {_EXAMPLE}")
    if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(
            f"{address!r} has no port from 1 to 65535 behind the colon: write '{host}:50051'"
        )


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def _host(address: str) -> str:
    return "" if _scheme(address) else _split(address)[0]


def _is_local(address: str) -> bool:
    scheme = _scheme(address)
    if scheme in ("unix:", "unix-abstract:"):
        return True
    rest = address.removeprefix(scheme).rsplit("/", 1)[-1]
    return all(_is_loopback(each.rpartition(":")[0].strip("[]")) for each in rest.split(","))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _look_up(host: str, port: int) -> tuple[int, str, int]:
    """Return the version of IP, the numeric address and the port, IPv4 if there is one."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        raise ValueError(f"the host {host!r} is not known: check the address") from None
    family, _, _, _, where = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    return (4 if family == socket.AF_INET else 6), str(where[0]), port
