"""The accepted sockets of this process: who is connected, and what has come.

gRPC accepts connections itself and tells nobody. Its sockets are found among this process's file
descriptors instead. A descriptor may be closed and used again at any moment, so each step that
ends a connection first looks at whom the socket leads to.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import resource
import socket
import stat
import struct
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote

# The offset of `tcpi_bytes_acked` and `tcpi_bytes_received` in Linux's struct tcp_info.
_BYTES_ACKED_OFFSET = 120
_TCP_INFO_BYTES = 256
_DESCRIPTORS = "/proc/self/fd"
# The bits of an IPv6 address that tell one customer of a network from another.
NETWORK_BITS = 64


class Traffic(NamedTuple):
    """The bytes that a connection has carried since it began."""

    # Bytes that the client has taken.
    taken: int = 0
    # Bytes that the client has sent.
    received: int = 0


class ClientSocket(NamedTuple):
    """An accepted socket."""

    descriptor: int
    # The other side, as gRPC names it.
    peer: str
    # Its address without the port.
    address: str
    # Tells it from a later socket with the same descriptor or peer.
    inode: int


class ClientSockets:
    """Finds the sockets that clients have connected to one port."""

    def __init__(self, port: int) -> None:
        self._port = port
        # The sockets by their inodes, which are not used again soon. None: no client's.
        self._known: dict[int, ClientSocket | None] = {}

    def find(self) -> dict[str, ClientSocket]:
        """Return the present sockets by their peers."""
        known: dict[int, ClientSocket | None] = {}
        for inode, descriptor in _sockets():
            found = self._known.get(inode)
            if found is None and inode not in self._known:
                found = self._identify(descriptor, inode)
            known[inode] = found
        self._known = known
        return {each.peer: each for each in known.values() if each is not None}

    def listeners(self) -> list[int]:
        """Return the descriptors of the sockets that listen on the port."""
        return [descriptor for _, descriptor in _sockets() if self._listens(descriptor)]

    def _listens(self, descriptor: int) -> bool:
        with _duplicate(descriptor) as one:
            if one is None or one.family not in (socket.AF_INET, socket.AF_INET6):
                return False
            listens = bool(one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
            return listens and one.getsockname()[1] == self._port

    def cut(self, client: ClientSocket) -> None:
        """End a connection, if the descriptor still leads to it."""
        with _duplicate(client.descriptor) as one:
            if one is not None and peer_of(one) == client.peer:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def _identify(self, descriptor: int, inode: int) -> ClientSocket | None:
        with _duplicate(descriptor) as one:
            if one is None or one.family not in (socket.AF_INET, socket.AF_INET6):
                return None
            try:
                if one.getsockname()[1] != self._port:
                    return None
            except OSError:
                return None
            peer = peer_of(one)
        return ClientSocket(descriptor, peer, address_of(peer), inode) if peer else None


def traffic_of(client: ClientSocket) -> Traffic | None:
    """Return what a connection has carried; None if it has ended."""
    with _duplicate(client.descriptor) as one:
        if one is None:
            return None
        try:
            info = one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
            traffic = Traffic(*struct.unpack_from("=QQ", info, _BYTES_ACKED_OFFSET))
        except (OSError, struct.error):
            return None
    return traffic


def peer_of(one: socket.socket) -> str:
    """Return the other side of a socket as gRPC names it; empty if it is not connected."""
    try:
        host, port = one.getpeername()[:2]
    except OSError:
        return ""
    address = ipaddress.ip_address(host.partition("%")[0])
    if address.version == 6 and address.ipv4_mapped:
        address = address.ipv4_mapped
    return f"ipv4:{address}:{port}" if address.version == 4 else f"ipv6:%5B{address}%5D:{port}"


def address_of(peer: str) -> str:
    """Return the address of a peer, as gRPC names it, without its port.

    Of an IPv6 address these are the 64 bits of its network: whoever has one has all of them.
    """
    address = peer.rpartition(":")[0]
    if not address.startswith("ipv6:"):
        return address
    host = unquote(address.removeprefix("ipv6:")).strip("[]").partition("%")[0]
    return f"ipv6:{ipaddress.ip_network((host, NETWORK_BITS), strict=False)}"


def raise_descriptor_limit() -> int:
    """Allow this process as many file descriptors as the system lets it have; return the number."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def _sockets() -> Iterator[tuple[int, int]]:
    """Yield the inode and the descriptor of each socket of this process."""
    for name in os.listdir(_DESCRIPTORS):
        descriptor = int(name)
        try:
            status = os.fstat(descriptor)
        except OSError:
            continue
        if stat.S_ISSOCK(status.st_mode):
            yield status.st_ino, descriptor


@contextlib.contextmanager
def _duplicate(descriptor: int) -> Iterator[socket.socket | None]:
    """Give a descriptor of our own to a socket; None if it is closed or no socket."""
    try:
        own = os.dup(descriptor)
    except OSError:
        yield None
        return
    try:
        one = socket.socket(fileno=own)
    except OSError:
        os.close(own)
        yield None
        return
    with one:
        yield one
