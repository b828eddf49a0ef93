"""`make test` runs two processes of pytest: either's failure counts, and Ctrl-C ends both."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PASS = "print('passed')"
FAIL = "raise SystemExit('failed')"
# Each tells that a Ctrl-C has ended it, as pytest does. The pipe makes one wait for the other.
WAIT = """
import signal
try:
    open({pipe!r}, {mode!r}).close()
    {then}
    signal.pause()
except KeyboardInterrupt:
    print("interrupted")
"""
PROGRAM = """
import signal, sys
from tests.side_by_side import run_both
signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
python = sys.executable
sys.exit(run_both([python, "-c", sys.argv[1]], [python, "-c", sys.argv[2]]))
"""


@pytest.mark.parametrize(
    ("shown", "kept", "code"), [(PASS, PASS, 0), (FAIL, PASS, 1), (PASS, FAIL, 1)]
)
def test_a_failure_of_either_fails(shown: str, kept: str, code: int) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM, shown, kept], capture_output=True)
    assert done.returncode == code
    printed = (done.stdout + done.stderr).decode()
    assert printed.count("passed") + printed.count("failed") == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_reaches_both_once(number: int, tmp_path: Path) -> None:
    pipe = str(tmp_path / "pipe")
    os.mkfifo(pipe)
    shown = WAIT.format(pipe=pipe, mode="r", then="print('both run', flush=True)")
    kept = WAIT.format(pipe=pipe, mode="w", then="")
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, shown, kept], stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "both run\n"
        running.send_signal(number)
        printed, _ = running.communicate(timeout=60)
    assert printed.count("interrupted") == 2
