"""A layer that computes as long as a test needs: a recurrent network over a long sequence."""

from __future__ import annotations

import time

import numpy as np
from contract import forward, new_session, spec

from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub

NETWORK = {"input_dim": 1, "output_dim": 1, "hidden_dim": 4}
SLOW = spec("slow", "RNN", **NETWORK)
# As slow for a sixteenth of the input. A large one takes a slow machine so long to send that a
# deadline may pass before the computation begins.
DEEP = spec("slow", "Sequential", layers=[{"type": "RNN", "config": NETWORK}] * 16)
PROBE_STEPS = 20_000
DEEP_PROBE_STEPS = 2_000
PROBES = 3


def input_for(stub: LayerServiceStub, seconds: float, *, deep: bool = False) -> np.ndarray:
    """Return an input on which `SLOW`, or `DEEP`, computes for about `seconds` on this machine."""
    session = new_session(stub, DEEP if deep else SLOW)
    probe_steps = DEEP_PROBE_STEPS if deep else PROBE_STEPS
    # The quickest probe counts. Other work on the machine slows a probe, and the input would then
    # be too short.
    quickest = min(_probe(stub, session, probe_steps) for _ in range(PROBES))
    steps = int(probe_steps * seconds / quickest)
    stub.DeleteSession(api.DeleteSessionRequest(session_id=session), timeout=30)
    return np.ones((1, steps, 1))


def _probe(stub: LayerServiceStub, session: str, steps: int) -> float:
    """Return the seconds of a forward over some steps."""
    began = time.monotonic()
    forward(stub, session, "slow", np.ones((1, steps, 1)), untracked=True)
    return time.monotonic() - began
