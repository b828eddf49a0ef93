"""Certificates for the tests."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def make_certificate(folder: Path, name: str = "localhost") -> tuple[Path, Path]:
    """Return a certificate for a host that vouches for itself, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not on PATH")
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    how = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    who = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
    subprocess.run(
        ["openssl", "req", *how, *who, "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    return certificate, key
