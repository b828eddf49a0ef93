"""Runs a client's own suite, by its own ecosystem's runner, against the real stack."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from standalone.stack import Stack

CLIENTS = Path(__file__).resolve().parents[2] / "clients"
# On a new machine it fetches and compiles all that the client is built with.
TIMEOUT_SECONDS = 900
# A failed test and the lines below it, as node, go and Maven print them.
FAILURE = re.compile(r"^(?: *not ok \d+ -|--- FAIL:|\[ERROR\]   ).*(?:\n.*){0,25}", re.MULTILINE)


def require_tools(*tools: str) -> None:
    """Skip a test whose toolchain is not on this machine; in CI that is a failure."""
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if not missing:
        return
    message = f"not on this machine: {', '.join(missing)}"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def run_in_client(stack: Stack, language: str, command: Sequence[str]) -> str:
    """Run a command in a client's folder with EDUNN_TARGET set, and return what it prints."""
    done = subprocess.run(
        command,
        cwd=CLIENTS / language,
        env={**os.environ, "EDUNN_TARGET": stack.address},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, "\n".join([*FAILURE.findall(done.stdout), done.stdout[-4000:]])
    return done.stdout
