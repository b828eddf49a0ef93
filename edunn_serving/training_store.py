"""Trainings in Redis, as servers and workers see them: what is stored, and how it changes.

A training is one hash. It changes by `change_training.lua` alone, which makes the whole change if
the training is still as it was read, or nothing of it. Two that change it at once never mix.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from google.protobuf.message import DecodeError

from edunn_serving import keys
from edunn_serving.celery_message import task_message
from edunn_serving.internal.v1.training_pb2 import TrainingRecord
from edunn_serving.pools import TRAINING
from edunn_serving.redis_text import text_of
from edunn_serving.scripts import Script
from edunn_serving.seal import ForgedError, Seal
from edunn_serving.v1.training_pb2 import Training, TrainingEvent, TrainingProgress, TrainingState

# What is sealed of a training. The other fields say who computes it and whether to stop.
# Anybody who reaches Redis could stop it all the same, by removing it.
SEALED_FIELDS = frozenset({"record", "training", "checkpoint", "progress"})
TRAINING_SEAL, EVENT_SEAL = "training", "event"
# About how many events of a training are kept: every epoch of most trainings.
MAX_EVENTS = 20_000
# A worker hears of a cancellation within a batch, and sees it in the training later on.
CANCELLED_MS = 60_000
# The task that computes a slice of the training whose turn it is.
SLICE_TASK = "training.slice"

TAKE_SCRIPT = Script.named("take_training", ready=keys.READY_TRAININGS)
CHANGE_SCRIPT = Script.named("change_training", events=MAX_EVENTS, cancelled_ms=CANCELLED_MS)
PULSE_SCRIPT = Script.named("pulse_training", events=MAX_EVENTS)

ENDED = (
    TrainingState.TRAINING_STATE_SUCCEEDED,
    TrainingState.TRAINING_STATE_FAILED,
    TrainingState.TRAINING_STATE_CANCELLED,
)

Value = bytes | str | int


class TrainingKey(NamedTuple):
    """Names a training. Each caller has training ids of its own."""

    caller: str
    training_id: str


@dataclass(frozen=True, slots=True)
class StoredTraining:
    """A training as Redis has it."""

    record: TrainingRecord
    # What callers see, but for the progress since the last checkpoint.
    training: Training
    # The number of slices that are computed.
    slice: int
    # The checkpoint after these slices.
    checkpoint: str
    # The worker that computes it; empty if none does.
    holder: str
    # How many workers have died over the present slice.
    deaths: int
    # The state as it was read, whatever becomes of `training`.
    state: int
    # The epochs of which watchers have an event.
    told: int

    @property
    def key(self) -> TrainingKey:
        return TrainingKey(self.record.caller, self.record.training_id)

    @property
    def has_ended(self) -> bool:
        return self.training.state in ENDED

    @classmethod
    def of(cls, key: TrainingKey, fields: Mapping[bytes, bytes], seal: Seal) -> StoredTraining:
        """Return the training that a hash has.

        Raises
        ------
        ForgedError
            No server or worker of this service wrote it.
        """
        try:
            number = int(fields[b"slice"])

            def opened(field: str) -> bytes:
                place = _place(key, field, number)
                return seal.open(TRAINING_SEAL, fields[field.encode()], *place)

            training = Training.FromString(opened("training"))
            training.cancel_requested = fields[b"cancel"] == b"1"
            if training.state not in ENDED and b"progress" in fields:
                training.progress.CopyFrom(TrainingProgress.FromString(opened("progress")))
            return cls(
                TrainingRecord.FromString(opened("record")),
                training,
                number,
                opened("checkpoint").decode(),
                text_of(fields[b"holder"]),
                int(fields[b"deaths"]),
                int(fields[b"state"]),
                int(fields.get(b"told", 0)),
            )
        except (KeyError, ValueError, DecodeError) as error:
            raise ForgedError(f"a training in Redis is none of ours: {error}") from error


class SessionPart(NamedTuple):
    """What a training changes in its session at its end, and how the session must be for it."""

    key: str
    incarnation: str
    version: str
    number: int
    values: Mapping[str, Value]
    # The version fields that count one more.
    increments: Sequence[str]


class Artifact(NamedTuple):
    """A place in a caller's budget, and the reservation that becomes it."""

    path: str
    size: int
    reservation: str


@dataclass(slots=True)
class Change:
    """A change of a training, and what it needs to be as it was read."""

    key: TrainingKey
    # The fields that must have these values; the empty text for none.
    expected: Mapping[str, str]
    values: Mapping[str, Value]
    events: Sequence[TrainingEvent] = ()
    # It waits for a worker from now on, and a worker is told.
    ready: bool = False
    # It waited for a worker until now.
    waits: bool = False
    # Its holder has done with it.
    released: bool = False
    # The seconds of computing that its caller is charged.
    used: float = 0.0
    # The ms of its start, if it is new.
    created: int | None = None
    # The ms when it is forgotten, if it has ended.
    forgotten: int | None = None
    # It is under way again after its end.
    resumed: bool = False
    session: SessionPart | None = None
    artifact: Artifact | None = None
    # Its holder is told at once that it is cancelled.
    cancelled: bool = False

    def keys_and_arguments(self, seal: Seal) -> tuple[list[str], list[Value]]:
        """Return what `change_training.lua` is run with."""
        caller, training_id = self.key
        touched = [
            keys.training(caller, training_id),
            keys.training_events(caller, training_id),
            keys.trainings(caller),
            keys.ready_callers(),
            keys.ready_trainings(caller),
            keys.training_turns(),
            keys.held_trainings(),
            keys.ended_trainings(),
            TRAINING.queue,
            keys.active_trainings(caller),
            keys.artifacts(caller),
            keys.training_cancellations(caller, training_id),
        ]
        header: dict[str, Any] = {
            "caller": caller,
            "id": training_id,
            "expected": dict(self.expected),
            "values": len(self.values),
            "events": len(self.events),
            "ready": self.ready,
            "waits": self.waits,
            "released": self.released,
            "resumed": self.resumed,
            "cancelled": self.cancelled,
            "used": round(self.used * 1000),
        }
        if self.created is not None:
            header["created"] = self.created
        if self.forgotten is not None:
            header["forgotten"] = self.forgotten
        if self.artifact is not None:
            header["artifact"] = self.artifact
        arguments = _pairs(self._sealed_values(seal))
        arguments += [sealed_event(self.key, each, seal) for each in self.events]
        if self.session is not None:
            touched.append(self.session.key)
            header["session"] = {
                "incarnation": self.session.incarnation,
                "version": self.session.version,
                "number": str(self.session.number),
                "values": len(self.session.values),
                "increments": list(self.session.increments),
            }
            arguments += _pairs(self.session.values)
        message = task_message(SLICE_TASK, TRAINING.queue, seal) if self.ready else ""
        return touched, [json.dumps(header), message, *arguments]

    def _sealed_values(self, seal: Seal) -> dict[str, Value]:
        # A change of the checkpoint sets its slice too.
        number = int(self.values.get("slice", 0))
        return {
            field: _closed(self.key, field, number, value, seal)
            for field, value in self.values.items()
        }


def _closed(key: TrainingKey, field: str, number: int, value: Value, seal: Seal) -> Value:
    if field not in SEALED_FIELDS or isinstance(value, int):
        return value
    data = value.encode() if isinstance(value, str) else value
    return seal.close(TRAINING_SEAL, data, *_place(key, field, number))


def _place(key: TrainingKey, field: str, number: int) -> tuple[str, ...]:
    """Return the place of a field's seal. A checkpoint is that of its slice."""
    return (*key, field, str(number)) if field == "checkpoint" else (*key, field)


def sealed_event(key: TrainingKey, event: TrainingEvent, seal: Seal) -> bytes:
    """Return an event as the stream of its training has it."""
    return seal.close(EVENT_SEAL, event.SerializeToString(), *key)


def sealed_progress(key: TrainingKey, progress: TrainingProgress, seal: Seal) -> bytes:
    """Return the progress as the hash of a training has it."""
    return seal.close(TRAINING_SEAL, progress.SerializeToString(), *_place(key, "progress", 0))


def new_training(record: TrainingRecord, training: Training, checkpoint: str) -> Change:
    """Return the change that makes a training."""
    values: dict[str, Value] = {
        "record": record.SerializeToString(),
        "training": training.SerializeToString(),
        "slice": 0,
        "checkpoint": checkpoint,
        "holder": "",
        "deaths": 0,
        "cancel": 0,
        "state": int(training.state),
    }
    return Change(
        TrainingKey(record.caller, record.training_id),
        {"state": ""},
        values,
        ready=True,
        created=training.create_time.ToMilliseconds(),
    )


def as_read(stored: StoredTraining) -> dict[str, str]:
    """Return the fields that tell that a training has not changed since it was read."""
    return {
        "state": str(stored.state),
        "holder": stored.holder,
        "slice": str(stored.slice),
        "deaths": str(stored.deaths),
    }


def shown(training: Training) -> dict[str, Value]:
    """Return the fields that hold what callers see."""
    return {"training": training.SerializeToString(), "state": int(training.state)}


def _pairs(values: Mapping[str, Value]) -> list[Value]:
    return [each for pair in values.items() for each in pair]


def state_path(checkpoint: str) -> str:
    """Return the path of the second file of a checkpoint."""
    return f"{checkpoint}.state"


def end_training(
    training: Training, change: Change, now_ms: int, history_seconds: float
) -> TrainingEvent:
    """Complete a training that ends, and return its last event. The change notes the end."""
    training.end_time.FromMilliseconds(now_ms)
    change.forgotten = now_ms + round(history_seconds * 1000)
    training.expire_time.FromMilliseconds(change.forgotten)
    training.progress.ClearField("time_left")
    event = TrainingEvent(ended=training)
    # Watchers have seen the epochs.
    event.ended.ClearField("epochs")
    event.time.CopyFrom(training.end_time)
    return event
