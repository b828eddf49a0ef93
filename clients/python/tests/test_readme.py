"""The README's code, run as it stands but for the address."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)


def run(code: list[str], address: str) -> None:
    namespace: dict[str, Any] = {}
    for block in code:
        text = block.replace("localhost:50051", address)
        exec(compile(text, "README.md", "exec"), namespace)  # noqa: S102 - it is our own
    namespace["session"].delete()
    namespace["client"].close()


def test_python_examples_run(address: str) -> None:
    assert len(blocks("python")) >= 6
    run(blocks("python"), address)


def test_the_torch_example_runs(address: str) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed (extra `torch`)")
    run([*blocks("python")[:2], *blocks("python torch")], address)


COMMANDS = [
    line for block in blocks("sh") for line in block.splitlines() if line.startswith("edunn ")
]


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_run(address: str, command: str) -> None:
    if find_spec("typer") is None or find_spec("rich") is None:
        pytest.skip("typer or rich is not installed (extra `cli`)")
    done = subprocess.run(
        [sys.executable, "-m", "edunn_client", *shlex.split(command)[1:]],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | {"EDUNN_TARGET": address},
    )
    assert done.returncode == 0, done.stderr
