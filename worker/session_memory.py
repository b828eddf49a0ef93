"""The bytes that a session's layers take: parameters, buffers, and what their training keeps."""

from __future__ import annotations

import math

from edunn_serving.errors import Reason, ServiceError
from edunn_serving.internal.v1.state_pb2 import SessionRecord
from worker.tensors import TYPE_OF_DTYPE

_ITEMSIZES = {data_type: dtype.itemsize for dtype, data_type in TYPE_OF_DTYPE.items()}


def layer_bytes(record: SessionRecord) -> int:
    """Return the bytes of a session's parameters and buffers, and of what its training keeps."""
    arrays = sum(
        math.prod(info.shape) * _ITEMSIZES[info.data_type]
        for layer in record.layers
        for info in layer.parameters
    )
    return arrays + training_bytes(record)


def training_bytes(record: SessionRecord) -> int:
    """Return the bytes that are reserved for kept gradients and for the states of optimizers."""
    return sum(each.gradients + each.optimizer for each in record.training.values())


def session_too_large(needed: int, limit: int) -> ServiceError:
    """Return the error of a session whose layers would take too much."""
    return ServiceError(
        Reason.TOO_LARGE,
        "the session's parameters, and the gradients and optimizer states that it keeps, would "
        f"take {needed} bytes or more, {limit} are allowed",
        metadata={"bytes": str(needed), "limit": str(limit)},
    )
