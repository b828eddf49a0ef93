import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RawComputeRequest(_message.Message):
    __slots__ = ("operations", "cancelled_request_ids")
    OPERATIONS_FIELD_NUMBER: _ClassVar[int]
    CANCELLED_REQUEST_IDS_FIELD_NUMBER: _ClassVar[int]
    operations: _containers.RepeatedCompositeFieldContainer[RawComputeOperation]
    cancelled_request_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, operations: _Optional[_Iterable[_Union[RawComputeOperation, _Mapping]]] = ..., cancelled_request_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class RawComputeOperation(_message.Message):
    __slots__ = ("request_id", "forward", "backward", "step", "train_step", "timeout")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    FORWARD_FIELD_NUMBER: _ClassVar[int]
    BACKWARD_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    TRAIN_STEP_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    forward: bytes
    backward: bytes
    step: bytes
    train_step: bytes
    timeout: _duration_pb2.Duration
    def __init__(self, request_id: _Optional[str] = ..., forward: _Optional[bytes] = ..., backward: _Optional[bytes] = ..., step: _Optional[bytes] = ..., train_step: _Optional[bytes] = ..., timeout: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class RawComputeResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[RawComputeResult]
    def __init__(self, results: _Optional[_Iterable[_Union[RawComputeResult, _Mapping]]] = ...) -> None: ...

class RawComputeResult(_message.Message):
    __slots__ = ("request_id", "forward", "backward", "step", "train_step", "error")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    FORWARD_FIELD_NUMBER: _ClassVar[int]
    BACKWARD_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    TRAIN_STEP_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    forward: bytes
    backward: bytes
    step: bytes
    train_step: bytes
    error: bytes
    def __init__(self, request_id: _Optional[str] = ..., forward: _Optional[bytes] = ..., backward: _Optional[bytes] = ..., step: _Optional[bytes] = ..., train_step: _Optional[bytes] = ..., error: _Optional[bytes] = ...) -> None: ...
