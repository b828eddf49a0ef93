from . import layer_pb2 as _layer_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OptimizerSpec(_message.Message):
    __slots__ = ("type", "config")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    type: str
    config: _struct_pb2.Struct
    def __init__(self, type: _Optional[str] = ..., config: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class OptimizerType(_message.Message):
    __slots__ = ("type", "summary", "config_fields")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELDS_FIELD_NUMBER: _ClassVar[int]
    type: str
    summary: str
    config_fields: _containers.RepeatedCompositeFieldContainer[_layer_pb2.ConfigField]
    def __init__(self, type: _Optional[str] = ..., summary: _Optional[str] = ..., config_fields: _Optional[_Iterable[_Union[_layer_pb2.ConfigField, _Mapping]]] = ...) -> None: ...

class ListOptimizerTypesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListOptimizerTypesResponse(_message.Message):
    __slots__ = ("optimizer_types",)
    OPTIMIZER_TYPES_FIELD_NUMBER: _ClassVar[int]
    optimizer_types: _containers.RepeatedCompositeFieldContainer[OptimizerType]
    def __init__(self, optimizer_types: _Optional[_Iterable[_Union[OptimizerType, _Mapping]]] = ...) -> None: ...
