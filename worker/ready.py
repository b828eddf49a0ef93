"""The sessions that a worker keeps ready between batches: parsed records, layers and their arrays.

Redis has a copy of all of it. A version or revision beside each object tells whether Redis has a
newer one.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from edunn import catalogue
from edunn.composite import walk
from edunn.description import LayerDescription
from edunn.model import Model
from edunn_serving.internal.v1.state_pb2 import SessionRecord
from edunn_serving.keys import SessionKey
from edunn_serving.v1.layer_pb2 import Layer
from worker.configs import plain_config
from worker.journal import NO_JOURNAL, Journal
from worker.session_memory import layer_bytes, training_bytes
from worker.slots import (
    BUFFERS,
    LARGE_SLOT_BYTES,
    PARAMETERS,
    SLOT_NAMES,
    KeptGradients,
    OptimizerState,
)

# Bytes in memory of a layer or a session besides its arrays: a generous guess.
OVERHEAD_BYTES = 4096
# Bytes in memory of a layer within another: 240 to 400 were measured.
PART_BYTES = 1024
# Bytes in memory of a parsed record for each byte of its encoding, measured for short values.
RECORD_FACTOR = 24
# The number of kinds of admitted forwards that are remembered for a layer.
ADMITTED = 64


@dataclass(slots=True)
class ReadyLayer:
    """A layer with its parameters, ready to run."""

    model: Model
    description: LayerDescription
    gradients: KeptGradients = field(default_factory=KeptGradients)
    optimizer: OptimizerState = field(default_factory=OptimizerState)
    # The version of each slot by its name: how often it has been set.
    versions: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SLOT_NAMES, 0))
    # The layer's stored state when this worker ran it last: the number of forwards that the service
    # has numbered, the latest tracked forward, and the batch that had changed it last.
    count: int = 0
    latest: str = ""
    # The slots of which this worker had the stored version then.
    current_slots: set[str] = field(default_factory=lambda: set(SLOT_NAMES))
    last_batch: str = ""
    # The backward's charge, as a part of a context, of each forward that is within the limits. Keys
    # are phase, shapes and dtypes.
    admitted: dict[tuple[object, ...], bytes] = field(default_factory=dict)

    def size(self) -> int:
        """Return the approximate bytes of the layer, besides those of its training."""
        parts = sum(1 for _ in walk(self.model))
        arrays = PARAMETERS.size(self) + BUFFERS.size(self)
        return OVERHEAD_BYTES + PART_BYTES * parts + arrays

    def admit(self, forward: tuple[object, ...], backward: bytes) -> None:
        """Remember that a forward is within the limits."""
        if len(self.admitted) >= ADMITTED:
            self.admitted.clear()
        self.admitted[forward] = backward


@dataclass(slots=True)
class ReadySession:
    """A session's record, and the layers of the session that this worker has run."""

    revision: str
    record: SessionRecord
    layers: dict[str, ReadyLayer] = field(default_factory=dict)
    has_contexts: bool = False
    # Whether it has forgotten some of its evicted contexts.
    has_forgotten: bool = False
    # The steps that the layers here have beyond the stored slots.
    journal: Journal = NO_JOURNAL
    # The revision for which it is known whether there may be large slots, and the answer.
    _large_slots: tuple[str, bool] = ("", False)

    @property
    def may_have_large_slots(self) -> bool:
        """Whether the session has enough bytes of arrays for one."""
        if self._large_slots[0] != self.revision:
            large = layer_bytes(self.record) >= LARGE_SLOT_BYTES
            self._large_slots = (self.revision, large)
        return self._large_slots[1]

    def size(self) -> int:
        """Return the approximate bytes of the session."""
        record = RECORD_FACTOR * self.record.ByteSize()
        training = training_bytes(self.record)
        return (
            OVERHEAD_BYTES + record + training + sum(layer.size() for layer in self.layers.values())
        )


class ReadySessions:
    """The sessions that a worker keeps ready. The longest unused is given up first."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        # Each with its size, and the number of its layers and its revision at that size.
        self._sessions: OrderedDict[SessionKey, tuple[ReadySession, int, int, str]] = OrderedDict()
        self._size = 0

    def get(self, key: SessionKey) -> ReadySession | None:
        """Return the session if it is ready."""
        entry = self._sessions.get(key)
        return entry[0] if entry else None

    def keep(self, key: SessionKey, session: ReadySession) -> None:
        """Keep the session as the most recently used one."""
        entry = self._sessions.get(key)
        now = (len(session.layers), session.revision)
        if entry and entry[0] is session and entry[2:] == now:
            # The layers are the same, and their arrays take the bytes that the record tells.
            self._sessions.move_to_end(key)
            return
        self.drop([key])
        size = session.size()
        self._sessions[key] = (session, size, *now)
        self._size += size
        while self._size > self._budget and self._sessions:
            _, (_, freed, *_) = self._sessions.popitem(last=False)
            self._size -= freed

    def drop(self, keys: Iterable[SessionKey]) -> None:
        """Forget sessions, because they may differ from the stored ones."""
        for key in keys:
            entry = self._sessions.pop(key, None)
            if entry:
                self._size -= entry[1]


def build_layer(
    layer: Layer,
    *,
    generator: np.random.Generator,
    max_bytes: int | None = None,
    blank: bool = False,
) -> ReadyLayer:
    """Build a layer by its description, with parameters drawn from the generator.

    Its parameters and buffers take at most `max_bytes`; None is no limit. A blank layer's are not
    drawn, because stored ones replace them.

    Raises
    ------
    edunn.errors.ConfigError
        The type or its configuration is wrong.
    edunn.TooLargeError
        The parameters would take more than `max_bytes`. They are not drawn.
    """
    config = plain_config(layer.config)
    model = catalogue.build(
        layer.type, config, name=layer.name, rng=generator, max_bytes=max_bytes, blank=blank
    )
    return ReadyLayer(model, catalogue.describe(layer.type))
