"""What callers write for an address, and the sentence for what is none."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from edunn_client import Client
from edunn_client._addresses import parse_target
from edunn_client._channel import channel_options


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("", "the address is empty: write host:port, such as 'localhost:50051'"),
        ("  ", "the address is empty"),
        ("a:1,,b:2", "the address is empty"),
        ("http://localhost:50051", "is a URL: write 'localhost:50051'$"),
        ("https://layers.example.org", "write 'layers.example.org:50051' and give tls=True"),
        ("grpc://localhost:50051/x", "is a URL: write 'localhost:50051'"),
        ("localhost:50051/v1", "is a URL: write 'localhost:50051'"),
        ("localhost", "has no port: write 'localhost:50051'"),
        ("127.0.0.1", "has no port: write '127.0.0.1:50051'"),
        ("[::1]", "has no port"),
        ("::1", "IPv6"),
        (":50051", "has no host"),
        ("localhost:http", "no port from 1 to 65535"),
        ("localhost:0", "no port from 1 to 65535"),
        ("localhost:70000", "no port from 1 to 65535"),
        ("a:1,unix:/tmp/x", "cannot stand in a list"),
    ],
)
def test_what_is_no_address_is_said_at_once(address: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Client(address)


@pytest.mark.parametrize("address", [5, [5], ["a:1", None]])
def test_an_address_is_text(address: object) -> None:
    with pytest.raises(TypeError):
        Client(address)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("localhost:50051", True),
        ("127.0.0.2:50051", True),
        ("[::1]:50051", True),
        ("unix:/tmp/socket", True),
        ("unix:///tmp/socket", True),
        ("ipv4:127.0.0.1:1,127.0.0.1:2", True),
        ("dns:///example.org:443", False),
        ("dns:///localhost:443", True),
        ("dns:1", False),
        ("example.org:443", False),
        (["localhost:1", "example.org:2"], False),
    ],
)
def test_what_grpc_takes_is_taken(address: str | Sequence[str], local: bool) -> None:
    target = parse_target(address)
    assert target.is_local is local
    # Loopback goes through no proxy.
    assert (("grpc.enable_http_proxy", 0) in channel_options(target, ())) is local


def test_several_become_one_list_of_numbers() -> None:
    assert parse_target("127.0.0.1:1, 127.0.0.2:2").for_grpc() == "ipv4:127.0.0.1:1,127.0.0.2:2"
    mixed = parse_target(["127.0.0.1:1", "[::1]:2"]).for_grpc()
    assert mixed == "ipv6:[::ffff:127.0.0.1]:1,[::1]:2"


def test_a_proxy_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy:3128")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("no_grpc_proxy", raising=False)
    monkeypatch.delenv("grpc_proxy", raising=False)
    monkeypatch.delenv("https_proxy", raising=False)
    assert parse_target("example.org:443").proxy == "http://proxy:3128 (of http_proxy)"
    assert parse_target("localhost:443").proxy is None
    monkeypatch.setenv("no_proxy", "example.com, example.org")
    assert parse_target("example.org:443").proxy is None
