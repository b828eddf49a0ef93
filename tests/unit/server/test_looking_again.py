"""Operations that gather are looked at again, also if the event loop's timer was early."""

from __future__ import annotations

import asyncio
import time

import pytest

from edunn_serving.settings import Settings
from server import dispatcher as module
from server.batching import BatchingDecision, BatchingState
from server.dispatcher import Dispatcher


def test_an_early_timer_is_set_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> int:
        end = time.monotonic() + 0.01
        looks = 0
        looked_again = asyncio.Event()

        def gather(state: BatchingState) -> BatchingDecision:
            nonlocal looks
            looks += 1
            if looks > 2:
                looked_again.set()
            # As for a timer that was early, the time has not come at any look.
            return BatchingDecision(leave=False, enough=100.0, look_again=end)

        monkeypatch.setattr(module, "decide", gather)
        tested = Dispatcher(Settings(), "server")
        monkeypatch.setattr(tested._lanes, "waiting", 1)
        monkeypatch.setattr(tested.link, "up", True)
        tested._pump()
        await asyncio.wait_for(looked_again.wait(), 30)
        return looks

    assert asyncio.run(run()) > 2
