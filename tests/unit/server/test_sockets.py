"""Peers are told apart by their addresses."""

from __future__ import annotations

import pytest

from server.sockets import address_of


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("ipv4:10.1.2.3:4", "ipv4:10.1.2.3"),
        ("ipv6:%5B::1%5D:4", "ipv6:::/64"),
        ("ipv6:%5Bfe80::1%25eth0%5D:4", "ipv6:fe80::/64"),
        ("unix:", "unix"),
    ],
)
def test_address_is_a_peer_without_its_port(peer: str, address: str) -> None:
    assert address_of(peer) == address


def test_addresses_of_one_ipv6_network_are_one() -> None:
    """Its owner has 2^64 of them."""
    one, same, other = (
        address_of(f"ipv6:%5B2001:db8:0:{host}%5D:4") for host in ("7::1", "7:a:b:c:d", "8::1")
    )
    assert one == same != other
