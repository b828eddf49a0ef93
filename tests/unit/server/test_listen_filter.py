"""The kernel drops the connections of the addresses that are shut out, and no others'."""

from __future__ import annotations

import socket

import pytest

from server.shut_out import FIRST_SECONDS, GROWTH, MOST, ShutOut, filter_of
from server.sockets import ClientSockets

FAMILIES = {"127.0.0.1": socket.AF_INET, "::": socket.AF_INET6}
# A connection of this machine that is let in is made at once, but the machine may be busy.
REFUSED_SECONDS = 1.0


def is_let_in(port: int, source: str) -> bool:
    target = "::1" if ":" in source else "127.0.0.1"
    try:
        socket.create_connection((target, port), REFUSED_SECONDS, (source, 0)).close()
    except TimeoutError:
        return False
    return True


@pytest.mark.parametrize("host", FAMILIES)
def test_only_the_addresses_that_are_shut_out_are(host: str) -> None:
    sources = ["127.0.0.1", "127.0.0.2"] + (["::1"] if host == "::" else [])
    names = {"127.0.0.1": "ipv4:127.0.0.1", "127.0.0.2": "ipv4:127.0.0.2", "::1": "ipv6:::/64"}
    with socket.socket(FAMILIES[host]) as listening:
        listening.bind((host, 0))
        listening.listen(100)
        port = listening.getsockname()[1]
        shut_out = ShutOut(ClientSockets(port).listeners(), 30)
        shut_out.add("ipv4:192.0.2.1", 0)
        shut_out.add("ipv6:2001:db8::/64", 0)
        assert all(is_let_in(port, source) for source in sources)
        for source in sources[1:]:
            shut_out.add(names[source], 0)
            assert not is_let_in(port, source)
        assert is_let_in(port, sources[0])
        shut_out.look(FIRST_SECONDS)
        assert all(is_let_in(port, source) for source in sources)


def seconds_of(shut_out: ShutOut, address: str, now: float) -> float:
    """Shut out an address, and let it in again; return for how long it was."""
    shut_out.add(address, now)
    until = shut_out._until[address]
    shut_out.look(until)
    assert not shut_out._until
    return until - now


def test_an_address_that_goes_on_is_shut_out_for_longer_each_time() -> None:
    shut_out = ShutOut((), 20)
    times = [seconds_of(shut_out, "ipv4:192.0.2.1", now) for now in (0, 2, 11, 40)]
    assert times == [1, GROWTH, 20, 20]
    # Another address begins anew, and this one does after a long time.
    assert seconds_of(shut_out, "ipv4:192.0.2.2", 60) == FIRST_SECONDS
    assert seconds_of(shut_out, "ipv4:192.0.2.1", 1000) == FIRST_SECONDS


def test_no_address_is_shut_out_if_the_setting_is_0() -> None:
    shut_out = ShutOut((), 0)
    shut_out.add("ipv4:192.0.2.1", 0)
    assert not shut_out._until


def test_a_filter_of_the_most_addresses_is_one_that_linux_takes() -> None:
    networks = [f"ipv6:2001:db8:{number:x}::/64" for number in range(MOST)]
    assert len(filter_of(networks)) <= 4096
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        shut_out = ShutOut([listening.fileno()], 30)
        for number in range(2 * MOST):
            shut_out.add(f"ipv4:127.0.{number // 200}.{number % 200}", 0)
        assert len(shut_out._until) == MOST
        assert not is_let_in(port, "127.0.1.199")
        assert is_let_in(port, "127.0.0.3")
