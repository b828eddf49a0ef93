from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Method(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    METHOD_UNSPECIFIED: _ClassVar[Method]
    METHOD_CREATE_SESSION: _ClassVar[Method]
    METHOD_GET_SESSION: _ClassVar[Method]
    METHOD_DELETE_SESSION: _ClassVar[Method]
    METHOD_ADD_LAYER: _ClassVar[Method]
    METHOD_FORWARD: _ClassVar[Method]
    METHOD_BACKWARD: _ClassVar[Method]
    METHOD_GET_PARAMETERS: _ClassVar[Method]
    METHOD_SET_PARAMETERS: _ClassVar[Method]
METHOD_UNSPECIFIED: Method
METHOD_CREATE_SESSION: Method
METHOD_GET_SESSION: Method
METHOD_DELETE_SESSION: Method
METHOD_ADD_LAYER: Method
METHOD_FORWARD: Method
METHOD_BACKWARD: Method
METHOD_GET_PARAMETERS: Method
METHOD_SET_PARAMETERS: Method

class Batch(_message.Message):
    __slots__ = ("operations",)
    OPERATIONS_FIELD_NUMBER: _ClassVar[int]
    operations: _containers.RepeatedCompositeFieldContainer[Operation]
    def __init__(self, operations: _Optional[_Iterable[_Union[Operation, _Mapping]]] = ...) -> None: ...

class Operation(_message.Message):
    __slots__ = ("method", "session_id", "caller", "deadline_unix_ms", "request")
    METHOD_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    CALLER_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    method: Method
    session_id: str
    caller: str
    deadline_unix_ms: int
    request: bytes
    def __init__(self, method: _Optional[_Union[Method, str]] = ..., session_id: _Optional[str] = ..., caller: _Optional[str] = ..., deadline_unix_ms: _Optional[int] = ..., request: _Optional[bytes] = ...) -> None: ...

class BatchReply(_message.Message):
    __slots__ = ("outcomes",)
    OUTCOMES_FIELD_NUMBER: _ClassVar[int]
    outcomes: _containers.RepeatedCompositeFieldContainer[Outcome]
    def __init__(self, outcomes: _Optional[_Iterable[_Union[Outcome, _Mapping]]] = ...) -> None: ...

class Outcome(_message.Message):
    __slots__ = ("response", "status")
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    response: bytes
    status: bytes
    def __init__(self, response: _Optional[bytes] = ..., status: _Optional[bytes] = ...) -> None: ...
