"""Makes certificates for tests."""

from __future__ import annotations

import subprocess
from pathlib import Path


def make_certificate(certificate: Path, key: Path) -> None:
    """Write a self-signed certificate for this machine, and its key."""
    how = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    who = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run(
        ["openssl", "req", *how, *who, "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
