"""Shuts out addresses that flood the server: for a while they can open no new connection.

gRPC accepts connections itself, and each costs the thread that serves all calls. So the kernel is
asked to drop the first packets of an address, by a filter of the listening socket. Connections that
stand are not touched.
"""

from __future__ import annotations

import ctypes
import ipaddress
import logging
import os
import socket
import struct
from collections import OrderedDict
from collections.abc import Iterable, Sequence

log = logging.getLogger(__name__)

# An address is shut out for this long at first, and for this many times as long each time that
# follows soon.
FIRST_SECONDS = 1.0
GROWTH = 8
# It follows soon within this many times the last time.
SOON = 10
# The addresses that are shut out at once. The latest are. A filter has at most 4096 instructions.
MOST = 200
# The addresses whose last times are remembered.
REMEMBERED = 10_000

# Linux's numbers for filters of sockets, from asm-generic/socket.h and linux/bpf_common.h.
SO_ATTACH_FILTER = 26
LOAD_WORD, LOAD_BYTE, SHIFT_RIGHT, JUMP, JUMP_IF_EQUAL, RETURN = 0x20, 0x30, 0x74, 0x05, 0x15, 0x06
# The IP header begins at this offset. Its first byte has the version; the rest is the source.
IP_HEADER = -0x100000 & 0xFFFFFFFF
SOURCE_OF_IPV4, SOURCE_OF_IPV6 = IP_HEADER + 12, IP_HEADER + 8
PASS, DROP = (RETURN, 0, 0, 0xFFFFFFFF), (RETURN, 0, 0, 0)

# Code, jump if true, jump if false, operand.
Instruction = tuple[int, int, int, int]


class ShutOut:
    """The addresses that are shut out of the listening sockets of a server.

    Parameters
    ----------
    most_seconds
        The longest time for which an address is shut out. 0: none ever is.
    """

    def __init__(self, listeners: Sequence[int], most_seconds: float) -> None:
        self._listeners = listeners
        self._most_seconds = most_seconds
        # Until when each address is shut out, by the monotonic clock.
        self._until: OrderedDict[str, float] = OrderedDict()
        # For how long each address was shut out last, and until when.
        self._last: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def add(self, address: str, now: float) -> None:
        """Shut out an address from now on, if it is not yet."""
        if not self._most_seconds or address in self._until:
            return
        seconds, until = self._last.pop(address, (0.0, 0.0))
        is_soon = now < until + SOON * seconds
        seconds = min(self._most_seconds, GROWTH * seconds if is_soon else FIRST_SECONDS)
        self._until[address] = now + seconds
        self._last[address] = seconds, now + seconds
        if len(self._until) > MOST:
            self._until.popitem(last=False)
        if len(self._last) > REMEMBERED:
            self._last.popitem(last=False)
        log.warning("%s is shut out for %g s: it floods the server", address, seconds)
        self._apply()

    def look(self, now: float) -> None:
        """Let in again the addresses whose time is over."""
        over = [address for address, until in self._until.items() if until <= now]
        for address in over:
            del self._until[address]
        if over:
            self._apply()

    def _apply(self) -> None:
        program = filter_of(self._until)
        for descriptor in self._listeners:
            try:
                _attach(descriptor, program)
            except OSError as error:
                log.warning("an address cannot be shut out: %s", error)


def filter_of(addresses: Iterable[str]) -> list[Instruction]:
    """Return the program of a filter that drops the packets of addresses.

    They are named as by `sockets.address_of`: `ipv4:ADDRESS`, or `ipv6:NETWORK` of 64 bits.
    """
    of_ipv4: list[Instruction] = [(LOAD_WORD, 0, 0, SOURCE_OF_IPV4)]
    of_ipv6: list[Instruction] = []
    for name in addresses:
        kind, _, text = name.partition(":")
        if kind == "ipv4":
            of_ipv4 += [(JUMP_IF_EQUAL, 0, 1, int(ipaddress.IPv4Address(text))), DROP]
        elif kind == "ipv6":
            network = ipaddress.IPv6Network(text).network_address.packed
            first, second = struct.unpack_from(">II", network)
            of_ipv6 += [
                (LOAD_WORD, 0, 0, SOURCE_OF_IPV6), (JUMP_IF_EQUAL, 0, 3, first),
                (LOAD_WORD, 0, 0, SOURCE_OF_IPV6 + 4), (JUMP_IF_EQUAL, 0, 1, second), DROP,
            ]  # fmt: skip
    of_ipv4.append(PASS)
    return [
        (LOAD_BYTE, 0, 0, IP_HEADER), (SHIFT_RIGHT, 0, 0, 4),
        (JUMP_IF_EQUAL, 0, 1, 6), (JUMP, 0, 0, len(of_ipv4)), *of_ipv4, *of_ipv6, PASS,
    ]  # fmt: skip


def _attach(descriptor: int, program: Sequence[Instruction]) -> None:
    """Give a socket a filter in place of the one that it has."""
    code = b"".join(struct.pack("=HBBI", *each) for each in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    head = struct.pack("@HP", len(program), ctypes.addressof(buffer))
    with socket.socket(fileno=os.dup(descriptor)) as one:
        one.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, head)
