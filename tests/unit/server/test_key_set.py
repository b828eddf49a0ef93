"""The issuer's keys are followed, and stay when their place is away."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from test_signed_tokens import KEY_SET, SETTINGS, public, signed

from edunn_serving.errors import ServiceError
from edunn_serving.settings import SettingsError
from server import key_set
from server.key_set import KeySet
from server.signed_tokens import SignedTokens


def is_let_in(tokens: SignedTokens, algorithm: str) -> bool:
    try:
        return tokens.find(signed(algorithm)) is not None
    except ServiceError:
        return False


def test_a_file_is_followed_and_a_damaged_one_changes_nothing(tmp_path: Path) -> None:
    place, tokens = tmp_path / "keys.json", SignedTokens(SETTINGS)
    keys = KeySet(str(place), tokens)
    asyncio.run(keys.look())
    assert not is_let_in(tokens, "RS256")
    for content, let_in in (
        (json.dumps(KEY_SET), True),
        ("{", True),
        (json.dumps({"keys": [public("ES256")]}), False),
    ):
        place.write_text(content)
        asyncio.run(keys.look())
        assert is_let_in(tokens, "RS256") is let_in
    for replace in (place.unlink, partial(os.mkfifo, place)):
        replace()
        asyncio.run(keys.look())
        assert is_let_in(tokens, "ES256")


class Issuer(ThreadingHTTPServer):
    """An HTTP server that answers with `answer`, or with a redirection to it."""

    answer: bytes = b""
    status = 200
    gate: threading.Event | None = None
    # Whether it speaks HTTP, and whether its answer ever ends.
    is_http = is_whole = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/keys"


class Answering(BaseHTTPRequestHandler):
    server: Issuer

    def do_GET(self) -> None:
        if self.server.gate is not None:
            self.server.gate.wait(30)
        if not self.server.is_http:
            self.wfile.write(self.server.answer)
            return
        self.send_response(self.server.status)
        if self.server.status == 302:
            self.send_header("Location", self.server.answer.decode())
        self.end_headers()
        with suppress(ConnectionError):
            self.wfile.write(self.server.answer)
            while not self.server.is_whole:
                # No pause is long, so a bound on each read would bound nothing.
                self.wfile.write(b" ")
                time.sleep(0.01)

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with Issuer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        yield server
        if server.gate is not None:
            server.gate.set()
        server.shutdown()


@pytest.fixture(autouse=True)
def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_set, "MISS_SECONDS", 0.0)
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def test_a_new_key_of_a_url_is_found_by_the_first_token_that_names_it(issuer: Issuer) -> None:
    tokens = SignedTokens(SETTINGS)
    keys = KeySet(issuer.url, tokens)
    issuer.answer = json.dumps({"keys": [public("ES256")]}).encode()
    asyncio.run(keys.look())
    assert is_let_in(tokens, "ES256")
    issuer.answer = json.dumps(KEY_SET).encode()
    asyncio.run(keys.look())
    assert not is_let_in(tokens, "RS256")
    asyncio.run(keys.look())
    assert is_let_in(tokens, "RS256")


@pytest.mark.parametrize(
    "trouble",
    ["away", "error", "redirected", "garbage", "nested", "large", "no HTTP", "silent", "endless"],
)
def test_the_last_keys_stay_when_the_url_fails(
    issuer: Issuer, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = SignedTokens(SETTINGS)
    keys = KeySet(issuer.url, tokens)
    issuer.answer = json.dumps(KEY_SET).encode()
    asyncio.run(keys.look())
    monkeypatch.setattr(key_set, "RELOAD_SECONDS", 0.0)
    if trouble == "away":
        issuer.server_close()
    elif trouble == "error":
        issuer.status = 500
    elif trouble == "redirected":
        issuer.status, issuer.answer = 302, issuer.url.encode()
    elif trouble in ("no HTTP", "silent"):
        issuer.is_http, issuer.answer = False, b"" if trouble == "silent" else b"\0no HTTP\r\n"
    elif trouble == "endless":
        monkeypatch.setattr(key_set, "ANSWER_SECONDS", 0.5)
        issuer.is_whole = False
    else:
        issuer.answer = {
            "garbage": b"{",
            "nested": b"[" * 500_000,
            "large": b" " * (key_set.MAX_BYTES + 1),
        }[trouble]
    asyncio.run(keys.look())
    assert is_let_in(tokens, "RS256")
    # The keys are followed on.
    if trouble != "away":
        issuer.status, issuer.is_http, issuer.is_whole = 200, True, True
        issuer.answer = json.dumps({"keys": [public("ES256")]}).encode()
        asyncio.run(keys.look())
        assert is_let_in(tokens, "ES256") and not is_let_in(tokens, "RS256")


def test_a_url_that_does_not_answer_holds_up_nobody(issuer: Issuer) -> None:
    issuer.gate = threading.Event()

    async def turns_meanwhile() -> int:
        looking = asyncio.create_task(KeySet(issuer.url, SignedTokens(SETTINGS)).look())
        turns = 0
        while turns < 100 and not looking.done():
            await asyncio.sleep(0.001)
            turns += 1
        assert issuer.gate is not None
        issuer.gate.set()
        await looking
        return turns

    assert asyncio.run(turns_meanwhile()) == 100


@pytest.mark.parametrize("place", ["http://login.example/keys", "ftp://x/keys", "file:///keys"])
def test_a_url_without_tls_is_refused(place: str) -> None:
    with pytest.raises(SettingsError, match="https"):
        KeySet(place, SignedTokens(SETTINGS))
