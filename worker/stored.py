"""What is stored of sessions, what a batch needs of it, and what a batch changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from edunn_serving.keys import SessionKey
from worker.journal import NO_CHANGE, JournalChange, LoadedSteps
from worker.large_slots import EncodedSlots

# The bytes that Redis takes for a context besides its own and twice those of its field's name. The
# name is in a hash and in a list. 55 to 90 were measured with Redis 7.0, for contexts of up to 100
# bytes.
CONTEXT_OVERHEAD_BYTES = 96

Value = bytes | str | int


@dataclass(slots=True)
class LayerNeeds:
    """What a batch needs of one layer, and what the worker has of it already."""

    # The versions of the slots that the worker has, in the order of `SLOTS`. None: the batch does
    # not need the slot.
    versions: list[int | None]
    # The forward ids of the wanted contexts, in order.
    contexts: dict[str, None] = field(default_factory=dict)
    # Whether the latest forward's context is wanted.
    latest: bool = False


@dataclass(slots=True)
class Needs:
    """What a batch needs of one session, and what the worker has of it already."""

    known_revision: str = ""
    layers: dict[str, LayerNeeds] = field(default_factory=dict)
    # The steps that the worker's layers have beyond the stored slots.
    journal: str = ""
    # The layer and loss of stored steps that the worker's layers lack.
    replayed: tuple[str, str] | None = None


class StoredSlot(NamedTuple):
    """A stored slot of a layer. The arrays are None if the worker has the version or needs none."""

    version: int
    arrays: bytes | None


class StoredLayer(NamedTuple):
    """A stored layer."""

    # By their names.
    slots: dict[str, StoredSlot]
    # The number of forwards that the service has numbered.
    forwards: int
    latest: str
    last_batch: str
    # Forward id -> context; None if there is none.
    contexts: dict[str, bytes | None]
    # Whether arrays of its slots were loaded.
    has_loaded_slots: bool = False


class StoredSession(NamedTuple):
    """A stored session. The record is None if the worker has its revision."""

    revision: str
    record: bytes | None
    has_contexts: bool
    # Whether it has forgotten some of its evicted contexts.
    has_forgotten: bool
    layers: dict[str, StoredLayer]
    # None if the state was loaded. If the worker has recalled it, the length of each wanted
    # context by its field, 0 if there is none. The commit verifies them.
    lengths: dict[str, int] | None = None
    # Whether arrays of slots were loaded.
    has_loaded_slots: bool = False
    # Where its journaled steps are, and those that the worker's layers lack.
    journal: str = ""
    steps: Sequence[LoadedSteps] = ()


class Changes(NamedTuple):
    """A batch's changes of one session.

    `loaded_revision` is the session's revision when it was loaded. It is empty if the session did
    not exist, and None if nothing but the expiry changes.
    """

    session: SessionKey
    loaded_revision: str | None
    ttl_ms: int
    # Whether the session's old values are removed before the new ones are set.
    deleted: bool = False
    has_contexts: bool = False
    # The fields of the new contexts, oldest first, and their bytes in the budget.
    contexts: Sequence[str] = ()
    new_context_bytes: int = 0
    # The layers that must be as they were, each with the last batch that had changed it then.
    layers: dict[str, str] = {}  # noqa: RUF012  # never written into
    changed_layers: Sequence[str] = ()
    # The contexts that must be as they were: the length of each by its field, 0 if there was none.
    lengths: dict[str, int] = {}  # noqa: RUF012  # never written into
    values: dict[str, Value] = {}  # noqa: RUF012  # never written into
    # Whether some of the session's slots may be stored apart, because they are large.
    has_large_slots: bool = False
    # The changed slots by their fields. The large ones are stored apart.
    slots: EncodedSlots = {}  # noqa: RUF012  # never written into
    # Whether slots or the record change, whose bytes count for the caller.
    is_counted: bool = False
    journal: JournalChange = NO_CHANGE


def context_cost(field: str, context: bytes) -> int:
    """Return the bytes of its session's budget that a context takes."""
    return len(context) + 2 * len(field) + CONTEXT_OVERHEAD_BYTES
