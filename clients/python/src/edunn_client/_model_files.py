"""Layers as model files of this machine."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from os import PathLike
from pathlib import Path

from edunn_client._descriptions import LayerInfo, decode_layer
from edunn_client._stubs import layer_service_pb2 as pb
from edunn_client._transfers import Download, Upload, chunks


def export_model(session_id: str, layer: str) -> Download:
    return Download("ExportModel", pb.ExportModelRequest(session_id=session_id, layer=layer))


def import_model(session_id: str, layer: str, data: bytes) -> Upload[LayerInfo]:
    """Return what sends a model file. A repetition sets the layer that the first has made."""

    def parts() -> Iterator[pb.ImportModelRequest]:
        yield pb.ImportModelRequest(session_id=session_id, layer=layer)
        for chunk in chunks(data):
            yield pb.ImportModelRequest(chunk=chunk)

    return Upload("ImportModel", parts, lambda reply: decode_layer(reply.layer))


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
