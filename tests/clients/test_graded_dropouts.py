"""A Dropout written in Go, TypeScript and Java, graded through that language's client."""

from __future__ import annotations

import os
import subprocess

import pytest
from edunn_client import Client
from edunn_client.grading import Grading
from suite import CLIENTS, require_tools

from bench.probes import JAVA_CLASSPATH, PROBES
from standalone.stack import Stack

ASSIGNMENT = """
course: languages
assignment: graded-dropout
checks:
  - {id: half, layer: Dropout, config: {p: 0.5}, points: 3}
  - {id: fifth, layer: Dropout, config: {p: 0.2}, points: 2}
"""
COMMANDS = {
    "go": "go run ./examples/grading graded-dropout",
    "typescript": "node build/examples/graded-dropout.js graded-dropout",
    "java": f'java -cp "target/classes:$(cat {JAVA_CLASSPATH})" example/GradedDropout.java'
    " graded-dropout",
}
PROBE_OF = {probe.language: probe for probe in PROBES}


@pytest.mark.parametrize("language", COMMANDS)
def test_a_right_dropout_passes(language: str, stack: Stack) -> None:
    require_tools(*PROBE_OF[language].tools)
    PROBE_OF[language].make_ready()
    with Client(stack.address) as client:
        grading = Grading(client)
        grading.put_assignment(ASSIGNMENT)
        done = subprocess.run(
            ["sh", "-c", COMMANDS[language]],
            cwd=CLIENTS / language,
            env={**os.environ, "EDUNN_TARGET": stack.address},
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
        # While it is open, the service computes no Dropout for students of the other tests.
        grading.delete_assignment("graded-dropout", "languages")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "of 5" in done.stdout and done.stdout.count("passed") == 2, done.stdout
