"""The same random numbers in every run and every order of the tests."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Seed NumPy's global generator, from which layers without a generator of their own draw."""
    np.random.seed(0)
