"""What needs PyTorch: the adapter, the README's example, the notebook's comparison.

They run in an environment of their own (`make test-torch`) against the stack of this one.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from suite import TIMEOUT_SECONDS, run_in_client

from standalone.stack import Stack

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "docs" / "notebooks" / "dropout.ipynb"
# Made by the Makefile.
BIN = ROOT / os.environ.get("TORCH_VENV", ".venv-torch") / "bin"


@pytest.fixture(autouse=True)
def require_torch() -> None:
    """Skip where there is no environment with PyTorch; in CI that is a failure."""
    if (BIN.parent / ".ready").exists():
        return
    message = "no environment with PyTorch: apt-get install python3-torch, make test-torch"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def test_the_adapter_and_the_readme_s_example(stack: Stack) -> None:
    """Run them with the oldest NumPy and PyTorch that the client promises to work with."""
    tests = ("tests/test_torch.py", "tests/test_readme.py", "tests/test_tensors.py")
    printed = run_in_client(stack, "python", [str(BIN / "python"), "-m", "pytest", "-q", *tests])
    assert "skipped" not in printed, printed


def test_the_client_s_conformance_with_the_oldest_numpy(stack: Stack) -> None:
    command = [str(BIN / "python"), "-m", "pytest", "-q", "tests/test_conformance.py"]
    run_in_client(stack, "python", command)


def test_layers_losses_and_optimizers_agree_with_pytorch(stack: Stack) -> None:
    # Without our configuration: it speaks of what this environment does not have.
    options = ["-q", "-c", os.devnull, "--rootdir", str(ROOT), "--noconftest"]
    options += ["-p", "no:cacheprovider", "-o", f"pythonpath={ROOT / 'tests' / 'edunn'}"]
    test = ROOT / "tests" / "edunn" / "test_against_pytorch.py"
    printed = run(stack, [str(BIN / "python"), "-m", "pytest", *options, str(test)])
    assert "skipped" not in printed, printed


def test_the_notebook_compares_with_pytorch(stack: Stack, tmp_path: Path) -> None:
    output = tmp_path / "executed"
    run(stack, [str(BIN / "jupyter-execute"), str(NOTEBOOK), "--output", str(output)])
    comparison = json.loads(output.with_suffix(".ipynb").read_text())["cells"][-1]
    printed = "".join(text for out in comparison["outputs"] for text in out["text"])
    assert "gives the same numbers" in printed


def run(stack: Stack, command: Sequence[str]) -> str:
    done = subprocess.run(
        command,
        env={**os.environ, "EDUNN_TARGET": stack.address},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:]
    return done.stdout
