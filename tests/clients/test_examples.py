"""The callers by example in C++ and Rust: the contract is enough for any language."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from suite import CLIENTS, TIMEOUT_SECONDS, require_tools

from standalone.stack import Stack

EXAMPLES = CLIENTS / "examples"
MOST_LINES = 59
# What the four libraries print for the same calls (clients/README.md).
PRINTED = "output: 0 4 6 0\ngradient: 0 2 2 0\n"


def run(*command: str, folder: Path, environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


def test_cpp_calls_the_service_by_its_contract(stack: Stack, tmp_path: Path) -> None:
    require_tools("cmake", "c++", "protoc", "grpc_cpp_plugin")
    build = str(tmp_path / "build")
    run("cmake", "-S", ".", "-B", build, folder=EXAMPLES / "cpp")
    run("cmake", "--build", build, folder=EXAMPLES / "cpp")
    assert run(f"{build}/example", stack.address, folder=tmp_path) == PRINTED


def test_rust_calls_the_service_by_its_contract(stack: Stack, tmp_path: Path) -> None:
    require_tools("cargo")
    environment = {"PROTOC": shutil.which("protoc") or protoc_of_grpcio_tools(tmp_path)}
    command = ("cargo", "run", "--quiet", "--", stack.address)
    assert run(*command, folder=EXAMPLES / "rust", environment=environment) == PRINTED


def protoc_of_grpcio_tools(folder: Path) -> str:
    """Write a command that behaves as protobuf's compiler, which the development venv has."""
    command = folder / "protoc"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m grpc_tools.protoc "$@"\n')
    command.chmod(0o755)
    return str(command)


@pytest.mark.parametrize("source", ["cpp/main.cc", "rust/src/main.rs"])
def test_an_example_is_short(source: str) -> None:
    assert len((EXAMPLES / source).read_text().splitlines()) <= MOST_LINES
