"""Sessions in Redis: one round trip loads what a batch needs, and one commits its changes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any

import redis

from edunn_serving import keys
from edunn_serving.keys import SessionKey
from edunn_serving.replies import (
    BATCH_TTL_MS,
    LARGE,
    LARGE_BYTES,
    PUBLISHED_BYTES,
    REPLY_TTL_MS,
    RESPONSE,
    Answer,
)
from edunn_serving.scripts import Command, Script
from edunn_serving.seal import STATE
from edunn_serving.settings import Settings
from worker.journal import JOURNAL_SEAL, NO_CHANGE
from worker.journal_reader import add_replayed
from worker.large_slots import (
    NOTHING_STAGED,
    Staged,
    stage,
    together,
)
from worker.large_slots_reader import load_large_slots
from worker.script_connection import ScriptConnection
from worker.slots import SLOT_NAMES
from worker.stored import (
    CONTEXT_OVERHEAD_BYTES,
    Changes,
    LayerNeeds,
    Needs,
    StoredLayer,
    StoredSession,
    StoredSlot,
    Value,
)

# A session keeps the headers of this many evicted contexts. Each takes about 150 bytes.
EVICTED_REMEMBERED = 100_000
# The contexts that one script evicts. Half a million at once blocked Redis for 4 s.
EVICTION_STEPS = 256
# What a session takes is counted in steps of this many bytes of contexts, without smaller values.
ACCOUNT_STEP_BYTES = 64 * 1024
SMALLEST_COUNTED_BYTES = 64

NO_SLOT = StoredSlot(0, None)
NO_ARRAYS = [None] * len(SLOT_NAMES)

# The beginnings of the fields of a session's hash that are sealed.
SEALED_FIELDS = frozenset({keys.RECORD, *SLOT_NAMES})


class Committed(Enum):
    """How a commit ended."""

    DONE = b"done"
    # It is committed, and contexts are left to evict.
    MORE = b"more"
    # Another run of the same batch has committed.
    ANSWERED = b"answered"
    # Another batch has changed a session since it was loaded.
    CONFLICT = b"conflict"
    # It is another batch's turn to change a session.
    WAIT = b"wait"


class Store:
    """The sessions and batches of one Redis, as a worker sees them."""

    def __init__(self, client: redis.Redis, settings: Settings) -> None:
        limits = {
            "bytes": settings.session_context_bytes,
            "number": settings.session_context_count,
            "overhead": CONTEXT_OVERHEAD_BYTES,
            "remembered": EVICTED_REMEMBERED,
            "steps": EVICTION_STEPS,
        }
        self._take = Script.named("take", slots=SLOT_NAMES, holder_ms=BATCH_TTL_MS)
        self._commit = Script.named(
            "eviction",
            "accounts",
            "commit",
            limits=limits,
            accounts={
                "step": ACCOUNT_STEP_BYTES,
                "smallest": SMALLEST_COUNTED_BYTES,
                "state": keys.state_bytes(""),
                "sessions": keys.sessions(""),
                "kept_ms": round(settings.max_session_ttl_seconds * 1000),
            },
            reply_ms=REPLY_TTL_MS,
        )
        self._evict = Script.named("eviction", "evict", limits=limits)
        self._connection = ScriptConnection(client, (self._take, self._commit, self._evict))
        self._seal = settings.seal()

    def take(
        self,
        batch_id: str,
        worker_id: str,
        needs: dict[SessionKey, Needs],
        *,
        requests_apart: int = 0,
    ) -> tuple[bool, list[bytes], dict[SessionKey, StoredSession | None], int]:
        """Take a batch, and load what it needs of its sessions.

        Returns
        -------
        exists
            Whether the batch is still to be answered and has not expired.
        requests
            The batch's requests, if they lie apart. `requests_apart` is their number.
        sessions
            The needed part of each stored session; None if there is no such session.
        now_ms
            The time by Redis's clock, in ms of Unix time.
        """
        touched = [
            keys.batch(batch_id),
            keys.holder(batch_id),
            *(keys.session(*key) for key in needs),
        ]
        header = json.dumps([_needed(need) for need in needs.values()])
        commands = [self._take.command(touched, (worker_id, header))]
        if requests_apart:
            commands.append(_requests_of(batch_id, requests_apart))
        found, *requests = self._connection.run(*commands)
        now_ms, exists, *answers = found
        sessions = {
            key: self._opened(key, _stored_session(need, answer)) if answer else None
            for (key, need), answer in zip(needs.items(), answers, strict=True)
        }
        place = (self._connection, self._seal)
        if add_replayed(*place, needs, sessions) and load_large_slots(*place, sessions):
            return bool(exists), requests[0] if requests else [], sessions, now_ms
        # More is needed, or another commit has replaced some of it in between.
        return self.take(batch_id, worker_id, needs, requests_apart=requests_apart)

    def requests(self, batch_id: str, number: int) -> list[bytes] | None:
        """Return the requests of a batch that lie apart; None if it has been answered."""
        requests: list[bytes] = self._connection.run(_requests_of(batch_id, number))[0]
        return None if None in requests else requests

    def commit(
        self,
        reply_stream: str,
        answer: Answer,
        sessions: Sequence[Changes],
        *,
        insist: bool = False,
        run: Callable[[Command], Any] | None = None,
    ) -> Committed:
        """Apply a batch's changes and hand over its answer: all of it or nothing, and only once.

        A batch that insists has its turn after the next conflict. The others then wait for it.
        `run` runs the script; by default the store's own connection does.
        """
        staged = together(
            [
                stage(each.session, each.slots, each.ttl_ms, self._seal)
                for each in sessions
                if each.slots
            ]
        )
        command = self._commit_command(reply_stream, answer, sessions, staged, insist=insist)
        try:
            if run and not staged.commands:
                committed = Committed(run(command))
            else:
                committed = Committed(self._connection.run(*staged.commands, command)[-1])
        except redis.OutOfMemoryError:
            if not staged.commands:
                raise
            # A full Redis takes large slots only through the script, which frees memory before.
            command = self._commit_command(
                reply_stream, answer, sessions, NOTHING_STAGED, insist=insist
            )
            committed = Committed(self._connection.run(command)[0])
        if committed is not Committed.MORE:
            return committed
        for each in sessions:
            self._evict_more(each)
        return Committed.DONE

    def _commit_command(
        self,
        reply_stream: str,
        answer: Answer,
        sessions: Sequence[Changes],
        staged: Staged,
        *,
        insist: bool,
    ) -> Command:
        batch_id = answer.batch_id
        touched = [
            keys.batch(batch_id), keys.holder(batch_id), reply_stream, keys.requests(batch_id)
        ]  # fmt: skip
        replies = list(answer.replies)
        large: list[Value] = []
        for at, reply in enumerate(replies):
            # Only a response may be large. A status is small and keeps its kind.
            if reply.kind == RESPONSE and len(reply.data) >= LARGE_BYTES:
                touched.append(keys.large_result(batch_id, len(large)))
                large.append(reply.data)
                replies[at] = reply._replace(
                    kind=LARGE,
                    data=touched[-1].encode(),
                    mark=self._seal.mark("result", reply.data, touched[-1]),
                )
        encoded = answer._replace(replies=replies).encode()
        encoded = self._seal.close("reply", encoded, reply_stream)
        header = {
            "insists": insist,
            "large": len(large),
            "published": len(encoded) <= PUBLISHED_BYTES,
            "sessions": [_changed(each, staged) for each in sessions],
        }
        arguments: list[Value] = [json.dumps(header), batch_id, encoded, *large]
        for each in sessions:
            touched += _keys_of(each)
            if each.journal.steps:
                steps = each.journal.steps
                arguments.append(self._seal.close(JOURNAL_SEAL, steps, *each.session, batch_id))
            arguments += each.contexts
            for name, value in each.values.items():
                arguments += (name, self._closed(each.session, name, value))
            for slot, data in each.slots.items():
                kept = staged.value(each.session, slot, data)
                arguments += (slot, self._closed(each.session, slot, kept))
            for layer in each.changed_layers:
                arguments += (keys.LAST_BATCH + layer, batch_id)
        return self._commit.command(touched, arguments)

    def _closed(self, session: SessionKey, field: str, value: Value) -> Value:
        """Seal a value of a session's hash: its record, or the arrays of a slot."""
        if isinstance(value, bytes) and field.partition("/")[0] in SEALED_FIELDS:
            return self._seal.close(STATE, value, *session, field)
        return value

    def _opened(self, key: SessionKey, stored: StoredSession) -> StoredSession:
        """Open what is sealed of a session.

        Raises
        ------
        ForgedError
            A part of it was not written by a worker of this service.
        """
        if self._seal.is_open or not (stored.record or stored.has_loaded_slots):
            return stored

        def opened(field: str, value: bytes | None) -> bytes | None:
            return None if value is None else self._seal.open(STATE, value, *key, field)

        layers = {
            name: layer._replace(
                slots={
                    slot: kept._replace(arrays=opened(keys.slot(slot, name), kept.arrays))
                    for slot, kept in layer.slots.items()
                }
            )
            for name, layer in stored.layers.items()
        }
        return stored._replace(record=opened(keys.RECORD, stored.record), layers=layers)

    def _evict_more(self, changes: Changes) -> None:
        """Evict the contexts that a commit has left, in steps between which Redis serves others."""
        while changes.contexts:
            (more,) = self._connection.run(
                self._evict.command(_keys_of(changes), (changes.ttl_ms,))
            )
            if not more:
                return


def _requests_of(batch_id: str, number: int) -> Command:
    return ("MGET", *(keys.request(batch_id, each) for each in range(number)))


def _keys_of(changes: Changes) -> tuple[str, ...]:
    return (
        keys.session(*changes.session),
        keys.context_order(*changes.session),
        keys.evicted_contexts(*changes.session),
        keys.large_slots(*changes.session),
    )


def _needed(need: Needs) -> dict[str, Any]:
    """Return a session's part of the header of `lua/take.lua`."""
    layers: list[dict[str, Any]] = []
    for name, layer in need.layers.items():
        # Versions are text, because the script compares them with Redis's texts.
        versions = ["" if each is None else str(each) for each in layer.versions]
        needed: dict[str, Any] = {"name": name, "versions": versions}
        if layer.contexts:
            needed["contexts"] = list(layer.contexts)
        if layer.latest:
            needed["latest"] = True
        layers.append(needed)
    return {"revision": need.known_revision, "layers": layers}


def _stored_session(need: Needs, answer: list[Any]) -> StoredSession:
    """Parse the answer of `lua/take.lua` for one session."""
    revision, record, has_contexts, has_forgotten, journal, *answers = answer
    layers = {
        name: _stored_layer(layer, stored)
        for (name, layer), stored in zip(need.layers.items(), answers, strict=True)
    }
    return StoredSession(
        revision.decode(),
        record,
        bool(has_contexts),
        bool(has_forgotten),
        layers,
        has_loaded_slots=any(layer.has_loaded_slots for layer in layers.values()),
        journal=journal.decode() if journal else "",
    )


def _stored_layer(need: LayerNeeds, answer: list[Any]) -> StoredLayer:
    count, latest, last_batch, latest_context, wanted, versions, arrays = answer
    latest = latest.decode() if latest else ""
    contexts = dict(zip(need.contexts, wanted, strict=True)) if wanted else {}
    if need.latest and latest:
        contexts[latest] = latest_context
    slots = {
        name: StoredSlot(int(version or 0), loaded) if version or loaded is not None else NO_SLOT
        for name, version, loaded in zip(SLOT_NAMES, versions, arrays, strict=True)
    }
    return StoredLayer(
        slots,
        int(count or 0),
        latest,
        last_batch.decode() if last_batch else "",
        contexts,
        has_loaded_slots=arrays != NO_ARRAYS,
    )


def _changed(changes: Changes, staged: Staged) -> dict[str, Any]:
    """Return a session's part of the header of `lua/commit.lua`.

    Zeros and empty lists are left out.
    """
    changed: dict[str, Any] = {
        "ttl_ms": changes.ttl_ms,
        "values": len(changes.values) + len(changes.slots) + len(changes.changed_layers),
    }
    if changes.has_large_slots:
        changed["has_large_slots"] = True
    if changes.slots:
        changed["slots"] = [
            (field, staged.names.get((changes.session, field), "")) for field in changes.slots
        ]
    if changes.journal is not NO_CHANGE:
        changed["journal"] = changes.journal.present
        changed["steps"] = keys.journaled_steps(*changes.session, "")
        if changes.journal.following is not None:
            changed["next_journal"] = changes.journal.following
            changed["steps_bytes"] = changes.journal.size
            changed["steps_apart"] = changes.journal.apart
    if changes.layers:
        changed["layers"] = list(changes.layers.items())
    if changes.lengths:
        changed["lengths"] = list(changes.lengths.items())
    if changes.loaded_revision is not None:
        changed["revision"] = changes.loaded_revision
    if changes.deleted:
        changed["deleted"] = True
    if changes.is_counted:
        changed["counted"] = True
    if changes.has_contexts:
        changed["has_contexts"] = True
    if changes.contexts:
        changed["contexts"] = len(changes.contexts)
        changed["context_bytes"] = changes.new_context_bytes
    return changed
