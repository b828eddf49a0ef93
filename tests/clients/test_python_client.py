"""The Python client's own suite, with the newest and the oldest of what it stands on."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

import pytest
from suite import CLIENTS, TIMEOUT_SECONDS, run_in_client

from standalone.stack import Stack

FOLDER = CLIENTS / "python"
# What the suite needs besides the package; grpcio-status is of the version of grpcio.
TEST_TOOLS = ("pytest", "pytest-timeout")
# What depends on gRPC's and protobuf's ways: their messages, errors, streams and texts.
STANDING_ON_GRPC = (
    "tests/test_conformance.py",
    "tests/test_errors.py",
    "tests/test_outages.py",
    "tests/test_retries.py",
    "tests/test_sharing.py",
    "tests/test_stream.py",
    "tests/test_tls.py",
)


def test_the_suite(stack: Stack) -> None:
    # What is left out: test_secured_service.py and test_torch.py run it.
    left_out = ("tests/test_secured.py", "tests/test_torch.py")
    ignored = [f"--ignore={path}" for path in left_out]
    printed = run_in_client(stack, "python", [sys.executable, "-m", "pytest", "-q", *ignored])
    skipped = [line for line in printed.splitlines() if line.startswith("SKIPPED")]
    assert all("mask is given" in line or "PyTorch" in line for line in skipped), printed


@pytest.fixture(scope="module")
def floors() -> dict[str, str]:
    """Return the oldest version of each requirement, by name."""
    project = tomllib.loads((FOLDER / "pyproject.toml").read_text())["project"]
    found = [line.split(">=") for line in project["dependencies"]]
    return {name: version for name, version in found}


def test_it_does_with_the_oldest_that_it_names(
    stack: Stack, floors: dict[str, str], tmp_path: Path
) -> None:
    python = environment(
        tmp_path,
        *(f"{name}=={version}" for name, version in floors.items()),
        f"grpcio-status=={floors['grpcio']}",
    )
    assert version_of(python, "protobuf") == floors["protobuf"]
    run_in_client(stack, "python", [python, "-m", "pytest", "-q", *STANDING_ON_GRPC])


def test_it_stands_beside_a_client_of_another_service(stack: Stack, tmp_path: Path) -> None:
    """`tritonclient` takes no newer protobuf than 6, this environment has a newer one."""
    python = environment(tmp_path, "tritonclient[grpc]", "grpcio-status")
    assert version_of(python, "protobuf").startswith("6.")
    program = "import tritonclient.grpc, edunn_client; print(edunn_client.__version__)"
    printed = run_in_client(stack, "python", [python, "-c", program])
    assert re.fullmatch(r"\d+\.\d+\.\d+", printed.strip())
    run_in_client(stack, "python", [python, "-m", "pytest", "-q", "tests/test_service.py"])


def environment(folder: Path, *requirements: str) -> str:
    """Make an environment with the client and what is asked for; return its Python."""
    venv.create(folder, with_pip=True)
    before = visible_files()
    python = str(folder / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, *requirements, *TEST_TOOLS, str(FOLDER)],
        check=True,
        timeout=TIMEOUT_SECONDS,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    )
    assert visible_files() == before
    return python


def visible_files() -> set[Path]:
    """Return what is in the client's folder, without the caches of tests that run beside."""
    paths = [*FOLDER.iterdir(), *(FOLDER / "src").iterdir()]
    return {path for path in paths if not path.name.startswith(".")}


def version_of(python: str, package: str) -> str:
    program = f"import importlib.metadata as m; print(m.version({package!r}))"
    done = subprocess.run([python, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.strip()
