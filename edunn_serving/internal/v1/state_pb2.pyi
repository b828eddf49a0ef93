import datetime

from edunn_serving.v1 import layer_pb2 as _layer_pb2
from edunn_serving.v1 import optimizer_pb2 as _optimizer_pb2
from edunn_serving.v1 import tensor_pb2 as _tensor_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SessionRecord(_message.Message):
    __slots__ = ("incarnation", "seed", "phase", "ttl", "create_time", "layers", "training", "changes")
    class TrainingEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: TrainingBytes
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[TrainingBytes, _Mapping]] = ...) -> None: ...
    INCARNATION_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    PHASE_FIELD_NUMBER: _ClassVar[int]
    TTL_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    LAYERS_FIELD_NUMBER: _ClassVar[int]
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    incarnation: str
    seed: int
    phase: _layer_pb2.Phase
    ttl: _duration_pb2.Duration
    create_time: _timestamp_pb2.Timestamp
    layers: _containers.RepeatedCompositeFieldContainer[_layer_pb2.Layer]
    training: _containers.MessageMap[str, TrainingBytes]
    changes: int
    def __init__(self, incarnation: _Optional[str] = ..., seed: _Optional[int] = ..., phase: _Optional[_Union[_layer_pb2.Phase, str]] = ..., ttl: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., layers: _Optional[_Iterable[_Union[_layer_pb2.Layer, _Mapping]]] = ..., training: _Optional[_Mapping[str, TrainingBytes]] = ..., changes: _Optional[int] = ...) -> None: ...

class TrainingBytes(_message.Message):
    __slots__ = ("gradients", "optimizer")
    GRADIENTS_FIELD_NUMBER: _ClassVar[int]
    OPTIMIZER_FIELD_NUMBER: _ClassVar[int]
    gradients: int
    optimizer: int
    def __init__(self, gradients: _Optional[int] = ..., optimizer: _Optional[int] = ...) -> None: ...

class Arrays(_message.Message):
    __slots__ = ("arrays", "backwards", "optimizer", "steps")
    class ArraysEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _tensor_pb2.Tensor
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_tensor_pb2.Tensor, _Mapping]] = ...) -> None: ...
    ARRAYS_FIELD_NUMBER: _ClassVar[int]
    BACKWARDS_FIELD_NUMBER: _ClassVar[int]
    OPTIMIZER_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    arrays: _containers.MessageMap[str, _tensor_pb2.Tensor]
    backwards: int
    optimizer: _optimizer_pb2.OptimizerSpec
    steps: int
    def __init__(self, arrays: _Optional[_Mapping[str, _tensor_pb2.Tensor]] = ..., backwards: _Optional[int] = ..., optimizer: _Optional[_Union[_optimizer_pb2.OptimizerSpec, _Mapping]] = ..., steps: _Optional[int] = ...) -> None: ...

class JournaledSteps(_message.Message):
    __slots__ = ("forwards", "numbers", "requests", "marks", "parameters_version")
    FORWARDS_FIELD_NUMBER: _ClassVar[int]
    NUMBERS_FIELD_NUMBER: _ClassVar[int]
    REQUESTS_FIELD_NUMBER: _ClassVar[int]
    MARKS_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_VERSION_FIELD_NUMBER: _ClassVar[int]
    forwards: int
    numbers: _containers.RepeatedScalarFieldContainer[int]
    requests: _containers.RepeatedScalarFieldContainer[bytes]
    marks: _containers.RepeatedScalarFieldContainer[bytes]
    parameters_version: int
    def __init__(self, forwards: _Optional[int] = ..., numbers: _Optional[_Iterable[int]] = ..., requests: _Optional[_Iterable[bytes]] = ..., marks: _Optional[_Iterable[bytes]] = ..., parameters_version: _Optional[int] = ...) -> None: ...

class Context(_message.Message):
    __slots__ = ("header", "phase", "cache", "output_shape", "backward")
    class CacheEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: CachedValue
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[CachedValue, _Mapping]] = ...) -> None: ...
    HEADER_FIELD_NUMBER: _ClassVar[int]
    PHASE_FIELD_NUMBER: _ClassVar[int]
    CACHE_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_SHAPE_FIELD_NUMBER: _ClassVar[int]
    BACKWARD_FIELD_NUMBER: _ClassVar[int]
    header: ContextHeader
    phase: _layer_pb2.Phase
    cache: _containers.MessageMap[str, CachedValue]
    output_shape: _containers.RepeatedScalarFieldContainer[int]
    backward: BackwardCharge
    def __init__(self, header: _Optional[_Union[ContextHeader, _Mapping]] = ..., phase: _Optional[_Union[_layer_pb2.Phase, str]] = ..., cache: _Optional[_Mapping[str, CachedValue]] = ..., output_shape: _Optional[_Iterable[int]] = ..., backward: _Optional[_Union[BackwardCharge, _Mapping]] = ...) -> None: ...

class ContextHeader(_message.Message):
    __slots__ = ("parameters_version", "buffers_version", "request_digest", "steps", "loss")
    PARAMETERS_VERSION_FIELD_NUMBER: _ClassVar[int]
    BUFFERS_VERSION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_DIGEST_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    LOSS_FIELD_NUMBER: _ClassVar[int]
    parameters_version: int
    buffers_version: int
    request_digest: bytes
    steps: int
    loss: float
    def __init__(self, parameters_version: _Optional[int] = ..., buffers_version: _Optional[int] = ..., request_digest: _Optional[bytes] = ..., steps: _Optional[int] = ..., loss: _Optional[float] = ...) -> None: ...

class BackwardCharge(_message.Message):
    __slots__ = ("work", "memory", "answer", "itemsize")
    WORK_FIELD_NUMBER: _ClassVar[int]
    MEMORY_FIELD_NUMBER: _ClassVar[int]
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    ITEMSIZE_FIELD_NUMBER: _ClassVar[int]
    work: int
    memory: int
    answer: int
    itemsize: int
    def __init__(self, work: _Optional[int] = ..., memory: _Optional[int] = ..., answer: _Optional[int] = ..., itemsize: _Optional[int] = ...) -> None: ...

class CachedValue(_message.Message):
    __slots__ = ("array", "bits", "real", "integer", "boolean")
    ARRAY_FIELD_NUMBER: _ClassVar[int]
    BITS_FIELD_NUMBER: _ClassVar[int]
    REAL_FIELD_NUMBER: _ClassVar[int]
    INTEGER_FIELD_NUMBER: _ClassVar[int]
    BOOLEAN_FIELD_NUMBER: _ClassVar[int]
    array: PlainArray
    bits: PackedBits
    real: float
    integer: int
    boolean: bool
    def __init__(self, array: _Optional[_Union[PlainArray, _Mapping]] = ..., bits: _Optional[_Union[PackedBits, _Mapping]] = ..., real: _Optional[float] = ..., integer: _Optional[int] = ..., boolean: _Optional[bool] = ...) -> None: ...

class PlainArray(_message.Message):
    __slots__ = ("dtype", "shape", "data")
    DTYPE_FIELD_NUMBER: _ClassVar[int]
    SHAPE_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    dtype: str
    shape: _containers.RepeatedScalarFieldContainer[int]
    data: bytes
    def __init__(self, dtype: _Optional[str] = ..., shape: _Optional[_Iterable[int]] = ..., data: _Optional[bytes] = ...) -> None: ...

class PackedBits(_message.Message):
    __slots__ = ("shape", "data")
    SHAPE_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    shape: _containers.RepeatedScalarFieldContainer[int]
    data: bytes
    def __init__(self, shape: _Optional[_Iterable[int]] = ..., data: _Optional[bytes] = ...) -> None: ...
