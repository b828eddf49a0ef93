"""Large slots on their way to Redis: sent before the commit's script, which would copy them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from edunn_serving import keys
from edunn_serving.keys import SessionKey
from edunn_serving.scripts import Command
from edunn_serving.seal import Seal
from worker.slots import LARGE_SLOT_BYTES
from worker.wire import Piece

# The kind of their seals.
LARGE_SLOT_SEAL = "slot"
# The changed slots of a session, encoded, by their fields.
EncodedSlots = Mapping[str, list[Piece]]


class Staged(NamedTuple):
    """The commands that store large slots, and the names under which these then lie."""

    commands: Sequence[Command] = ()
    # By the session and the slot's field.
    names: Mapping[tuple[SessionKey, str], str] = {}  # never written into

    def value(self, session: SessionKey, field: str, data: list[Piece]) -> bytes:
        """Return what the session's hash has of a slot: all of it, or where it lies."""
        name = self.names.get((session, field))
        return b"".join(data) if name is None else keys.LARGE_SLOT + name.encode()


# A full Redis takes large slots only through the script, which has freed memory before.
NOTHING_STAGED = Staged()


def stage(session: SessionKey, slots: EncodedSlots, ttl_ms: int, seal: Seal) -> Staged:
    """Return how to store the large ones of a session's changed slots."""
    if not slots:
        return NOTHING_STAGED
    # A commit that is tried again must not write what another one has stored.
    commit = secrets.token_hex(8)
    names = {
        (session, field): keys.large_slot(field, commit)
        for field, data in slots.items()
        if sum(map(len, data)) >= LARGE_SLOT_BYTES
    }
    if not names:
        return NOTHING_STAGED
    key = keys.large_slots(*session)
    commands: list[Command] = [
        ("HSET", key, name, _sealed(slots[field], session, name, seal))
        for (_, field), name in names.items()
    ]
    # Nothing else would remove them if the commit did not follow.
    commands.append(("PEXPIRE", key, ttl_ms))
    return Staged(commands, names)


def _sealed(data: list[Piece], session: SessionKey, name: str, seal: Seal) -> list[Piece]:
    if seal.is_open:
        return data
    whole = b"".join(data)
    return [seal.mark(LARGE_SLOT_SEAL, whole, *session, name), whole]


def together(staged: Sequence[Staged]) -> Staged:
    """Return what is staged of several sessions."""
    return Staged(
        [command for each in staged for command in each.commands],
        {slot: name for each in staged for slot, name in each.names.items()},
    )
