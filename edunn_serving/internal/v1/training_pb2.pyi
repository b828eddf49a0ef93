from edunn_serving.v1 import access_pb2 as _access_pb2
from edunn_serving.v1 import dataset_pb2 as _dataset_pb2
from edunn_serving.v1 import layer_pb2 as _layer_pb2
from edunn_serving.v1 import training_pb2 as _training_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PrepareTrainingRequest(_message.Message):
    __slots__ = ("session_id", "layer", "spec", "dataset")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    LAYER_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    DATASET_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    layer: str
    spec: _training_pb2.TrainingSpec
    dataset: _dataset_pb2.Dataset
    def __init__(self, session_id: _Optional[str] = ..., layer: _Optional[str] = ..., spec: _Optional[_Union[_training_pb2.TrainingSpec, _Mapping]] = ..., dataset: _Optional[_Union[_dataset_pb2.Dataset, _Mapping]] = ...) -> None: ...

class PrepareTrainingResponse(_message.Message):
    __slots__ = ("layer", "loss", "incarnation", "parameters_version", "model", "checkpoint_bytes", "spec")
    LAYER_FIELD_NUMBER: _ClassVar[int]
    LOSS_FIELD_NUMBER: _ClassVar[int]
    INCARNATION_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_VERSION_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_BYTES_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    layer: _layer_pb2.Layer
    loss: _layer_pb2.Layer
    incarnation: str
    parameters_version: int
    model: bytes
    checkpoint_bytes: int
    spec: _training_pb2.TrainingSpec
    def __init__(self, layer: _Optional[_Union[_layer_pb2.Layer, _Mapping]] = ..., loss: _Optional[_Union[_layer_pb2.Layer, _Mapping]] = ..., incarnation: _Optional[str] = ..., parameters_version: _Optional[int] = ..., model: _Optional[bytes] = ..., checkpoint_bytes: _Optional[int] = ..., spec: _Optional[_Union[_training_pb2.TrainingSpec, _Mapping]] = ...) -> None: ...

class WholeModel(_message.Message):
    __slots__ = ("file",)
    FILE_FIELD_NUMBER: _ClassVar[int]
    file: bytes
    def __init__(self, file: _Optional[bytes] = ...) -> None: ...

class DatasetRecord(_message.Message):
    __slots__ = ("dataset", "path")
    DATASET_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    dataset: _dataset_pb2.Dataset
    path: str
    def __init__(self, dataset: _Optional[_Union[_dataset_pb2.Dataset, _Mapping]] = ..., path: _Optional[str] = ...) -> None: ...

class TrainingRecord(_message.Message):
    __slots__ = ("caller", "training_id", "folder", "spec", "layer", "loss", "dataset", "incarnation", "parameters_version", "request_digest", "checkpoint_bytes")
    CALLER_FIELD_NUMBER: _ClassVar[int]
    TRAINING_ID_FIELD_NUMBER: _ClassVar[int]
    FOLDER_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    LAYER_FIELD_NUMBER: _ClassVar[int]
    LOSS_FIELD_NUMBER: _ClassVar[int]
    DATASET_FIELD_NUMBER: _ClassVar[int]
    INCARNATION_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_VERSION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_DIGEST_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_BYTES_FIELD_NUMBER: _ClassVar[int]
    caller: str
    training_id: str
    folder: str
    spec: _training_pb2.TrainingSpec
    layer: _layer_pb2.Layer
    loss: _layer_pb2.Layer
    dataset: DatasetRecord
    incarnation: str
    parameters_version: int
    request_digest: bytes
    checkpoint_bytes: int
    def __init__(self, caller: _Optional[str] = ..., training_id: _Optional[str] = ..., folder: _Optional[str] = ..., spec: _Optional[_Union[_training_pb2.TrainingSpec, _Mapping]] = ..., layer: _Optional[_Union[_layer_pb2.Layer, _Mapping]] = ..., loss: _Optional[_Union[_layer_pb2.Layer, _Mapping]] = ..., dataset: _Optional[_Union[DatasetRecord, _Mapping]] = ..., incarnation: _Optional[str] = ..., parameters_version: _Optional[int] = ..., request_digest: _Optional[bytes] = ..., checkpoint_bytes: _Optional[int] = ...) -> None: ...
