"""A certificate that gRPC, or every client, would refuse does not replace the one that serves."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from certificates import DAY, Identity, identity, make_certificate
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from edunn_serving.settings import Settings, SettingsError
from server.tls import Tls

GOOD, ANOTHER = identity("localhost"), identity("localhost")
UNUSABLE = {
    "expired": identity("localhost", ends=-DAY),
    "of a key that gRPC cannot use": identity(
        "localhost", key=ed25519.Ed25519PrivateKey.generate()
    ),
    "of a curve that clients refuse": identity(
        "localhost", key=ec.generate_private_key(ec.SECP521R1())
    ),
    "of a key that is too short": identity("localhost", key=rsa.generate_private_key(65537, 1024)),  # noqa: S505  # refused
    "another key's": Identity(GOOD.certificate, ANOTHER.key),
}
BROKEN = {
    "garbage": (os.urandom(1000), GOOD.key_pem),
    "empty": (b"", b""),
    "half of it": (ANOTHER.certificate_pem[:300], ANOTHER.key_pem),
    "without its key": (ANOTHER.certificate_pem, b""),
} | {name: (each.certificate_pem, each.key_pem) for name, each in UNUSABLE.items()}


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    certificate, key = tmp_path / "server.pem", tmp_path / "server.key"
    GOOD.write(certificate, key)
    return certificate, key


def tls_of(files: tuple[Path, Path]) -> Tls:
    return Tls(Settings(tls_certificate=str(files[0]), tls_key=str(files[1])))


@pytest.mark.parametrize("what", BROKEN)
def test_the_last_certificate_stays_until_a_usable_one_comes(
    files: tuple[Path, Path], what: str
) -> None:
    tls = tls_of(files)
    before = tls._newest
    for path, content in zip(files, BROKEN[what], strict=True):
        path.write_bytes(content)
    asyncio.run(tls.look())
    assert tls._newest is before
    ANOTHER.write(*files)
    asyncio.run(tls.look())
    assert tls._newest is not before


@pytest.mark.parametrize("what", BROKEN)
def test_no_server_starts_with_it(files: tuple[Path, Path], what: str) -> None:
    for path, content in zip(files, BROKEN[what], strict=True):
        path.write_bytes(content)
    with pytest.raises(SettingsError, match="EDUNN_TLS_CERTIFICATE"):
        tls_of(files)


def test_files_that_change_while_they_are_read_are_read_again(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = tls_of(files)
    before, read = tls._newest, tls._pair
    ANOTHER.write(*files)

    def pair_at_a_bad_moment() -> tuple[bytes, bytes]:
        found = read()
        monkeypatch.undo()
        GOOD.write(*files)
        return found

    monkeypatch.setattr(tls, "_pair", pair_at_a_bad_moment)
    asyncio.run(tls.look())
    assert tls._newest is before
    asyncio.run(tls.look())
    assert tls._newest is not before


def test_keys_of_rsa_and_of_the_usual_curves_are_taken(files: tuple[Path, Path]) -> None:
    make_certificate(*files)
    tls_of(files)
    identity("localhost", key=ec.generate_private_key(ec.SECP384R1())).write(*files)
    tls_of(files)
