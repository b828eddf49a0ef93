"""A server that others can reach has TLS and callers, or does not start."""

from __future__ import annotations

from typing import Any

import pytest

from edunn_serving.settings import Settings, SettingsError
from server.exposure import check_exposure, is_loopback

ANY = "0.0.0.0"  # noqa: S104  # a server with this address must not start
PUBLIC = f"{ANY}:50051"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost", "[::1]", "::1",
                                  "[::ffff:127.0.0.1]"])  # fmt: skip
def test_loopback_is_told(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [ANY, "[::]", "*", "10.0.0.1", "[::ffff:10.0.0.1]", "edunn.example", "localhost.example",
     "", "[::ffff:0.0.0.0]", "unix"],
)  # fmt: skip
def test_what_others_may_reach_is_told(host: str) -> None:
    assert not is_loopback(host)


TLS = {"tls_certificate": "c.pem", "tls_key": "k.pem"}


@pytest.mark.parametrize(
    ("settings", "asks_callers", "missing"),
    [
        ({"address": PUBLIC}, False, "without TLS and without callers"),
        ({"address": PUBLIC}, True, "without TLS:"),
        ({"address": PUBLIC, **TLS}, False, "without callers:"),
        ({"published_address": PUBLIC}, True, "EDUNN_PUBLISHED_ADDRESS"),
    ],
)
def test_a_server_that_others_reach_says_what_to_set(
    settings: dict[str, Any], asks_callers: bool, missing: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        check_exposure(Settings(**settings), asks_callers=asks_callers)
    assert missing in str(caught.value)
    assert "EDUNN_INSECURE=1" in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "asks_callers"),
    [
        ({}, False),
        ({"address": PUBLIC, **TLS}, True),
        ({"address": PUBLIC, "insecure": True}, False),
        ({"address": PUBLIC, "published_address": "127.0.0.1:50051"}, False),
    ],
)
def test_other_servers_start(settings: dict[str, Any], asks_callers: bool) -> None:
    check_exposure(Settings(**settings), asks_callers=asks_callers)
