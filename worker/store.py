"""Sessions in Redis: one round trip to load what a batch needs, one to commit what it did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple, cast

import redis

from worker import keys
from worker.scripts import ScriptConnection

LUA = Path(__file__).parent / "lua"
REPLY_TTL_MS = 600_000
EVICTED_CONTEXTS_REMEMBERED = 1000


class SessionKey(NamedTuple):
    """Names a session: its id is one of its caller's own."""

    caller: str
    session_id: str


@dataclass(slots=True)
class Needs:
    """What a batch needs of one session, and what of it the worker has already."""

    known_revision: bytes = b""
    # Layer -> the versions of parameters and buffers that the worker has.
    layers: dict[str, tuple[int, int]] = field(default_factory=dict)
    # (layer, forward id) of each context; an empty id asks for the layer's latest.
    contexts: list[tuple[str, str]] = field(default_factory=list)


class StoredLayer(NamedTuple):
    """A layer as it is stored. Arrays are None where the worker has their version."""

    parameters_version: int
    parameters: bytes | None
    buffers_version: int
    buffers: bytes | None
    forwards: int
    latest: str


class StoredContext(NamedTuple):
    """A context as it is stored: None where there is none, empty where it was evicted."""

    layer: str
    forward_id: str
    context: bytes | None


class StoredSession(NamedTuple):
    """A session as it is stored. The record is None where the worker has its revision."""

    commits: bytes
    revision: bytes
    record: bytes | None
    layers: dict[str, StoredLayer]
    contexts: list[StoredContext]


# A change is its kind and what the kind asks for, as `lua/commit.lua` reads it.
Change = tuple[str | bytes | int, ...]


def record_change(record: bytes, revision: bytes) -> Change:
    """The session's record is replaced."""
    return ("record", record, revision)


def parameters_change(layer: str, arrays: bytes, version: int) -> Change:
    """A layer's parameters are replaced."""
    return ("parameters", layer, arrays, version)


def buffers_change(layer: str, arrays: bytes, version: int) -> Change:
    """A layer's buffers are replaced."""
    return ("buffers", layer, arrays, version)


def count_change(layer: str, count: int) -> Change:
    """Forwards of a layer have been numbered."""
    return ("count", layer, count)


def context_change(layer: str, forward_id: str, context: bytes) -> Change:
    """A forward has left its context, and is the layer's latest."""
    return ("context", layer, forward_id, context)


def delete_change() -> Change:
    """The session ends."""
    return ("delete",)


class Changes(NamedTuple):
    """What a batch did to one session.

    `loaded_commits` is empty where the session did not exist, None where nothing was changed and
    only the expiry is pushed on.
    """

    session: SessionKey
    loaded_commits: bytes | None
    ttl_ms: int
    changes: Sequence[Change]


class Committed(Enum):
    """How a commit ended."""

    DONE = b"done"
    # Another run of the same batch was first.
    ANSWERED = b"answered"
    # Another batch has changed a session since it was loaded.
    CONFLICT = b"conflict"


class Store:
    """The sessions and batches of one Redis, as a worker sees them."""

    def __init__(self, client: redis.Redis, *, context_budget: int) -> None:
        self._context_budget = context_budget
        connection = ScriptConnection(client)
        self._fetch = connection.script(script("fetch"))
        self._load = connection.script(script("load"))
        self._commit = connection.script(script("commit"))

    def fetch(self, batch_id: str, worker_id: str) -> bytes | None:
        """Return a batch's payload, or None where it is answered already or has expired."""
        return cast("bytes | None", self._fetch([keys.batch(batch_id)], [worker_id]))

    def load(self, needs: dict[SessionKey, Needs]) -> dict[SessionKey, StoredSession | None]:
        """Return what a batch needs of each session, None where there is no such session."""
        arguments: list[Any] = []
        for need in needs.values():
            arguments += (need.known_revision, len(need.layers))
            for layer, versions in need.layers.items():
                arguments += (layer, *versions)
            arguments.append(len(need.contexts))
            for context in need.contexts:
                arguments += context
        found = self._load([keys.session(*key) for key in needs], arguments)
        return {
            key: _stored_session(need, answer) if answer else None
            for (key, need), answer in zip(needs.items(), found, strict=True)
        }

    def commit(
        self, batch_id: str, reply_stream: str, reply: bytes, sessions: Sequence[Changes]
    ) -> Committed:
        """Apply what a batch did and hand over its reply: all of it or nothing, and only once."""
        touched = [keys.batch(batch_id), reply_stream]
        arguments: list[Any] = [
            batch_id, reply, REPLY_TTL_MS, self._context_budget, EVICTED_CONTEXTS_REMEMBERED
        ]  # fmt: skip
        for each in sessions:
            touched += (
                keys.session(*each.session),
                keys.context_order(*each.session),
                keys.evicted_contexts(*each.session),
            )
            expected = b"*" if each.loaded_commits is None else each.loaded_commits
            arguments += (expected, each.ttl_ms, len(each.changes))
            for change in each.changes:
                arguments += change
        return Committed(self._commit(touched, arguments))


def script(name: str) -> str:
    """Return the text of a Lua script, behind the fields that it may use."""
    return (LUA / "fields.lua").read_text() + (LUA / f"{name}.lua").read_text()


def _stored_session(need: Needs, answer: list[Any]) -> StoredSession:
    commits, revision, record, layers, contexts = answer
    return StoredSession(
        commits,
        revision,
        record,
        {
            layer: StoredLayer(
                int(parameters_version or 0),
                parameters,
                int(buffers_version or 0),
                buffers,
                int(count or 0),
                (latest or b"").decode(),
            )
            for layer, (
                parameters_version,
                parameters,
                buffers_version,
                buffers,
                count,
                latest,
            ) in zip(need.layers, layers, strict=True)
        },
        [
            StoredContext(layer, forward_id.decode(), context)
            for (layer, _), (forward_id, context) in zip(need.contexts, contexts, strict=True)
        ],
    )
