"""PyTorch's layers, losses and optimizers are right too, where PyTorch is installed."""

from __future__ import annotations

import pytest
from checks import SHIPPED, drawn, outcome_of

from bench import torch_layers
from bench.torch_students import torch_answer

TORCH = torch_layers.load()
# What PyTorch has not: a smoothed softmax, a truncated backward through time, a smooth sign.
ABSENT = {"Softmax smoothed", "RNN truncated", "SignGD steps", "SignGD single"}


@pytest.mark.skipif(TORCH is None, reason="PyTorch is not installed")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", [n for n, check in SHIPPED.items() if check.kind != "initializer"])
def test_an_answer_by_pytorch_passes(name: str, dtype: str) -> None:
    check = SHIPPED[name].model_copy(update={"dtypes": (dtype,)})
    for attempt in range(3):
        challenge = drawn(check, attempt)
        answer = torch_answer(TORCH, check, challenge)
        assert (answer is None) == (name in ABSENT)
        if answer is not None:
            outcome = outcome_of(check, challenge, answer)
            assert outcome.verdict == "passed", outcome
