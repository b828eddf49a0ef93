"""Loads the slots of sessions that are stored apart."""

from __future__ import annotations

from collections.abc import Mapping

from edunn_serving import keys
from edunn_serving.keys import SessionKey
from edunn_serving.seal import Seal
from worker.large_slots import LARGE_SLOT_SEAL
from worker.script_connection import ScriptConnection
from worker.stored import StoredSession


def load_large_slots(
    connection: ScriptConnection,
    seal: Seal,
    sessions: Mapping[SessionKey, StoredSession | None],
) -> bool:
    """Load the slots that are stored apart; False if one is no longer there.

    Raises
    ------
    ForgedError
        One was not written by a worker of this service.
    """
    apart = [
        (key, layer, name, slot.arrays[len(keys.LARGE_SLOT) :])
        for key, session in sessions.items()
        if session is not None and session.has_loaded_slots
        for layer in session.layers.values()
        for name, slot in layer.slots.items()
        if slot.arrays is not None and slot.arrays.startswith(keys.LARGE_SLOT)
    ]
    if not apart:
        return True
    loaded = connection.run(
        *(("HGET", keys.large_slots(*key), stored_as) for key, _, _, stored_as in apart)
    )
    if None in loaded:
        return False
    for (key, layer, name, stored_as), sealed in zip(apart, loaded, strict=True):
        arrays = seal.open(LARGE_SLOT_SEAL, sealed, *key, stored_as.decode())
        layer.slots[name] = layer.slots[name]._replace(arrays=arrays)
    return True
