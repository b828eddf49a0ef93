"""A session as one batch sees it: loaded from Redis, changed in memory, its changes collected."""

from __future__ import annotations

from dataclasses import dataclass, field

from edunn.model import Model
from edunn_serving.internal.v1.state_pb2 import SessionRecord
from worker.errors import Code, ServiceError, session_not_found
from worker.randomness import RepeatableGenerator
from worker.ready import ReadyLayer, ReadySession, build_layer, decode_arrays, encode_arrays
from worker.store import (
    Change,
    Changes,
    SessionKey,
    StoredLayer,
    StoredSession,
    buffers_change,
    context_change,
    count_change,
    delete_change,
    parameters_change,
    record_change,
)


@dataclass(slots=True)
class OpenLayer:
    """A layer as the operations of a batch see it."""

    name: str
    ready: ReadyLayer
    count: int = 0
    latest: str = ""
    # Forward id -> context; empty where it was evicted.
    contexts: dict[str, bytes] = field(default_factory=dict)
    numbered: bool = False

    @property
    def model(self) -> Model:
        return self.ready.model

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the tensors that a forward takes."""
        inputs: tuple[str, ...] = self.ready.description.inputs
        return inputs


class OpenSession:
    """A session, existing or not, while a batch runs on it."""

    def __init__(
        self,
        key: SessionKey,
        stored: StoredSession | None,
        ready: ReadySession | None,
        randomness: RepeatableGenerator,
    ) -> None:
        self.key = key
        self.randomness = randomness
        self._commits = stored.commits if stored else b""
        self._stored_layers = stored.layers if stored else {}
        self._layers: dict[str, OpenLayer] = {}
        self._changes: list[Change] = []
        self._contexts = stored.contexts if stored else []
        self.ready: ReadySession | None = None
        if stored and stored.record is not None:
            record = SessionRecord.FromString(stored.record)
            self.ready = ReadySession(stored.revision, record)
        elif stored:
            self.ready = ready

    @property
    def exists(self) -> bool:
        return self.ready is not None

    @property
    def record(self) -> SessionRecord:
        """The session's record.

        Raises
        ------
        ServiceError
            SESSION_NOT_FOUND where there is no such session.
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
        if self.ready is None or stored is None or not stored.parameters_version:
            raise layer_not_found(name, [layer.name for layer in record.layers])
        ready = self.ready.layers.get(name)
        if ready is None:
            ready = build_layer(
                next(layer for layer in record.layers if layer.name == name),
                generator=self.randomness.generator,
            )
            self.ready.layers[name] = ready
        _refresh(ready, stored)
        contexts = {
            each.forward_id: each.context
            for each in self._contexts
            if each.layer == name and each.context is not None
        }
        return OpenLayer(name, ready, stored.forwards, stored.latest, contexts)

    def create(self, record: SessionRecord) -> None:
        """Begin the session."""
        self.ready = ReadySession(b"", record)
        self._layers.clear()
        self._save_record()

    def add_layer(self, name: str, ready: ReadyLayer) -> None:
        """Take in a new layer, the description of which is in the record already."""
        if self.ready is None:
            raise session_not_found(self.key.session_id)
        self.ready.layers[name] = ready
        self._layers[name] = OpenLayer(name, ready)
        self.save_parameters(self._layers[name])
        if ready.model.get_buffers():
            self.save_buffers(self._layers[name])
        self._save_record()

    def delete(self) -> None:
        """End the session."""
        self.ready = None
        self._layers.clear()
        self._stored_layers = {}
        self._contexts = []
        # What came before is deleted with it.
        self._changes = [delete_change()]

    def save_parameters(self, layer: OpenLayer) -> None:
        """Store the parameters as the layer has them now, as a new version."""
        layer.ready.parameters_version += 1
        arrays = encode_arrays(layer.model.get_parameters())
        self._changes.append(parameters_change(layer.name, arrays, layer.ready.parameters_version))

    def save_buffers(self, layer: OpenLayer) -> None:
        """Store the buffers as the layer has them now, as a new version."""
        layer.ready.buffers_version += 1
        arrays = encode_arrays(layer.model.get_buffers())
        self._changes.append(buffers_change(layer.name, arrays, layer.ready.buffers_version))

    def save_context(self, layer: OpenLayer, forward_id: str, context: bytes) -> None:
        """Store what a backward needs; its forward becomes the layer's latest."""
        layer.contexts[forward_id] = context
        layer.latest = forward_id
        self._changes.append(context_change(layer.name, forward_id, context))

    def changes(self) -> Changes | None:
        """Return what to commit, None where there is neither a session nor a change."""
        changes = [
            *self._changes,
            *(
                count_change(layer.name, layer.count)
                for layer in self._layers.values()
                if layer.numbered
            ),
        ]
        if not changes:
            return Changes(self.key, None, self.ttl_ms, ()) if self.exists else None
        ttl_ms = self.ttl_ms if self.exists else 0
        return Changes(self.key, self._commits, ttl_ms, changes)

    def _save_record(self) -> None:
        if self.ready is None:
            raise session_not_found(self.key.session_id)
        record = self.ready.record
        self.ready.revision = record.incarnation + str(len(record.layers)).encode()
        self._changes.append(record_change(record.SerializeToString(), self.ready.revision))


def layer_not_found(name: str, names: list[str]) -> ServiceError:
    """Return the error of a layer that the session does not have."""
    there_are = f"it has {', '.join(names)}" if names else "it has none"
    return ServiceError(
        Code.NOT_FOUND,
        "LAYER_NOT_FOUND",
        f"the session has no layer {name!r}: {there_are}",
        metadata={"layer": name},
    )


def _refresh(ready: ReadyLayer, stored: StoredLayer) -> None:
    """Bring a layer at hand to the stored versions."""
    if stored.parameters is not None:
        ready.model.set_parameters(decode_arrays(stored.parameters))
        ready.parameters_version = stored.parameters_version
    if stored.buffers is not None:
        ready.model.set_buffers(decode_arrays(stored.buffers))
        ready.buffers_version = stored.buffers_version
