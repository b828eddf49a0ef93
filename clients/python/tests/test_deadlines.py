"""Timeouts and times to live: infinity, and what is no number of seconds."""

from __future__ import annotations

import asyncio
import math
from datetime import timedelta
from typing import Any

import pytest
from edunn_client import AsyncClient, Client
from edunn_client._deadlines import Deadline
from edunn_client._stubs import layer_service_pb2 as pb
from edunn_client._stubs import session_pb2
from scripted_server import ScriptedServer

FOUND = pb.GetSessionResponse(session=session_pb2.Session(session_id="s1"))
NO_TIMEOUTS = [math.nan, 0.0, -1.0, -math.inf]


@pytest.mark.parametrize("timeout", [math.inf, 1e10, 1e300])
def test_infinity_is_no_deadline(scripted: ScriptedServer, timeout: float) -> None:
    scripted.script["GetSession"] = [FOUND] * 3
    with Client(scripted.address, timeout=timeout) as client:
        assert client.get_session("s1").session_id == "s1"
        assert client.get_session("s1", timeout=timeout).session_id == "s1"

    async def call() -> str:
        async with AsyncClient(scripted.address) as twin:
            return (await twin.get_session("s1", timeout=timeout)).session_id

    assert asyncio.run(call()) == "s1"


@pytest.mark.parametrize("timeout", NO_TIMEOUTS)
def test_what_is_no_time_is_a_value_error(scripted: ScriptedServer, timeout: float) -> None:
    with pytest.raises(ValueError, match="timeout must be a positive number"):
        Client(scripted.address, timeout=timeout)
    with Client(scripted.address) as client:
        with pytest.raises(ValueError, match="timeout must be a positive number"):
            client.get_session("s1", timeout=timeout)
        with pytest.raises(ValueError, match="timeout must be a positive number"):
            client.stream(timeout=timeout)
    with pytest.raises(ValueError, match="slow_call must be a positive number"):
        Client(scripted.address, slow_call=timeout)
    assert not scripted.seen


@pytest.mark.parametrize("ttl", [*NO_TIMEOUTS, math.inf, 1e13, timedelta(seconds=-1)])
def test_a_session_lives_for_a_number_of_seconds(scripted: ScriptedServer, ttl: Any) -> None:
    with Client(scripted.address) as client, pytest.raises(ValueError, match="ttl must be"):
        client.session(ttl=ttl)
    assert not scripted.seen


def test_a_deadline_counts_down_to_nothing() -> None:
    assert Deadline(1e-9).left == 0.0
    assert Deadline(math.inf).for_grpc() is None
    assert 0 < (Deadline(60.0).for_grpc() or 0) <= 60
