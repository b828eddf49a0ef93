"""Layers as model files of this machine."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from os import PathLike
from pathlib import Path

from edunn_client._caller import Caller
from edunn_client._chunked import receive_whole, send_parts
from edunn_client._descriptions import LayerInfo, decode_layer
from edunn_client._stubs import layer_service_pb2 as pb

CHUNK_BYTES = 1024 * 1024


def export_model(caller: Caller, session_id: str, layer: str, timeout: float) -> bytes:
    request = pb.ExportModelRequest(session_id=session_id, layer=layer)
    return receive_whole(caller, "ExportModel", request, timeout)


def import_model(
    caller: Caller, session_id: str, layer: str, path: str | PathLike[str], timeout: float
) -> LayerInfo:
    """Send a model file. A repetition sets the layer that the first attempt has made."""
    data = Path(path).read_bytes()

    def parts() -> Iterator[pb.ImportModelRequest]:
        yield pb.ImportModelRequest(session_id=session_id, layer=layer)
        for at in range(0, len(data), CHUNK_BYTES):
            yield pb.ImportModelRequest(chunk=data[at : at + CHUNK_BYTES])

    return decode_layer(send_parts(caller, "ImportModel", parts, timeout).layer)


def write_whole(path: str | PathLike[str], data: bytes) -> Path:
    """Write a file whole or not at all."""
    target = Path(path)
    handle, part = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        # As another new file would have them; mkstemp's are for the owner alone.
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(part, 0o666 & ~umask)
        os.replace(part, target)
    except BaseException:
        os.unlink(part)
        raise
    return target
