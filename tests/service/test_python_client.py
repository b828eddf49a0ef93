"""The Python client's own suite, against the real stack."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from standalone.stack import Stack

CLIENT = Path(__file__).resolve().parents[2] / "clients" / "python"
# A guard against hanging, not against slowness: the suite is one test here.
TIMEOUT_SECONDS = 600


@pytest.mark.timeout(TIMEOUT_SECONDS + 60)
def test_python_client_suite_passes(stack: Stack) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q"],
        cwd=CLIENT,
        env={**os.environ, "EDUNN_ADDRESS": stack.address},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    print(done.stdout[-5000:])
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
