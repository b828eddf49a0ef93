"""grpcurl and ghz, as the README shows them: both read the contract off the server."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from standalone.stack import Stack

README = (Path(__file__).resolve().parents[2] / "README.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
(INSTALLATION,) = (block for block in BLOCKS if "go install" in block)
(SHOWN,) = (block for block in BLOCKS if "grpcurl -plaintext" in block)
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "edunn-serving"
BUILD_SECONDS = 1200
SERVICE = "edunn_serving.v1.LayerService"


@pytest.fixture(scope="module")
def tools() -> Iterator[str]:
    """Build the tools, outside the tree and once, and return the folder that has them."""
    if shutil.which("go") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("not on this machine: go")
        pytest.skip("not on this machine: go")
    modules = re.findall(r"go install (\S+)", INSTALLATION)
    # Another version is another folder.
    folder = CACHE / "-".join(module.rsplit("/", 1)[-1] for module in modules)
    for module in modules:
        name = module.rsplit("/", 1)[-1].partition("@")[0]
        if not (folder / name).exists():
            subprocess.run(
                ["go", "install", module],
                env={**os.environ, "GOBIN": str(folder), "GOFLAGS": ""},
                check=True,
                timeout=BUILD_SECONDS,
            )
    yield str(folder)


def run(tools: str, stack: Stack, *words: str, code: int = 0) -> str:
    """Run a tool against the stack, and return what it prints."""
    local = [word.replace("localhost:50051", stack.address) for word in words]
    done = subprocess.run(
        local,
        env={**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.timeout(2 * BUILD_SECONDS)
def test_commands_of_the_readme_work(tools: str, stack: Stack) -> None:
    lines = SHOWN.replace("\\\n", " ")
    commands: list[list[str]] = []
    words: list[str] = []
    for word in shlex.split(lines, comments=True):
        if word in ("grpcurl", "ghz"):
            words = []
            commands.append(words)
        words.append(word)
    listed, described, created, forwarded, loaded = [run(tools, stack, *each) for each in commands]
    assert {SERVICE, "grpc.health.v1.Health"} <= set(listed.split())
    assert "rpc Forward ( .edunn_serving.v1.ForwardRequest )" in described
    assert '"session_id": "mine"' in created
    assert '"output"' in forwarded
    assert re.search(r"\[OK\]\s+200 responses", loaded), loaded


@pytest.mark.timeout(2 * BUILD_SECONDS)
@pytest.mark.parametrize(
    "symbol",
    [
        SERVICE,
        *(f"{SERVICE}.{name}" for name in ("ListLayerTypes", "Compute", "SetParameters")),
        "edunn_serving.v1.Tensor",
        "edunn_serving.v1.Tensor.shape",
        "edunn_serving.v1.Phase",
        "grpc.health.v1.Health.Check",
        "grpc.reflection.v1alpha.ServerReflection.ServerReflectionInfo",
    ],
)
def test_grpcurl_describes(tools: str, stack: Stack, symbol: str) -> None:
    described = run(tools, stack, "grpcurl", "-plaintext", "localhost:50051", "describe", symbol)
    assert described.startswith(f"{symbol} is a")


@pytest.mark.timeout(2 * BUILD_SECONDS)
def test_grpcurl_shows_an_error_with_its_details(tools: str, stack: Stack) -> None:

    def error_of(method: str, request: str, code: int) -> str:
        words = ("grpcurl", "-plaintext", "-d", request, "localhost:50051", f"{SERVICE}/{method}")
        # 64 and the status code, which is grpcurl's way.
        return run(tools, stack, *words, code=64 + code)

    missing = error_of("GetSession", '{"session_id": "nobody\'s"}', code=5)
    assert '"reason": "SESSION_NOT_FOUND"' in missing
    assert '"@type": "type.googleapis.com/google.rpc.ErrorInfo"' in missing
    layer = '{"layers": [{"name": "drop", "type": "Dropout", "config": {"p": 2}}]}'
    wrong = error_of("CreateSession", layer, code=3)
    assert '"@type": "type.googleapis.com/google.rpc.BadRequest"' in wrong
