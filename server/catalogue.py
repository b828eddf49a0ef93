"""The catalogue of layer types as a message."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from google.protobuf import json_format

from edunn import catalogue
from edunn.description import FieldDescription, ParameterDescription
from edunn_serving.v1.layer_pb2 import ConfigField, LayerType, ParameterType
from edunn_serving.v1.layer_service_pb2 import ListLayerTypesResponse


def layer_types() -> ListLayerTypesResponse:
    """Return every layer type that the library registers, sorted by type."""
    return ListLayerTypesResponse(
        layer_types=[_layer_type(name) for name in sorted(catalogue.LAYER_TYPES)]
    )


def _layer_type(name: str) -> LayerType:
    description = catalogue.describe(name)
    return LayerType(
        type=description.type,
        summary=description.summary,
        config_fields=[_config_field(field) for field in description.fields],
        inputs=description.inputs,
        parameters=_parameters(description.parameters),
        buffers=_parameters(description.buffers),
    )


def _config_field(field: FieldDescription) -> ConfigField:
    message = ConfigField(
        name=field.name,
        type=field.type,
        required=field.required,
        summary=field.doc,
        bounds=field.bounds,
    )
    if not field.required:
        # ParseDict takes any JSON value for a Value, though its type says an object.
        json_format.ParseDict(cast(Any, field.default), message.default_value)
    return message


def _parameters(descriptions: Iterable[ParameterDescription]) -> list[ParameterType]:
    return [ParameterType(name=each.name, shape=each.shape) for each in descriptions]
