"""A session as one batch sees it: loaded from Redis, changed in memory, its changes collected."""

from __future__ import annotations

from dataclasses import dataclass, field

from edunn.model import Model
from edunn_serving import keys
from edunn_serving.errors import Reason, ServiceError, quoted, session_not_found
from edunn_serving.internal.v1.state_pb2 import (
    Context,
    ContextHeader,
    SessionRecord,
    TrainingBytes,
)
from edunn_serving.keys import SessionKey
from edunn_serving.v1.layer_pb2 import Layer
from worker.journal import NO_CHANGE, NO_JOURNAL, BatchSteps, Journal, JournalChange, with_steps
from worker.randomness import RepeatableGenerator
from worker.ready import ReadyLayer, ReadySession, build_layer
from worker.recent_contexts import RecentContexts
from worker.room import Room
from worker.slots import PARAMETERS, SLOTS, Slot
from worker.stored import Changes, StoredLayer, StoredSession, Value, context_cost
from worker.wire import Piece


@dataclass(slots=True)
class OpenLayer:
    """A layer as the operations of a batch see it."""

    name: str
    ready: ReadyLayer
    count: int = 0
    latest: str = ""
    # The last batch that had changed the layer when it was loaded.
    last_batch: str = ""
    # Forward id -> context. None: there is none. An evicted context is only its header.
    contexts: dict[str, bytes | None] = field(default_factory=dict)

    @property
    def model(self) -> Model:
        return self.ready.model

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the tensors that a forward takes."""
        inputs: tuple[str, ...] = self.ready.description.inputs
        return inputs


class OpenSession:
    """A session while a batch runs on it. The session may not exist."""

    def __init__(
        self,
        key: SessionKey,
        stored: StoredSession | None,
        ready: ReadySession | None,
        randomness: RepeatableGenerator,
        now_ms: int,
    ) -> None:
        self.key = key
        self.randomness = randomness
        # The time at which the batch took the session, in ms of Unix time by Redis's clock.
        self.now_ms = now_ms
        # Set by every change of the session. `BatchRun` clears it before each operation.
        self.changed = False
        # Of the present operation.
        self.room = Room()
        self._loaded_revision = stored.revision if stored else ""
        self._stored_layers = stored.layers if stored else {}
        self._layers: dict[str, OpenLayer] = {}
        # The bytes of arrays and records that are to be stored.
        self.stored_bytes = 0
        # The values that are to be stored, by the fields of the session's hash.
        self._values: dict[str, Value] = {}
        # The slots that are to be stored, by layer and name. They are encoded once, when the batch
        # has run.
        self._changed_slots: dict[tuple[str, str], tuple[ReadyLayer, Slot]] = {}
        self._deleted = False
        self._changed_layers: dict[str, str] = {}
        self._new_contexts: list[str] = []
        self._new_context_bytes = 0
        self._has_contexts = bool(stored and stored.has_contexts)
        # What the commit must verify besides, if the state was recalled and not loaded.
        self._lengths = stored.lengths if stored else None
        # Whether the session has forgotten some of its evicted contexts.
        self.has_forgotten = bool(stored and stored.has_forgotten)
        self.ready: ReadySession | None = None
        if stored and stored.record is not None:
            record = SessionRecord.FromString(stored.record)
            self.ready = ReadySession(stored.revision, record)
        elif stored:
            self.ready = ready
        if self.ready is not None:
            self.ready.has_contexts = self._has_contexts
            self.ready.has_forgotten = self.has_forgotten
            if not (stored and stored.journal):
                self.ready.journal = NO_JOURNAL
        # The steps that the layers in memory have beyond the stored slots, now and after the batch.
        self._journal = self._next_journal = self.ready.journal if self.ready else NO_JOURNAL

    @property
    def exists(self) -> bool:
        return self.ready is not None

    @property
    def record(self) -> SessionRecord:
        """The session's record.

        Raises
        ------
        ServiceError
            SESSION_NOT_FOUND: there is no such session.
        """
        if self.ready is None:
            raise session_not_found(self.key.session_id)
        return self.ready.record

    @property
    def ttl_ms(self) -> int:
        return int(self.record.ttl.ToMilliseconds())

    def layer(self, name: str) -> OpenLayer:
        """Return a layer, ready to run.

        Raises
        ------
        ServiceError
            SESSION_NOT_FOUND or LAYER_NOT_FOUND.
        """
        layer = self._layers.get(name)
        if layer is None:
            layer = self._layers[name] = self._open_layer(name)
        return layer

    def _open_layer(self, name: str) -> OpenLayer:
        record = self.record
        stored = self._stored_layers.get(name)
        if self.ready is None or stored is None or not stored.slots[PARAMETERS.name].version:
            raise layer_not_found(name, [layer.name for layer in record.layers])
        ready = self.ready.layers.get(name)
        if ready is None:
            ready = build_layer(
                next(layer for layer in record.layers if layer.name == name),
                generator=self.randomness.generator,
                blank=True,
            )
            self.ready.layers[name] = ready
        _refresh(ready, stored)
        return OpenLayer(
            name, ready, stored.forwards, stored.latest, stored.last_batch, stored.contexts
        )

    def create(self, record: SessionRecord) -> None:
        """Create the session."""
        self.changed = True
        self.ready = ReadySession("", record)
        self._layers.clear()
        self._save_record()

    def add_layer(self, name: str, ready: ReadyLayer) -> None:
        """Add a new layer. The record must have its description already."""
        self.changed = True
        if self.ready is None:
            raise session_not_found(self.key.session_id)
        self.ready.layers[name] = ready
        self._layers[name] = OpenLayer(name, ready)
        for slot in SLOTS:
            # A layer without parameters stores them too: their field tells that the layer exists.
            if slot is PARAMETERS or slot.read(ready):
                self.save(self._layers[name], slot)
        self._save_record()

    def delete(self) -> None:
        """End the session."""
        self.changed = True
        self.ready = None
        self._layers.clear()
        self._stored_layers = {}
        self._values.clear()
        self._changed_slots.clear()
        self._changed_layers.clear()
        self._new_contexts.clear()
        self._new_context_bytes = 0
        self._has_contexts = False
        self._deleted = True

    def save(self, layer: OpenLayer, slot: Slot) -> None:
        """Store the layer's present arrays of a slot as a new version."""
        self.changed = True
        self._changed_layers[layer.name] = layer.last_batch
        layer.ready.versions[slot.name] += 1
        self._values[keys.version(slot.name, layer.name)] = layer.ready.versions[slot.name]
        changed = (layer.name, slot.name)
        if changed not in self._changed_slots:
            self._changed_slots[changed] = layer.ready, slot
            self.stored_bytes += slot.size(layer.ready)

    def count_forward(self, layer: OpenLayer) -> None:
        """Count one more forward of the layer that the service has numbered."""
        self.changed = True
        self._changed_layers[layer.name] = layer.last_batch
        layer.count += 1
        self._values[keys.count(layer.name)] = layer.count

    def save_context(self, layer: OpenLayer, forward_id: str, context: bytes) -> None:
        """Store a context. Its forward becomes the layer's latest."""
        self._store_context(layer, forward_id, context)
        layer.latest = forward_id
        self._values[keys.latest(layer.name)] = forward_id

    def save_trace(self, layer: OpenLayer, trace: str, header: ContextHeader) -> None:
        """Store that an operation has taken effect, under a name that no forward has."""
        self._store_context(layer, trace, Context(header=header).SerializeToString())

    def reserve(self, layer: OpenLayer, reserved: TrainingBytes) -> None:
        """Note the bytes that the layer's training may keep from now on."""
        record = self.record
        if record.training.get(layer.name) != reserved:
            self.changed = True
            record.training[layer.name].CopyFrom(reserved)
            record.changes += 1
            self._save_record()

    def _store_context(self, layer: OpenLayer, name: str, context: bytes) -> None:
        self.changed = True
        self._changed_layers[layer.name] = layer.last_batch
        layer.contexts[name] = context
        stored_as = keys.context(layer.name, name)
        self._new_contexts.append(stored_as)
        self._new_context_bytes += context_cost(stored_as, context)
        self._has_contexts = True
        self._store(stored_as, context)

    def changes(self, steps: BatchSteps | None = None) -> Changes | None:
        """Return the changes to commit; None if there is neither a session nor a change.

        `steps` is the batch, if it is one of steps that may be journaled.
        """
        if not self.exists and not self._deleted:
            return None
        journal = self._change_of_journal(steps)
        slots: dict[str, list[Piece]] = {}
        has_large_slots = self.ready is not None and self.ready.may_have_large_slots
        if self._changed_slots and not journal.steps:
            slots = {
                keys.slot(slot.name, name): slot.pieces(layer)
                for (name, _), (layer, slot) in self._changed_slots.items()
            }
            if not has_large_slots:
                self._values.update({field: b"".join(pieces) for field, pieces in slots.items()})
                slots = {}
        ttl_ms = self.ttl_ms if self.exists else 0
        changed = self._deleted or bool(self._values)
        is_recalled = self._lengths is not None
        checked = {} if self._deleted else self._changed_layers
        if is_recalled and not self._deleted:
            checked = {name: layer.last_batch for name, layer in self._layers.items()}
        return Changes(
            self.key,
            self._loaded_revision if changed or is_recalled else None,
            ttl_ms,
            self._deleted,
            self._has_contexts,
            self._new_contexts,
            self._new_context_bytes,
            checked,
            tuple(self._changed_layers),
            self._lengths or {},
            self._values,
            has_large_slots,
            slots,
            bool(self._changed_slots) or keys.RECORD in self._values,
            journal,
        )

    def _change_of_journal(self, steps: BatchSteps | None) -> JournalChange:
        """Journal the steps of the batch, or end the journal: the slots are then stored."""
        present = self._journal.stored_as
        if self._deleted or self.ready is None:
            self._next_journal = NO_JOURNAL
            return JournalChange(present, "" if present else None)
        if steps is not None and not self._values:
            # No step has taken effect.
            return JournalChange(present)
        longer = self._journal_with(steps) if steps is not None else None
        if steps is not None and longer is not None:
            self._next_journal = longer
            version = self.ready.layers[steps.layer].versions[PARAMETERS.name]
            message = steps.encode(self._stored_layers[steps.layer].forwards, version)
            size = len(message) + (steps.size if steps.lie_apart else 0)
            return JournalChange(present, longer.stored_as, message, size, steps.apart)
        if not present:
            return NO_CHANGE
        self._next_journal = NO_JOURNAL
        layer = self.ready.layers[self._journal.layer]
        for slot in SLOTS:
            if slot.name in self._journal.slots:
                # Its version is the stored one already.
                version_field = keys.version(slot.name, self._journal.layer)
                self._values[version_field] = layer.versions[slot.name]
                self._changed_slots[self._journal.layer, slot.name] = layer, slot
        return JournalChange(present, "")

    def _journal_with(self, steps: BatchSteps) -> Journal | None:
        """Return the journal with the steps of the batch; None if slots are to be stored."""
        if keys.RECORD in self._values:
            return None
        size = sum(slot.size(layer) for layer, slot in self._changed_slots.values())
        return with_steps(self._journal, steps, self._changed_slots, size)

    def settle(self, batch_id: str, recent: RecentContexts) -> None:
        """Note in the ready session that the batch's changes are stored."""
        if self.ready is None:
            return
        self.ready.has_contexts = self._has_contexts
        self.ready.journal = self._next_journal
        for name, layer in self._layers.items():
            layer.ready.count = layer.count
            layer.ready.latest = layer.latest
            layer.ready.last_batch = batch_id if name in self._changed_layers else layer.last_batch
        for stored_as in self._new_contexts:
            context = self._values[stored_as]
            if isinstance(context, bytes):
                recent.keep(self.key, self.record.incarnation, stored_as, context)

    def _store(self, field: str, data: bytes) -> None:
        self.stored_bytes += len(data)
        self._values[field] = data

    def _save_record(self) -> None:
        if self.ready is None:
            raise session_not_found(self.key.session_id)
        record = self.ready.record
        self.ready.revision = f"{record.incarnation}/{len(record.layers)}/{record.changes}"
        self._store(keys.RECORD, record.SerializeToString())
        self._values[keys.REVISION] = self.ready.revision


def described_layer(record: SessionRecord, name: str) -> Layer:
    """Return the description of a layer of a session.

    Raises
    ------
    ServiceError
        LAYER_NOT_FOUND.
    """
    for layer in record.layers:
        if layer.name == name:
            return layer
    raise layer_not_found(name, [layer.name for layer in record.layers])


def layer_not_found(name: str, names: list[str]) -> ServiceError:
    """Return the error of a request for a layer that the session does not have."""
    there_are = f"it has {', '.join(names)}" if names else "it has none"
    return ServiceError(
        Reason.LAYER_NOT_FOUND,
        f"the session has no layer {quoted(name)}: {there_are}",
        metadata={"layer": name},
    )


def _refresh(ready: ReadyLayer, stored: StoredLayer) -> None:
    """Bring a layer in memory to the stored versions."""
    for slot in SLOTS:
        name = slot.name
        version, arrays = stored.slots[name]
        if arrays is not None:
            slot.decode(ready, arrays)
            ready.versions[name] = version
        if ready.versions[name] == version:
            ready.current_slots.add(name)
        else:
            ready.current_slots.discard(name)
