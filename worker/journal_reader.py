"""Loads the journaled steps that a worker's layers lack."""

from __future__ import annotations

from collections.abc import Sequence

from edunn_serving.batch_message import check_requests
from edunn_serving.internal.v1.state_pb2 import JournaledSteps
from edunn_serving.keys import SessionKey, journaled_request, journaled_steps
from edunn_serving.seal import Seal
from worker.journal import JOURNAL_SEAL, LoadedSteps, read_journal
from worker.script_connection import ScriptConnection
from worker.slots import SLOTS
from worker.stored import LayerNeeds, Needs, StoredSession

# The versions of a layer of which everything is to be loaded. No slot has them.
NOTHING = [-1] * len(SLOTS)


def add_replayed(
    connection: ScriptConnection,
    seal: Seal,
    needs: dict[SessionKey, Needs],
    sessions: dict[SessionKey, StoredSession | None],
) -> bool:
    """Load the journaled steps that the worker's layers lack.

    False if the sessions must be loaded again: with the layers as they were before the steps, which
    the needs then say, or because another commit has ended the journal.

    Raises
    ------
    ForgedError
        Some steps were not written by a server and a worker of this service.
    """
    for key, session in sessions.items():
        if session is None or not session.journal:
            continue
        if session.journal == needs[key].journal and session.record is None:
            continue
        layer, loss, batches = read_journal(session.journal)
        if needs[key].replayed != (layer, loss):
            needs[key].replayed = (layer, loss)
            for name in (layer, loss):
                need = needs[key].layers.setdefault(name, LayerNeeds([]))
                need.versions = list(NOTHING)
            return False
        steps = _load(connection, seal, key, batches)
        if steps is None:
            return False
        sessions[key] = session._replace(steps=steps)
    return True


def _load(
    connection: ScriptConnection, seal: Seal, key: SessionKey, batches: Sequence[tuple[str, int]]
) -> list[LoadedSteps] | None:
    """Load the steps of some batches; None if some are no longer there."""
    loaded: list[LoadedSteps] = []
    for batch_id, apart in batches:
        place = journaled_steps(*key, batch_id)
        requests = (journaled_request(place, number) for number in range(apart))
        ((sealed, *requests_apart),) = connection.run(("MGET", place, *requests))
        if sealed is None or None in requests_apart:
            return None
        steps = JournaledSteps.FromString(seal.open(JOURNAL_SEAL, sealed, *key, batch_id))
        if requests_apart:
            check_requests(seal, batch_id, steps.marks, requests_apart, steps.numbers)
        loaded.append(
            LoadedSteps(
                steps.forwards, requests_apart or list(steps.requests), steps.parameters_version
            )
        )
    return loaded
