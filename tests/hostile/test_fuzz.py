"""What reads bytes raises declared errors only, whatever the bytes are. `make fuzz` tries more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 2


@pytest.mark.parametrize("target", TARGETS)
def test_any_bytes_are_read_or_refused(target: str) -> None:
    command = [sys.executable, "-m", "tests.fuzz", "--only", target, "--seconds", str(SECONDS)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert (ROOT / "tests" / "fuzz" / "corpus" / target).is_dir()


@pytest.mark.parametrize("target", TARGETS)
def test_corpus_is_read_or_refused(target: str) -> None:
    for path in (ROOT / "tests" / "fuzz" / "corpus" / target).iterdir():
        TARGETS[target].run(path.read_bytes())
