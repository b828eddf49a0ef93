"""Slots: the versioned sets of arrays of a layer. One mechanism serves all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from edunn.model import Model
from edunn.optimizers.update_rule import UpdateRule
from edunn_serving.internal.v1.state_pb2 import Arrays
from edunn_serving.v1.optimizer_pb2 import OptimizerSpec
from worker.tensors import decode_tensors
from worker.wire import ArrayMessage, Piece

# Slots of this size on are stored apart and do not pass through a script. Redis took 1.6 ms for
# 0.8 MB in a script, as measured, and 0.2 ms for the command alone.
LARGE_SLOT_BYTES = 64 * 1024


@dataclass(slots=True)
class KeptGradients:
    """Gradients by parameter name, summed over some backwards. Without a backward there are none.

    Frozen layers and layers without parameters have backwards, but no gradients.
    """

    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)
    backwards: int = 0


@dataclass(slots=True)
class OptimizerState:
    """A layer's optimizer, what its last step left, and the steps of the layer so far."""

    # None before the first step.
    spec: OptimizerSpec | None = None
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)
    # By any optimizer.
    steps: int = 0
    # The optimizer that `spec` describes; None until it is built.
    rule: UpdateRule | None = None


class SlotHolder(Protocol):
    """A layer with all that its slots hold."""

    model: Model
    gradients: KeptGradients
    optimizer: OptimizerState


@dataclass(frozen=True, slots=True)
class Slot:
    """One kind of set, with the functions that read it from a layer and write it into one."""

    # Its place in `SLOTS`.
    number: int
    # Its name in Redis.
    name: str
    read: Callable[[SlotHolder], Mapping[str, np.ndarray]]
    write: Callable[[SlotHolder, Arrays], None]
    # What is stored besides the arrays.
    besides: Callable[[SlotHolder], Arrays] = lambda layer: Arrays()

    def encode(self, layer: SlotHolder) -> bytes:
        """Return the bytes to store."""
        return b"".join(self.pieces(layer))

    def pieces(self, layer: SlotHolder) -> list[Piece]:
        """Return the bytes to store, in pieces. Large arrays are not copied, and must stay."""
        message = ArrayMessage(self.besides(layer))
        message.add_tensors("arrays", self.read(layer))
        return message.pieces()

    def decode(self, layer: SlotHolder, data: bytes) -> None:
        """Give a layer what is stored."""
        self.write(layer, Arrays.FromString(data))

    def size(self, layer: SlotHolder) -> int:
        """Return the bytes of the arrays."""
        return sum(array.nbytes for array in self.read(layer).values())


def _write_gradients(layer: SlotHolder, stored: Arrays) -> None:
    layer.gradients = KeptGradients(_arrays(stored), stored.backwards)


def _write_optimizer(layer: SlotHolder, stored: Arrays) -> None:
    spec = stored.optimizer if stored.HasField("optimizer") else None
    layer.optimizer = OptimizerState(spec, _arrays(stored), stored.steps)


def _arrays(stored: Arrays) -> dict[str, np.ndarray]:
    return decode_tensors(stored.arrays, "arrays")


# The functions call a layer's own methods, because layers with layers within them override Model's.
PARAMETERS = Slot(
    0,
    "parameters",
    lambda layer: layer.model.get_parameters(),
    lambda layer, stored: layer.model.set_parameters(_arrays(stored)),
)
BUFFERS = Slot(
    1,
    "buffers",
    lambda layer: layer.model.get_buffers(),
    lambda layer, stored: layer.model.set_buffers(_arrays(stored)),
)
GRADIENTS = Slot(
    2,
    "gradients",
    lambda layer: layer.gradients.arrays,
    _write_gradients,
    lambda layer: Arrays(backwards=layer.gradients.backwards),
)
OPTIMIZER = Slot(
    3,
    "optimizer",
    lambda layer: layer.optimizer.arrays,
    _write_optimizer,
    lambda layer: Arrays(optimizer=layer.optimizer.spec, steps=layer.optimizer.steps),
)

SLOTS = (PARAMETERS, BUFFERS, GRADIENTS, OPTIMIZER)
SLOT_NAMES = [slot.name for slot in SLOTS]
