"""Layers as model files: the whole file comes and goes as one operation on the session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf.struct_pb2 import Struct

from edunn import model_file
from edunn.estimate import BESIDES
from edunn.model import Model
from edunn.model_file import ModelFile, ModelFileError
from edunn_serving.errors import invalid_argument
from edunn_serving.internal.v1.training_pb2 import WholeModel
from edunn_serving.settings import Settings
from edunn_serving.v1.layer_pb2 import LayerSpec
from edunn_serving.v1.layer_service_pb2 import (
    ExportModelRequest,
    ImportModelRequest,
    ImportModelResponse,
)
from worker.administration import build_described, layer_of
from worker.limits import MESSAGE_BYTES, REQUEST_COPIES, RESULT_COPIES, Charge, check
from worker.open_session import OpenSession, described_layer
from worker.slots import BUFFERS, PARAMETERS
from worker.training.checkpoints import encode_model


def export_model(
    session: OpenSession, request: ExportModelRequest, settings: Settings
) -> WholeModel:
    """Return a layer as a model file."""
    layer = session.layer(request.layer)
    arrays = {**layer.model.get_parameters(), **layer.model.get_buffers()}
    size = sum(array.nbytes for array in arrays.values())
    # The answer goes out in chunks, so the limit of a message does not count.
    check(Charge(memory=BESIDES + (1 + RESULT_COPIES) * size, stored=size), settings)
    session.room.need(Charge(answer=size + MESSAGE_BYTES))
    described = described_layer(session.record, request.layer)
    try:
        return WholeModel(file=encode_model(described, layer.model))
    except ModelFileError as error:
        raise invalid_argument("layer", f"no model file can have it: {error}") from error


def import_model(
    session: OpenSession, request: ImportModelRequest, settings: Settings
) -> ImportModelResponse:
    """Give a layer the arrays of a model file, or add the file's layer to the session."""
    size = len(request.chunk)
    check(Charge(memory=BESIDES + (REQUEST_COPIES + RESULT_COPIES) * size), settings)
    try:
        header = model_file.read_header(request.chunk)
        names = [layer.name for layer in session.record.layers]
        is_new = request.layer not in names
        if is_new:
            spec = LayerSpec(
                name=request.layer, type=header.layer["type"], config=_config(header.layer)
            )
            ready = build_described(session, session.record, spec, "layer", settings)
            model = ready.model
        else:
            layer = session.layer(request.layer)
            model = layer.model
        model_file.check_fit(header, model)
        file = model_file.decode(request.chunk)
    except ModelFileError as error:
        field = f"chunk[{error.tensor}]" if error.tensor else "chunk"
        raise invalid_argument(field, str(error)) from error
    if is_new:
        _set(model, file)
        described = layer_of(spec, ready)
        session.record.layers.append(described)
        session.add_layer(spec.name, ready)
        return ImportModelResponse(layer=described)
    _set(model, file)
    session.save(layer, PARAMETERS)
    if file.buffers:
        session.save(layer, BUFFERS)
    return ImportModelResponse(layer=described_layer(session.record, request.layer))


def _set(model: Model, file: ModelFile) -> None:
    """Set a model's arrays, converted to the dtypes that it has."""
    parameters, buffers = model.get_parameters(), model.get_buffers()
    model.set_parameters(
        {name: a.astype(parameters[name].dtype) for name, a in file.parameters.items()}
    )
    model.set_buffers({name: a.astype(buffers[name].dtype) for name, a in file.buffers.items()})


def _config(layer: Mapping[str, Any]) -> Struct:
    config = Struct()
    try:
        config.update(layer["config"])
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise ModelFileError(f"the configuration cannot be read: {error}") from error
    return config
