from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OperationReplyKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OPERATION_REPLY_KIND_UNSPECIFIED: _ClassVar[OperationReplyKind]
    OPERATION_REPLY_KIND_RESPONSE: _ClassVar[OperationReplyKind]
    OPERATION_REPLY_KIND_STATUS: _ClassVar[OperationReplyKind]
    OPERATION_REPLY_KIND_AGAIN: _ClassVar[OperationReplyKind]
    OPERATION_REPLY_KIND_LARGE: _ClassVar[OperationReplyKind]
    OPERATION_REPLY_KIND_EXCHANGED: _ClassVar[OperationReplyKind]
OPERATION_REPLY_KIND_UNSPECIFIED: OperationReplyKind
OPERATION_REPLY_KIND_RESPONSE: OperationReplyKind
OPERATION_REPLY_KIND_STATUS: OperationReplyKind
OPERATION_REPLY_KIND_AGAIN: OperationReplyKind
OPERATION_REPLY_KIND_LARGE: OperationReplyKind
OPERATION_REPLY_KIND_EXCHANGED: OperationReplyKind

class Batch(_message.Message):
    __slots__ = ("batch_id", "replies", "operations", "requests_apart", "wanted_worker", "presence")
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    REPLIES_FIELD_NUMBER: _ClassVar[int]
    OPERATIONS_FIELD_NUMBER: _ClassVar[int]
    REQUESTS_APART_FIELD_NUMBER: _ClassVar[int]
    WANTED_WORKER_FIELD_NUMBER: _ClassVar[int]
    PRESENCE_FIELD_NUMBER: _ClassVar[int]
    batch_id: str
    replies: str
    operations: _containers.RepeatedCompositeFieldContainer[BatchOperation]
    requests_apart: bool
    wanted_worker: str
    presence: str
    def __init__(self, batch_id: _Optional[str] = ..., replies: _Optional[str] = ..., operations: _Optional[_Iterable[_Union[BatchOperation, _Mapping]]] = ..., requests_apart: _Optional[bool] = ..., wanted_worker: _Optional[str] = ..., presence: _Optional[str] = ...) -> None: ...

class BatchOperation(_message.Message):
    __slots__ = ("method", "caller", "session_id", "deadline_ms", "layer", "forward_id", "request", "loss", "repeat_id", "request_mark", "request_id", "answer_room")
    METHOD_FIELD_NUMBER: _ClassVar[int]
    CALLER_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_MS_FIELD_NUMBER: _ClassVar[int]
    LAYER_FIELD_NUMBER: _ClassVar[int]
    FORWARD_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    LOSS_FIELD_NUMBER: _ClassVar[int]
    REPEAT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_MARK_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ANSWER_ROOM_FIELD_NUMBER: _ClassVar[int]
    method: str
    caller: str
    session_id: str
    deadline_ms: int
    layer: str
    forward_id: str
    request: bytes
    loss: str
    repeat_id: str
    request_mark: bytes
    request_id: str
    answer_room: int
    def __init__(self, method: _Optional[str] = ..., caller: _Optional[str] = ..., session_id: _Optional[str] = ..., deadline_ms: _Optional[int] = ..., layer: _Optional[str] = ..., forward_id: _Optional[str] = ..., request: _Optional[bytes] = ..., loss: _Optional[str] = ..., repeat_id: _Optional[str] = ..., request_mark: _Optional[bytes] = ..., request_id: _Optional[str] = ..., answer_room: _Optional[int] = ...) -> None: ...

class BatchReply(_message.Message):
    __slots__ = ("batch_id", "replies", "worker_id", "fixed_microseconds")
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    REPLIES_FIELD_NUMBER: _ClassVar[int]
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    FIXED_MICROSECONDS_FIELD_NUMBER: _ClassVar[int]
    batch_id: str
    replies: _containers.RepeatedCompositeFieldContainer[OperationReply]
    worker_id: str
    fixed_microseconds: int
    def __init__(self, batch_id: _Optional[str] = ..., replies: _Optional[_Iterable[_Union[OperationReply, _Mapping]]] = ..., worker_id: _Optional[str] = ..., fixed_microseconds: _Optional[int] = ...) -> None: ...

class OperationReply(_message.Message):
    __slots__ = ("kind", "data", "microseconds", "mark", "answer_bytes")
    KIND_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    MICROSECONDS_FIELD_NUMBER: _ClassVar[int]
    MARK_FIELD_NUMBER: _ClassVar[int]
    ANSWER_BYTES_FIELD_NUMBER: _ClassVar[int]
    kind: OperationReplyKind
    data: bytes
    microseconds: int
    mark: bytes
    answer_bytes: int
    def __init__(self, kind: _Optional[_Union[OperationReplyKind, str]] = ..., data: _Optional[bytes] = ..., microseconds: _Optional[int] = ..., mark: _Optional[bytes] = ..., answer_bytes: _Optional[int] = ...) -> None: ...
