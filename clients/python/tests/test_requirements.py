"""What the package needs, as its metadata and its imports say."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import requires

# What this environment may have and a program that uses the client need not.
OPTIONAL = ("edunn", "google.rpc", "grpc_status", "rich", "torch", "typer")


def test_numpy_grpc_and_its_protobuf_are_the_only_hard_requirements() -> None:
    always = [line for line in requires("edunn-client") or [] if "extra ==" not in line]
    assert {re.split(r"[^\w-]", line)[0] for line in always} == {"numpy", "grpcio", "protobuf"}


def test_nothing_else_is_imported() -> None:
    program = f"import sys; sys.modules.update(dict.fromkeys({OPTIONAL})); import edunn_client"
    subprocess.run([sys.executable, "-c", program], timeout=60, check=True)
