"""Sessions in Redis: one round trip to load what a batch needs, one to commit what it did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

import redis

from edunn_serving import keys
from edunn_serving.keys import SessionKey
from edunn_serving.replies import (
    BATCH_TTL_MS,
    LARGE,
    LARGE_BYTES,
    REPLY_TTL_MS,
    RESPONSE,
    Reply,
)
from edunn_serving.scripts import Script
from edunn_serving.settings import Settings
from worker.script_connection import ScriptConnection

EVICTED_CONTEXTS_REMEMBERED = 1000
# How many contexts a commit evicts besides one for each that it adds: 256 take Redis about 2 ms.
EVICTED_AT_ONCE = 256
# What Redis takes for a context besides its bytes and twice the name of its field, which stands in
# a hash and in a list: 55 to 90 bytes beside contexts of up to 100, measured with Redis 7.0.
CONTEXT_OVERHEAD_BYTES = 96

Value = bytes | str | int


@dataclass(slots=True)
class Needs:
    """What a batch needs of one session, and what of it the worker has already."""

    known_revision: bytes = b""
    # Layer -> the versions of parameters and buffers that the worker has.
    layers: dict[str, tuple[int, int]] = field(default_factory=dict)
    # (layer, forward id) of each context that is wanted.
    contexts: dict[tuple[str, str], None] = field(default_factory=dict)
    # Layers whose latest forward's context is wanted.
    latest: set[str] = field(default_factory=set)


class StoredLayer(NamedTuple):
    """A layer as it is stored. Arrays are None where the worker has their version."""

    parameters_version: int
    parameters: bytes | None
    buffers_version: int
    buffers: bytes | None
    forwards: int
    latest: str
    last_batch: bytes
    # Forward id -> context: None where there is none, empty where it was evicted.
    contexts: dict[str, bytes | None]


class StoredSession(NamedTuple):
    """A session as it is stored. The record is None where the worker has its revision."""

    revision: bytes
    record: bytes | None
    has_contexts: bool
    layers: dict[str, StoredLayer]


class Changes(NamedTuple):
    """What a batch did to one session.

    `loaded_revision` is the session's revision when it was loaded: empty where it did not exist,
    None where nothing was changed and only the expiry is pushed on.
    """

    session: SessionKey
    loaded_revision: bytes | None
    ttl_ms: int
    # Whether what the session had is removed before the new values are set.
    deleted: bool = False
    has_contexts: bool = False
    # The fields of the contexts that are new, oldest first, and what they count in the budget.
    contexts: Sequence[str] = ()
    new_context_bytes: int = 0
    # The layers that change, and the batch that had changed each last when it was loaded.
    layers: dict[str, bytes] = {}  # noqa: RUF012  # never written into
    values: dict[str, Value] = {}  # noqa: RUF012  # never written into


class Committed(Enum):
    """How a commit ended."""

    DONE = b"done"
    # Another run of the same batch was first.
    ANSWERED = b"answered"
    # Another batch has changed a session since it was loaded.
    CONFLICT = b"conflict"
    # It is another batch's turn to change a session.
    WAIT = b"wait"


class Store:
    """The sessions and batches of one Redis, as a worker sees them."""

    def __init__(self, client: redis.Redis, settings: Settings) -> None:
        self._context_budget = settings.session_context_bytes
        self._context_limit = settings.session_context_count
        self._take = Script.named("take")
        self._commit = Script.named("commit")
        self._connection = ScriptConnection(client, (self._take, self._commit))

    def take(
        self, batch_id: str, worker_id: str, needs: dict[SessionKey, Needs]
    ) -> tuple[list[bytes], dict[SessionKey, StoredSession | None], int]:
        """Take a batch, and load what it needs of its sessions.

        Returns
        -------
        requests
            The batch's requests; none where it is answered already or has expired.
        sessions
            What is stored of each session; None where there is no such session.
        now_ms
            What Redis's clock said, in ms of Unix time.
        """
        touched = [keys.batch(batch_id), keys.holder(batch_id)]
        arguments: list[Value] = [worker_id, BATCH_TTL_MS]
        for key, need in needs.items():
            touched.append(keys.session(*key))
            _add_needs(arguments, need)
        found, requests = self._connection.run(
            self._take.command(touched, arguments), ("LRANGE", keys.batch(batch_id), 0, -1)
        )
        now_ms, *answers = found
        sessions = {
            key: _stored_session(need, answer) if answer else None
            for (key, need), answer in zip(needs.items(), answers, strict=True)
        }
        return requests, sessions, now_ms

    def commit(
        self,
        batch_id: str,
        reply_stream: str,
        replies: Sequence[Reply],
        sessions: Sequence[Changes],
        *,
        insist: bool = False,
    ) -> Committed:
        """Apply what a batch did and hand over its reply: all of it or nothing, and only once.

        A batch that insists has its turn after the next conflict: the others wait for it.
        """
        touched = [keys.batch(batch_id), keys.holder(batch_id), reply_stream]
        entry: list[Value] = [
            "batch",
            batch_id,
            "us",
            " ".join(f"{reply.seconds * 1e6:.0f}" for reply in replies),
        ]
        large: list[Value] = []
        for reply in replies:
            # Only a response travels by another way: a status keeps its kind, and is small.
            if reply.kind != RESPONSE or len(reply.data) < LARGE_BYTES:
                entry += (reply.kind, reply.data)
            else:
                touched.append(keys.large_result(batch_id, len(large)))
                large.append(reply.data)
                entry += (LARGE, touched[-1])
        arguments: list[Value] = [
            REPLY_TTL_MS, self._context_budget, CONTEXT_OVERHEAD_BYTES, EVICTED_CONTEXTS_REMEMBERED,
            self._context_limit, EVICTED_AT_ONCE,
            keys.REVISION, keys.CONTEXT_BYTES, keys.TURN, int(insist),
            len(large), *large, len(entry), *entry,
        ]  # fmt: skip
        for each in sessions:
            touched += (
                keys.session(*each.session),
                keys.context_order(*each.session),
                keys.evicted_contexts(*each.session),
            )
            _add_changes(arguments, each, batch_id)
        (answer,) = self._connection.run(self._commit.command(touched, arguments))
        return Committed(answer)


def context_cost(field: str, context: bytes) -> int:
    """Return how many bytes of its session's budget a context takes."""
    return len(context) + 2 * len(field) + CONTEXT_OVERHEAD_BYTES


def _add_needs(arguments: list[Value], need: Needs) -> None:
    """Append a session's part of the arguments of `lua/take.lua`."""
    fields: list[str] = [keys.REVISION]
    for layer in need.layers:
        fields += (keys.parameters_version(layer), keys.buffers_version(layer), keys.latest(layer))
    fields.append(keys.CONTEXT_BYTES)
    for layer in need.layers:
        fields += (keys.count(layer), keys.last_batch(layer))
    fields += (keys.context(*context) for context in need.contexts)
    arguments += (need.known_revision, keys.RECORD, len(fields), *fields, len(need.layers))
    for layer, versions in need.layers.items():
        prefix = keys.context(layer, "") if layer in need.latest else ""
        arguments += (*versions, keys.parameters(layer), keys.buffers(layer), prefix)


def _stored_session(need: Needs, answer: list[Any]) -> StoredSession:
    """Return what `lua/take.lua` answers for a session."""
    values, record, *arrays = answer
    count = len(need.layers)
    revision, versions = values[0], values[1 : 1 + 3 * count]
    context_bytes, *rest = values[1 + 3 * count :]
    counts, last_batches, contexts = (
        rest[: 2 * count : 2],
        rest[1 : 2 * count : 2],
        rest[2 * count :],
    )
    layers: dict[str, StoredLayer] = {}
    for at, layer in enumerate(need.layers):
        parameters_version, buffers_version, latest = versions[3 * at : 3 * at + 3]
        parameters, buffers, latest_context = arrays[3 * at : 3 * at + 3]
        latest = (latest or b"").decode()
        layers[layer] = StoredLayer(
            int(parameters_version or 0),
            parameters,
            int(buffers_version or 0),
            buffers,
            int(counts[at] or 0),
            latest,
            last_batches[at] or b"",
            {latest: latest_context} if layer in need.latest and latest else {},
        )
    for (layer, forward_id), context in zip(need.contexts, contexts, strict=True):
        layers[layer].contexts[forward_id] = context
    return StoredSession(revision, record, context_bytes is not None, layers)


def _add_changes(arguments: list[Value], changes: Changes, batch_id: str) -> None:
    """Append a session's part of the arguments of `lua/commit.lua`."""
    values = {**changes.values, **{keys.last_batch(layer): batch_id for layer in changes.layers}}
    arguments += (
        b"*" if changes.loaded_revision is None else changes.loaded_revision,
        changes.ttl_ms,
        int(changes.deleted),
        int(changes.has_contexts),
        changes.new_context_bytes,
        len(changes.contexts),
        *changes.contexts,
        2 * len(changes.layers),
    )
    for layer, last_batch in changes.layers.items():
        arguments += (keys.last_batch(layer), last_batch)
    arguments.append(2 * len(values))
    for pair in values.items():
        arguments += pair
