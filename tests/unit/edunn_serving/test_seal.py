"""Only who has the key can seal, and a seal is for one kind and place."""

from __future__ import annotations

import subprocess
import sys

import pytest

from edunn_serving.seal import MARK_BYTES, ForgedError, Seal

KEY = "k" * 32
SEAL = Seal(KEY)


@pytest.mark.parametrize("data", [b"", b"x", b"\x00" * 100_000])
def test_sealed_data_is_opened_with_the_same_key(data: bytes) -> None:
    sealed = SEAL.close("record", data, "ana", "session")
    assert len(sealed) == MARK_BYTES + len(data)
    assert Seal(KEY).open("record", sealed, "ana", "session") == data


@pytest.mark.parametrize(
    ("seal", "kind", "place"),
    [
        (Seal("other" * 8), "record", ("ana", "session")),
        (SEAL, "reply", ("ana", "session")),
        (SEAL, "record", ("ben", "session")),
        (SEAL, "record", ("anas", "ession")),
        (SEAL, "record", ("ana",)),
        (SEAL, "record", ("ana", "session", "")),
    ],
)
def test_a_seal_of_another_key_kind_or_place_is_refused(
    seal: Seal, kind: str, place: tuple[str, ...]
) -> None:
    with pytest.raises(ForgedError):
        seal.open(kind, SEAL.close("record", b"data", "ana", "session"), *place)


@pytest.mark.parametrize("at", range(MARK_BYTES + 4))
def test_every_changed_byte_is_noticed(at: int) -> None:
    sealed = bytearray(SEAL.close("record", b"data"))
    sealed[at] ^= 1
    with pytest.raises(ForgedError):
        SEAL.open("record", bytes(sealed))


@pytest.mark.parametrize("forged", [b"", b"data", b"\x00" * MARK_BYTES])
def test_what_was_never_sealed_is_refused(forged: bytes) -> None:
    with pytest.raises(ForgedError):
        SEAL.open("record", forged)


def test_without_a_key_nothing_changes() -> None:
    assert Seal("").is_open
    assert Seal("").close("record", b"data") == b"data"
    assert Seal("").open("record", b"data") == b"data"


def test_a_seal_apart_is_of_its_data_alone() -> None:
    mark = SEAL.mark("request", b"data", "batch", "1")
    SEAL.check("request", mark, b"data", "batch", "1")
    for changed in (b"date", b"", b"data\x00"):
        with pytest.raises(ForgedError):
            SEAL.check("request", mark, changed, "batch", "1")
    for wrong in (b"", mark[:-1], mark + b"\x00"):
        with pytest.raises(ForgedError):
            SEAL.check("request", wrong, b"data", "batch", "1")


FORKED = """
import os, sys
from edunn_serving.seal import Seal
seal = Seal("k" * 32)
seal.mark("record", b"same")
child = os.fork()
numbers = [seal.mark("record", b"same")[:24].hex() for _ in range(100)]
os.write(1, (" ".join(numbers) + "\\n").encode())
if child:
    os.waitpid(child, 0)
"""


def test_no_number_is_used_twice_not_even_after_a_fork() -> None:
    done = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, check=True)
    numbers = done.stdout.split()
    assert len(numbers) == len(set(numbers)) == 200
