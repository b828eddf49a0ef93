"""Forked processes: names that go apart, and calls that work or say why not."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import asyncio, os, signal, sys, threading
import numpy as np
from edunn_client import AsyncClient, Client

address, mode = sys.argv[1:]
x = np.ones((8, 8))

def in_child(call):
    sys.stdout.flush()
    process = os.fork()
    if not process:
        signal.alarm(30)
        try:
            print("child", call())
        except Exception as error:
            print("child", type(error).__name__, error)
        sys.stdout.flush()
        os._exit(0)
    status = os.waitpid(process, 0)[1]
    print("status", status)

def forward(layer):
    return layer.forward(x, timeout=20).forward_id

client = Client(address)
session = client.session(seed=1)
drop = session.layer("drop", "Dropout", p=0.5)
print("parent", forward(drop))
if mode == "names":
    attached = client.attach(session.session_id).layer("drop")
    print("attached", forward(attached))
    in_child(lambda: " ".join([forward(drop), forward(drop), forward(attached)]))
    in_child(lambda: forward(drop))
    print("parent", forward(drop))
elif mode == "stream":
    stream = client.stream()
    stream.forward(drop, x).result()
    in_child(lambda: forward(drop))
    in_child(lambda: stream.forward(drop, x))
    in_child(lambda: Client(address).session())
    print("parent", stream.forward(drop, x).result().forward_id)
elif mode == "left":
    in_child(lambda: session.__exit__(None, None, None))
    print("parent", forward(drop))
elif mode == "asyncio":
    async def main():
        async with AsyncClient(address) as twin, twin.session() as other:
            in_child(lambda: forward(drop))
    asyncio.run(main())
elif mode == "closed":
    with client.stream() as stream:
        stream.forward(drop, x)
    in_child(lambda: forward(drop))
sys.stdout.flush()
os._exit(0)
"""

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")


def run(address: str, mode: str) -> list[list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, address, mode],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return [line.split(maxsplit=1) for line in done.stdout.splitlines()]


def test_processes_that_share_a_client_share_no_name(address: str) -> None:
    lines = run(address, "names")
    names = [name for who, said in lines if who != "status" for name in said.split()]
    assert len(set(names)) == len(names) == 7
    parents = [said for who, said in lines if who == "parent"]
    assert parents == ["c1", "c2"]
    # Nor does an attached session keep its random word.
    attached = next(said for who, said in lines if who == "attached")
    of_child = next(said for who, said in lines if who == "child").split()[-1]
    assert attached.partition("-")[0] != of_child.partition("-")[0]


@pytest.mark.parametrize("mode", ["stream", "asyncio"])
def test_a_child_that_cannot_call_says_so_at_once(address: str, mode: str) -> None:
    lines = run(address, mode)
    said = [text for who, text in lines if who == "child"]
    assert said
    assert all(text.startswith("RuntimeError") for text in said)
    assert all(text == "0" for who, text in lines if who == "status")
    assert lines[-1][0] == ("parent" if mode == "stream" else "status")


def test_after_a_stream_was_closed_the_child_calls(address: str) -> None:
    assert [who for who, _ in run(address, "closed")] == ["parent", "child", "status"]
    assert "-1" in run(address, "closed")[1][1]


def test_a_child_that_leaves_the_session_s_block_does_not_end_it(address: str) -> None:
    assert run(address, "left")[-1] == ["parent", "c2"]
