"""Slots: the versioned sets of arrays of a layer. One mechanism serves all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from edunn.model import Model
from edunn_serving.internal.v1.state_pb2 import Arrays
from worker.tensors import decode_tensors
from worker.wire import ArrayMessage


@dataclass(frozen=True, slots=True)
class Slot:
    """One kind of set, with the functions that read it from a layer and write it into one."""

    # Its name in Redis.
    name: str
    read: Callable[[Model], dict[str, np.ndarray]]
    write: Callable[[Model, Mapping[str, np.ndarray]], None]


# The functions call a layer's own methods, because layers with layers within them override Model's.
PARAMETERS = Slot(
    "parameters",
    lambda model: model.get_parameters(),
    lambda model, arrays: model.set_parameters(arrays),
)
BUFFERS = Slot(
    "buffers",
    lambda model: model.get_buffers(),
    lambda model, arrays: model.set_buffers(arrays),
)

SLOTS = (PARAMETERS, BUFFERS)
SLOT_NAMES = [slot.name for slot in SLOTS]


def encode_arrays(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Return a slot's arrays as the bytes to store."""
    message = ArrayMessage(Arrays())
    message.add_tensors("arrays", arrays)
    return message.SerializeToString()


def decode_arrays(data: bytes) -> dict[str, np.ndarray]:
    """Return a slot's stored arrays."""
    return decode_tensors(Arrays.FromString(data).arrays, "arrays")
