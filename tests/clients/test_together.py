"""All clients at once against one stack: a hundred sessions from each, the same masks."""

from __future__ import annotations

import hashlib
import json
import subprocess
from dataclasses import dataclass

import numpy as np
import pytest
from suite import require_tools

import edunn as nn
from bench.probes import PROBES, Probe
from standalone.stack import Stack
from worker.randomness import RepeatableGenerator

SESSIONS = 100
# A guard against hanging, not against slowness.
TIMEOUT_SECONDS = 240


@dataclass(frozen=True)
class Finished:
    """How a probe ended."""

    code: int
    output: str
    errors: str


@pytest.fixture(scope="module")
def finished(stack: Stack) -> dict[str, Finished]:
    """Run the probes of all languages that this machine can run, started together."""
    ended = {}
    ready = []
    for probe in PROBES:
        if probe.missing_tools:
            continue
        try:
            probe.make_ready()
        except subprocess.CalledProcessError as error:
            # That language's test fails; the others' need not.
            ended[probe.language] = Finished(error.returncode, error.stdout, error.stderr)
        else:
            ready.append(probe)
    started = [(probe, probe.start(stack.address, "sessions", str(SESSIONS))) for probe in ready]
    try:
        for probe, process in started:
            output, errors = process.communicate(timeout=TIMEOUT_SECONDS)
            ended[probe.language] = Finished(process.returncode, output, errors)
    finally:
        for _, process in started:
            process.kill()
            process.wait()
    return ended


@pytest.fixture(scope="module")
def local() -> list[str]:
    """The digests that the library computes here, with the service's randomness."""
    randomness = RepeatableGenerator()
    ones = np.ones((16, 64))
    digests = []
    for seed in range(SESSIONS):
        drop = nn.Dropout(p=0.5)
        drop.rng = randomness.generator
        digest = hashlib.sha256()
        for forward_id in ("c1", "c2", "c3"):
            randomness.wind_to_forward(seed, "drop", forward_id)
            digest.update(drop.forward(ones).tobytes())
        digests.append(digest.hexdigest())
    assert len(set(digests)) == SESSIONS
    return digests


# Compiling the others' probes may come on top, where no test of theirs has run before.
@pytest.mark.timeout(900)
@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.language)
def test_a_hundred_sessions_at_once_match_their_masks(
    probe: Probe, finished: dict[str, Finished], local: list[str]
) -> None:
    require_tools(*probe.tools)
    ended = finished[probe.language]
    assert ended.code == 0, ended.output[-2000:] + ended.errors[-6000:]
    lines = [json.loads(line) for line in ended.output.splitlines()]
    assert {line["seed"]: line["sha256"] for line in lines} == dict(enumerate(local))
    assert len(lines) == SESSIONS
