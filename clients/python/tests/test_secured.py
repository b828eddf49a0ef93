"""A real service with TLS and tokens; the repository's tests start one and say so."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import numpy as np
import pytest
from edunn_client import TLS, AsyncClient, Backward, Client, Forward, UnauthenticatedError

ADDRESS = os.environ.get("EDUNN_SECURED_ADDRESS", "")
CA = os.environ.get("EDUNN_SECURED_CA")
TOKEN = os.environ.get("EDUNN_SECURED_TOKEN")

pytestmark = pytest.mark.skipif(
    not ADDRESS, reason="no service with TLS: EDUNN_SECURED_ADDRESS is not set"
)

X = np.ones((4, 10))


def test_who_has_the_token_is_served() -> None:
    with Client(ADDRESS, token=TOKEN, tls=TLS(ca=CA)) as client, client.session() as session:
        drop = session.layer("drop", "Dropout", p=0.5)
        y = drop.forward(X)
        assert np.array_equal(drop.backward(X)[0], y)
        (result,) = client.compute([Backward(drop, X)])
        assert np.array_equal(result.value[0], y)


def test_so_is_the_asyncio_client() -> None:
    async def run() -> None:
        async with (
            AsyncClient(ADDRESS, token=TOKEN, tls=TLS(ca=CA)) as client,
            client.session() as session,
        ):
            drop = await session.layer("drop", "Dropout", p=0.5)
            y = await drop.forward(X)
            results = [result async for result in client.compute([Backward(drop, X)])]
            assert np.array_equal(results[0].value[0], y)

    asyncio.run(run())


@pytest.mark.parametrize("token", [None, "of-somebody-else"])
def test_others_are_refused_by_calls_and_by_streams(token: str | None) -> None:
    with (
        Client(ADDRESS, token=TOKEN, tls=TLS(ca=CA)) as client,
        client.session() as session,
        Client(ADDRESS, token=token, tls=TLS(ca=CA)) as stranger,
    ):
        drop = session.layer("drop", "Dropout", p=0.5)
        with pytest.raises(UnauthenticatedError) as caught:
            stranger.session()
        assert caught.value.reason == "UNAUTHENTICATED"
        (result,) = stranger.compute([Forward(drop, X)])
        assert isinstance(result.error, UnauthenticatedError)


def test_the_command_is_let_in() -> None:
    pytest.importorskip("typer", reason="typer is not installed (extra `cli`)")
    done = subprocess.run(
        [sys.executable, "-m", "edunn_client", "walkthrough", "--ca", str(CA)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | {"EDUNN_TARGET": ADDRESS, "EDUNN_TOKEN": str(TOKEN)},
    )
    assert done.returncode == 0, done.stderr
    assert "checks hold" in done.stdout
