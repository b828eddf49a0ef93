"""The Go client: its own suite with linters, and its stubs."""

from __future__ import annotations

import filecmp
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from suite import CLIENTS, TIMEOUT_SECONDS, require_tools, run_in_client

from standalone.stack import Stack

GO = CLIENTS / "go"


@pytest.fixture(autouse=True)
def require_go() -> None:
    require_tools("go")


# test_secured_service.py runs it.
SECURED = "^TestASecuredService$"


def test_the_suite(stack: Stack) -> None:
    # The race detector needs a C compiler.
    race = ["-race"] if shutil.which("gcc") else []
    command = ["go", "test", "-count=1", "-v", *race, "-skip", SECURED, "./..."]
    printed = run_in_client(stack, "go", command)
    assert "--- SKIP" not in printed, printed


def test_the_linters(stack: Stack) -> None:
    assert run_in_client(stack, "go", ["gofmt", "-l", "."]) == ""
    run_in_client(stack, "go", ["go", "vet", "./..."])
    run_in_client(stack, "go", ["go", "mod", "tidy", "-diff"])
    run_in_client(stack, "go", ["go", "tool", "-modfile=tools/go.mod", "staticcheck", "./..."])


def test_the_example_program(stack: Stack) -> None:
    printed = run_in_client(stack, "go", ["go", "run", "./examples/walkthrough", stack.address])
    assert "all as it should be" in printed


def test_opentelemetry_by_its_own_instrumentation(stack: Stack) -> None:
    """The recipe of the README, a module of its own."""
    command = ["go", "test", "-C", "examples/opentelemetry", "-count=1", "./..."]
    run_in_client(stack, "go", command)
    tidy = ["go", "-C", "examples/opentelemetry", "mod", "tidy", "-diff"]
    run_in_client(stack, "go", tidy)


def test_the_stubs_are_fresh(tmp_path: Path) -> None:
    """Generate them anew and compare."""
    done = subprocess.run(
        [GO / "generate", tmp_path],
        env={**os.environ, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    fresh, kept = (sorted(root.glob("*pb/*.go")) for root in (tmp_path, GO))
    assert [path.name for path in fresh] == [path.name for path in kept]
    for ours, theirs in zip(kept, fresh, strict=True):
        assert filecmp.cmp(ours, theirs, shallow=False), f"{ours.name} is stale: run ./generate"
