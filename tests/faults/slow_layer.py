"""A layer that computes as long as a test needs: recurrent networks over a long sequence."""

from __future__ import annotations

import time

import numpy as np
from contract import forward, new_session, spec

from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub

# Several networks in a row make an input small. A large one takes a slow machine so long to send
# that a deadline may pass before the computation begins.
NETWORK = {"type": "RNN", "config": {"input_dim": 1, "output_dim": 1, "hidden_dim": 4}}
SLOW = spec("slow", "Sequential", layers=[NETWORK] * 16)
PROBE_STEPS = 2_000
PROBES = 3


def input_for(stub: LayerServiceStub, seconds: float) -> np.ndarray:
    """Return an input on which `SLOW` computes for about `seconds` on this machine."""
    session = new_session(stub, SLOW)
    # The quickest probe counts. Other work on the machine slows a probe, and the input would then
    # be too short.
    quickest = min(_probe(stub, session) for _ in range(PROBES))
    steps = int(PROBE_STEPS * seconds / quickest)
    stub.DeleteSession(api.DeleteSessionRequest(session_id=session), timeout=30)
    return np.ones((1, steps, 1))


def _probe(stub: LayerServiceStub, session: str) -> float:
    """Return the seconds of a forward over `PROBE_STEPS`."""
    began = time.monotonic()
    forward(stub, session, "slow", np.ones((1, PROBE_STEPS, 1)), untracked=True)
    return time.monotonic() - began
