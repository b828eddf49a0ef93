"""The catalogues of layer types and of optimizer types as messages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from google.protobuf import json_format

from edunn import catalogue
from edunn.description import FieldDescription, ParameterDescription
from edunn.optimizers.catalogue import OPTIMIZER_TYPES, describe_optimizer
from edunn_serving.v1.layer_pb2 import ConfigField, LayerType, ParameterType
from edunn_serving.v1.layer_service_pb2 import ListLayerTypesResponse
from edunn_serving.v1.optimizer_pb2 import ListOptimizerTypesResponse, OptimizerType


def layer_types() -> ListLayerTypesResponse:
    """Return every layer type that the library registers, sorted by type."""
    return ListLayerTypesResponse(
        layer_types=[_layer_type(name) for name in sorted(catalogue.LAYER_TYPES)]
    )


def optimizer_types() -> ListOptimizerTypesResponse:
    """Return every optimizer type that the library registers, sorted by type."""
    return ListOptimizerTypesResponse(
        optimizer_types=[_optimizer_type(name) for name in sorted(OPTIMIZER_TYPES)]
    )


def _optimizer_type(name: str) -> OptimizerType:
    description = describe_optimizer(name)
    return OptimizerType(
        type=description.type,
        summary=description.summary,
        config_fields=[_config_field(field) for field in description.fields],
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
