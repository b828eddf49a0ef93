"""Takes journaled steps again, for a worker that has only the slots from before them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from edunn_serving.internal.v1.state_pb2 import SessionRecord
from edunn_serving.keys import SessionKey
from edunn_serving.settings import Settings
from edunn_serving.v1.step_pb2 import TrainStepRequest
from worker.journal import Journal, LoadedSteps, read_journal
from worker.open_session import OpenSession
from worker.randomness import RepeatableGenerator
from worker.ready import ReadySession
from worker.slots import PARAMETERS, SLOT_NAMES
from worker.stored import StoredSession
from worker.train_step import run_train_step


def replayed(
    key: SessionKey,
    stored: StoredSession,
    ready: ReadySession | None,
    randomness: RepeatableGenerator,
    settings: Settings,
    now_ms: int,
) -> tuple[StoredSession, ReadySession]:
    """Return a session with its journaled steps taken again, so that no arrays are to be read."""
    name, loss, batches = read_journal(stored.journal)
    if stored.record is not None:
        ready = ReadySession(stored.revision, SessionRecord.FromString(stored.record))
    if ready is None:
        raise RuntimeError("a session's record was not loaded")
    for each in (name, loss):
        ready.layers.pop(each, None)
    # The steps have left their traces, by which they would be taken for repetitions.
    untraced = {each: layer._replace(contexts={}) for each, layer in stored.layers.items()}
    before = stored._replace(record=None, layers=untraced, journal="", steps=())
    session = OpenSession(key, before, ready, randomness, now_ms)
    layer = session.layer(name)
    versions = dict(layer.ready.versions)
    for steps in stored.steps:
        layer.count = steps.forwards
        for request in steps.requests:
            run_train_step(session, TrainStepRequest.FromString(request), settings)
    changed = frozenset(each for each in SLOT_NAMES if layer.ready.versions[each] != versions[each])
    slots = stored.layers[name].slots
    _check_chain(stored.steps, slots[PARAMETERS.name].version)
    layer.ready.versions = {each: slots[each].version for each in SLOT_NAMES}
    # The slots are stored with the next steps, so that no other worker takes these again.
    ready.journal = Journal(name, loss, batches, changed, seconds=math.inf)
    as_read = {each: kept._replace(arrays=None) for each, kept in slots.items()}
    layers = {**stored.layers, name: stored.layers[name]._replace(slots=as_read)}
    return stored._replace(record=None, layers=layers, steps=()), ready


def _check_chain(steps: Sequence[LoadedSteps], version: int) -> None:
    """Check that no batch is missing before a version of the parameters. Each step made one."""
    for each in reversed(steps):
        if each.parameters_version != version:
            raise RuntimeError("the journaled steps do not lead to the stored version")
        version -= len(each.requests)
