"""Only who has the key can seal, and a seal is for one kind and place."""

from __future__ import annotations

import pytest

from edunn_serving.seal import TAG_BYTES, ForgedError, Seal, digest_of

KEY = "k" * 32
SEAL = Seal(KEY)


@pytest.mark.parametrize("data", [b"", b"x", b"\x00" * 100_000])
def test_sealed_data_is_opened_with_the_same_key(data: bytes) -> None:
    sealed = SEAL.close("record", data, "ana", "session")
    assert len(sealed) == TAG_BYTES + len(data)
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


@pytest.mark.parametrize("at", range(TAG_BYTES + 4))
def test_every_changed_byte_is_noticed(at: int) -> None:
    sealed = bytearray(SEAL.close("record", b"data"))
    sealed[at] ^= 1
    with pytest.raises(ForgedError):
        SEAL.open("record", bytes(sealed))


@pytest.mark.parametrize("forged", [b"", b"data", b"\x00" * TAG_BYTES])
def test_what_was_never_sealed_is_refused(forged: bytes) -> None:
    with pytest.raises(ForgedError):
        SEAL.open("record", forged)


def test_without_a_key_nothing_changes() -> None:
    assert Seal("").is_open
    assert Seal("").close("record", b"data") == b"data"
    assert Seal("").open("record", b"data") == b"data"


def test_a_digest_tells_parts_apart() -> None:
    assert (
        len({digest_of(parts) for parts in ([], [b""], [b"ab"], [b"a", b"b"], [b"", b"ab"])}) == 5
    )
