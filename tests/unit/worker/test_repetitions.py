"""By what a repetition of an operation is told from another operation."""

from __future__ import annotations

import numpy as np
from contract import tensor

from edunn_serving.v1.layer_pb2 import PHASE_TEST, PHASE_TRAINING
from worker.repetitions import digest_of


def test_digest_tells_inputs_and_phases_apart() -> None:
    digests = {
        digest_of([tensor([[1.0, 2.0]])], PHASE_TRAINING),
        digest_of([tensor([[1.0, 2.0]])], PHASE_TEST),
        digest_of([tensor([[1.0], [2.0]])], PHASE_TRAINING),
        digest_of([tensor([[1.0]]), tensor([[2.0]])], PHASE_TRAINING),
        digest_of([tensor(np.array([[1.0, 2.0]], np.float32))], PHASE_TRAINING),
        digest_of([], PHASE_TRAINING),
        digest_of([], str(PHASE_TRAINING)),
        digest_of([], PHASE_TRAINING, None),
    }
    assert len(digests) == 8
