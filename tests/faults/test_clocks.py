"""A worker whose clock is wrong: Redis's is the one clock between machines."""

from __future__ import annotations

import time
from pathlib import Path

import grpc
import numpy as np
import pytest
from contract import UNLIMITED, forward, new_session, spec
from waiting import await_workers

from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from standalone.stack import Stack

ROOT = Path(__file__).resolve().parents[2]
# Python imports it at its start: it sets the clock of a worker wrong.
SITECUSTOMIZE = """
import sys, time
if "celery" in sys.orig_argv:
    wrong, wrong_ns = time.time, time.time_ns
    time.time = lambda: wrong() + {seconds}
    time.time_ns = lambda: wrong_ns() + int({seconds} * 1e9)
"""


@pytest.mark.parametrize("seconds", [-40.0, 86400.0])
def test_wrong_clock_of_a_worker_makes_no_call_late(tmp_path: Path, seconds: float) -> None:
    (tmp_path / "sitecustomize.py").write_text(SITECUSTOMIZE.format(seconds=seconds))
    with_wrong_clock = {"PYTHONPATH": f"{tmp_path}:{ROOT}"}
    with (
        Stack(tmp_path / "data", workers=1, others={}, environment=with_wrong_clock) as stack,
        grpc.insecure_channel(stack.address, UNLIMITED) as channel,
    ):
        await_workers(stack)
        stub = LayerServiceStub(channel)
        session = new_session(stub, spec("drop", "Dropout", p=0.5))
        # Each has a deadline of its own, half a minute away.
        for _ in range(3):
            assert forward(stub, session, "drop", np.ones((2, 3))).forward_id
        got = stub.GetSession(api.GetSessionRequest(session_id=session), timeout=30).session
        assert abs(got.create_time.ToSeconds() - time.time()) < 30
        assert got.expire_time.ToSeconds() > time.time()
