"""A Dropout written in Go, TypeScript and Java, graded through that language's client."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from edunn_client import Client
from edunn_client.grading import Grading

from standalone.stack import Stack

CLIENTS = Path(__file__).resolve().parents[2] / "clients"
ASSIGNMENT = """
course: languages
assignment: graded-dropout
checks:
  - {id: half, layer: Dropout, config: {p: 0.5}, points: 3}
  - {id: fifth, layer: Dropout, config: {p: 0.2}, points: 2}
"""
COMMANDS = {
    "go": "go run ./examples/grading graded-dropout",
    "typescript": "npm run --silent build && node build/examples/graded-dropout.js graded-dropout",
    "java": "mvn --quiet --batch-mode compile exec:exec@example"
    " -Dexample.program=GradedDropout -Dexample.arguments=graded-dropout",
}
TOOLS = {"go": "go", "typescript": "npm", "java": "mvn"}


@pytest.mark.parametrize("language", COMMANDS)
def test_a_right_dropout_passes(language: str, stack: Stack) -> None:
    if shutil.which(TOOLS[language]) is None:
        assert not os.environ.get("CI"), f"there is no {TOOLS[language]}"
        pytest.skip(f"there is no {TOOLS[language]}")
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
