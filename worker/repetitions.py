"""Names that callers give to operations, so that a repetition takes no second effect.

A forward leaves its context under its name. A step and a backward that accumulates leave a trace: a
context of nothing but a header.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from edunn_serving.errors import Reason, ServiceError, invalid_argument, quoted
from edunn_serving.internal.v1.state_pb2 import Context, ContextHeader
from edunn_serving.v1.optimizer_pb2 import OptimizerSpec
from edunn_serving.v1.tensor_pb2 import Tensor
from worker.configs import plain_config
from worker.open_session import OpenLayer

# The ids that the service gives begin with this. A caller's ids cannot, so the two never collide.
NUMBERED = "#"
CALLERS_ID = re.compile(r"(?!#)[ -~]{1,128}")

# Digests of tensors are GMACs with a key that is no secret. A caller could make two requests with
# one digest, and would deceive nobody but itself. SHA-256 takes twenty times as long.
_CIPHER = AESGCM(hashlib.sha256(b"edunn digests of tensors").digest())
_NUMBER = bytes(12)

# The kinds of traces.
STEP, BACKWARD = "step", "backward"

EXISTS = {STEP: Reason.STEP_EXISTS, BACKWARD: Reason.BACKWARD_EXISTS}


def check_id(field: str, given: str) -> None:
    """Refuse an id that no caller may choose.

    Raises
    ------
    ServiceError
        INVALID_ARGUMENT.
    """
    if not CALLERS_ID.fullmatch(given):
        raise invalid_argument(
            field,
            f"expected 1 to 128 printable ASCII characters, the first not '#', got {quoted(given)}",
        )


def trace_of(kind: str, given: str) -> str:
    """Return the name under which a trace is stored. No caller and no numbered forward has it."""
    return f"{NUMBERED}{kind}/{given}"


def earlier(layer: OpenLayer, kind: str, given: str, digest: bytes) -> ContextHeader | None:
    """Return what the same operation left when it took effect; None if it has not.

    Raises
    ------
    ServiceError
        STEP_EXISTS or BACKWARD_EXISTS: another operation has the id.
    """
    stored = layer.contexts.get(trace_of(kind, given))
    if stored is None:
        return None
    header = Context.FromString(stored).header
    if header.request_digest != digest:
        raise ServiceError(
            EXISTS[kind],
            f"layer {layer.name!r} has a {kind} {given!r} with other contents: choose another "
            f"{kind}_id",
            metadata={"layer": layer.name, f"{kind}_id": given},
        )
    return header


def digest_of(tensors: Iterable[Tensor], *others: object) -> bytes:
    """Return 16 bytes that differ if tensors or other contents of two requests differ."""
    digest = hashlib.sha256(json.dumps(others).encode())
    for tensor in tensors:
        data = tensor.data
        # The header tells the length of the data, so two lists of tensors never give the same
        # bytes.
        digest.update(f"|{tensor.data_type}{list(tensor.shape)}{len(data)}|".encode())
        digest.update(_CIPHER.encrypt(_NUMBER, b"", data))
    return digest.digest()[:16]


def plain_optimizer(request_has_it: bool, spec: OptimizerSpec) -> object:
    """Return an optimizer as a part of a request's contents, whatever the order of its fields."""
    if not request_has_it:
        return None
    return [spec.type, sorted(plain_config(spec.config).items())]
