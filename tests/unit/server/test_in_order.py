"""The work on chunks that goes on in a thread while further ones arrive."""

from __future__ import annotations

import asyncio
import threading

import pytest

from server.training.in_order import AHEAD_BYTES, InOrder


class Worker:
    """Notes the chunks it gets, and may be held up or fail."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def work(self, chunk: bytes) -> None:
        self.may_go_on.wait()
        if chunk == b"wrong":
            raise ValueError("a wrong chunk")
        self.taken.append(chunk)


def test_all_chunks_are_done_in_their_order() -> None:
    worker = Worker()
    chunks = [bytes([number]) for number in range(200)]

    async def run() -> None:
        line = InOrder(worker.work)
        for chunk in chunks:
            await line.put(chunk)
            await asyncio.sleep(0)
        await line.end()

    asyncio.run(run())
    assert worker.taken == chunks


def test_the_next_chunks_wait_while_many_are_not_done() -> None:
    worker = Worker()
    worker.may_go_on.clear()
    put = 0

    async def run() -> None:
        line = InOrder(worker.work)

        async def put_all() -> None:
            nonlocal put
            for _ in range(10):
                await line.put(bytes(AHEAD_BYTES // 2))
                put += 1

        putting = asyncio.create_task(put_all())
        # The thread waits, so nothing but the task itself can make progress.
        for _ in range(100):
            await asyncio.sleep(0)
        # The thread has one, and one waits. The next one is not taken.
        assert put == 2
        worker.may_go_on.set()
        await putting
        await line.end()

    asyncio.run(run())
    assert len(worker.taken) == 10


def test_an_error_is_told_and_what_came_after_it_is_left_out() -> None:
    worker = Worker()

    async def run() -> None:
        line = InOrder(worker.work)
        for chunk in (b"before", b"wrong", b"after"):
            await line.put(chunk)
        with pytest.raises(ValueError, match="a wrong chunk"):
            await line.end()
        await line.stop()

    asyncio.run(run())
    assert b"after" not in worker.taken


def test_stop_waits_for_the_thread_and_leaves_out_what_waits() -> None:
    worker = Worker()
    worker.may_go_on.clear()

    async def run() -> None:
        line = InOrder(worker.work)
        await line.put(b"first")
        await line.put(b"second")
        stopping = asyncio.create_task(line.stop())
        await asyncio.sleep(0)
        assert not stopping.done()
        worker.may_go_on.set()
        await stopping

    asyncio.run(run())
    assert worker.taken == [b"first"]
