import datetime

from . import access_pb2 as _access_pb2
from . import layer_pb2 as _layer_pb2
from . import limits_pb2 as _limits_pb2
from . import optimizer_pb2 as _optimizer_pb2
from . import session_pb2 as _session_pb2
from . import step_pb2 as _step_pb2
from . import tensor_pb2 as _tensor_pb2
from google.protobuf import any_pb2 as _any_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListLayerTypesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListLayerTypesResponse(_message.Message):
    __slots__ = ("layer_types",)
    LAYER_TYPES_FIELD_NUMBER: _ClassVar[int]
    layer_types: _containers.RepeatedCompositeFieldContainer[_layer_pb2.LayerType]
    def __init__(self, layer_types: _Optional[_Iterable[_Union[_layer_pb2.LayerType, _Mapping]]] = ...) -> None: ...

class CreateSessionRequest(_message.Message):
    __slots__ = ("session_id", "layers", "seed", "phase", "ttl")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    LAYERS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    PHASE_FIELD_NUMBER: _ClassVar[int]
    TTL_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    layers: _containers.RepeatedCompositeFieldContainer[_layer_pb2.LayerSpec]
    seed: int
    phase: _layer_pb2.Phase
    ttl: _duration_pb2.Duration
    def __init__(self, session_id: _Optional[str] = ..., layers: _Optional[_Iterable[_Union[_layer_pb2.LayerSpec, _Mapping]]] = ..., seed: _Optional[int] = ..., phase: _Optional[_Union[_layer_pb2.Phase, str]] = ..., ttl: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class CreateSessionResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class GetSessionRequest(_message.Message):
    __slots__ = ("session_id",)
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    def __init__(self, session_id: _Optional[str] = ...) -> None: ...

class GetSessionResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class DeleteSessionRequest(_message.Message):
    __slots__ = ("session_id",)
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    def __init__(self, session_id: _Optional[str] = ...) -> None: ...

class DeleteSessionResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class AddLayerRequest(_message.Message):
    __slots__ = ("session_id", "layer")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    LAYER_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    layer: _layer_pb2.LayerSpec
    def __init__(self, session_id: _Optional[str] = ..., layer: _Optional[_Union[_layer_pb2.LayerSpec, _Mapping]] = ...) -> None: ...

class AddLayerResponse(_message.Message):
    __slots__ = ("layer",)
    LAYER_FIELD_NUMBER: _ClassVar[int]
    layer: _layer_pb2.Layer
    def __init__(self, layer: _Optional[_Union[_layer_pb2.Layer, _Mapping]] = ...) -> None: ...

class ForwardRequest(_message.Message):
    __slots__ = ("session_id", "layer", "inputs", "phase", "forward_id", "untracked")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    LAYER_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    PHASE_FIELD_NUMBER: _ClassVar[int]
    FORWARD_ID_FIELD_NUMBER: _ClassVar[int]
    UNTRACKED_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    layer: str
    inputs: _containers.RepeatedCompositeFieldContainer[_tensor_pb2.Tensor]
    phase: _layer_pb2.Phase
    forward_id: str
    untracked: bool
    def __init__(self, session_id: _Optional[str] = ..., layer: _Optional[str] = ..., inputs: _Optional[_Iterable[_Union[_tensor_pb2.Tensor, _Mapping]]] = ..., phase: _Optional[_Union[_layer_pb2.Phase, str]] = ..., forward_id: _Optional[str] = ..., untracked: _Optional[bool] = ...) -> None: ...

class ForwardResponse(_message.Message):
    __slots__ = ("forward_id", "output", "phase")
    FORWARD_ID_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    PHASE_FIELD_NUMBER: _ClassVar[int]
    forward_id: str
    output: _tensor_pb2.Tensor
    phase: _layer_pb2.Phase
    def __init__(self, forward_id: _Optional[str] = ..., output: _Optional[_Union[_tensor_pb2.Tensor, _Mapping]] = ..., phase: _Optional[_Union[_layer_pb2.Phase, str]] = ...) -> None: ...

class BackwardRequest(_message.Message):
    __slots__ = ("session_id", "layer", "forward_id", "output_gradient", "accumulate", "backward_id")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    LAYER_FIELD_NUMBER: _ClassVar[int]
    FORWARD_ID_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_GRADIENT_FIELD_NUMBER: _ClassVar[int]
    ACCUMULATE_FIELD_NUMBER: _ClassVar[int]
    BACKWARD_ID_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    layer: str
    forward_id: str
    output_gradient: _tensor_pb2.Tensor
    accumulate: bool
    backward_id: str
    def __init__(self, session_id: _Optional[str] = ..., layer: _Optional[str] = ..., forward_id: _Optional[str] = ..., output_gradient: _Optional[_Union[_tensor_pb2.Tensor, _Mapping]] = ..., accumulate: _Optional[bool] = ..., backward_id: _Optional[str] = ...) -> None: ...

class BackwardResponse(_message.Message):
    __slots__ = ("input_gradient", "parameter_gradients")
    class ParameterGradientsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _tensor_pb2.Tensor
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_tensor_pb2.Tensor, _Mapping]] = ...) -> None: ...
    INPUT_GRADIENT_FIELD_NUMBER: _ClassVar[int]
    PARAMETER_GRADIENTS_FIELD_NUMBER: _ClassVar[int]
    input_gradient: _tensor_pb2.Tensor
    parameter_gradients: _containers.MessageMap[str, _tensor_pb2.Tensor]
    def __init__(self, input_gradient: _Optional[_Union[_tensor_pb2.Tensor, _Mapping]] = ..., parameter_gradients: _Optional[_Mapping[str, _tensor_pb2.Tensor]] = ...) -> None: ...

class GetParametersRequest(_message.Message):
    __slots__ = ("session_id", "layer")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    LAYER_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    layer: str
    def __init__(self, session_id: _Optional[str] = ..., layer: _Optional[str] = ...) -> None: ...

class GetParametersResponse(_message.Message):
    __slots__ = ("parameters",)
    class ParametersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _tensor_pb2.Tensor
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_tensor_pb2.Tensor, _Mapping]] = ...) -> None: ...
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    parameters: _containers.MessageMap[str, _tensor_pb2.Tensor]
    def __init__(self, parameters: _Optional[_Mapping[str, _tensor_pb2.Tensor]] = ...) -> None: ...

class SetParametersRequest(_message.Message):
    __slots__ = ("session_id", "layer", "parameters")
    class ParametersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _tensor_pb2.Tensor
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_tensor_pb2.Tensor, _Mapping]] = ...) -> None: ...
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    LAYER_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    layer: str
    parameters: _containers.MessageMap[str, _tensor_pb2.Tensor]
    def __init__(self, session_id: _Optional[str] = ..., layer: _Optional[str] = ..., parameters: _Optional[_Mapping[str, _tensor_pb2.Tensor]] = ...) -> None: ...

class SetParametersResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ExportModelRequest(_message.Message):
    __slots__ = ("session_id", "layer")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    LAYER_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    layer: str
    def __init__(self, session_id: _Optional[str] = ..., layer: _Optional[str] = ...) -> None: ...

class ExportModelResponse(_message.Message):
    __slots__ = ("chunk",)
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    chunk: bytes
    def __init__(self, chunk: _Optional[bytes] = ...) -> None: ...

class ImportModelRequest(_message.Message):
    __slots__ = ("session_id", "layer", "chunk")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    LAYER_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    layer: str
    chunk: bytes
    def __init__(self, session_id: _Optional[str] = ..., layer: _Optional[str] = ..., chunk: _Optional[bytes] = ...) -> None: ...

class ImportModelResponse(_message.Message):
    __slots__ = ("layer",)
    LAYER_FIELD_NUMBER: _ClassVar[int]
    layer: _layer_pb2.Layer
    def __init__(self, layer: _Optional[_Union[_layer_pb2.Layer, _Mapping]] = ...) -> None: ...

class ComputeRequest(_message.Message):
    __slots__ = ("operations", "cancelled_request_ids")
    OPERATIONS_FIELD_NUMBER: _ClassVar[int]
    CANCELLED_REQUEST_IDS_FIELD_NUMBER: _ClassVar[int]
    operations: _containers.RepeatedCompositeFieldContainer[ComputeOperation]
    cancelled_request_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, operations: _Optional[_Iterable[_Union[ComputeOperation, _Mapping]]] = ..., cancelled_request_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class ComputeOperation(_message.Message):
    __slots__ = ("request_id", "forward", "backward", "step", "train_step", "timeout")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    FORWARD_FIELD_NUMBER: _ClassVar[int]
    BACKWARD_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    TRAIN_STEP_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    forward: ForwardRequest
    backward: BackwardRequest
    step: _step_pb2.StepRequest
    train_step: _step_pb2.TrainStepRequest
    timeout: _duration_pb2.Duration
    def __init__(self, request_id: _Optional[str] = ..., forward: _Optional[_Union[ForwardRequest, _Mapping]] = ..., backward: _Optional[_Union[BackwardRequest, _Mapping]] = ..., step: _Optional[_Union[_step_pb2.StepRequest, _Mapping]] = ..., train_step: _Optional[_Union[_step_pb2.TrainStepRequest, _Mapping]] = ..., timeout: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class ComputeResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[ComputeResult]
    def __init__(self, results: _Optional[_Iterable[_Union[ComputeResult, _Mapping]]] = ...) -> None: ...

class ComputeResult(_message.Message):
    __slots__ = ("request_id", "forward", "backward", "step", "train_step", "error")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    FORWARD_FIELD_NUMBER: _ClassVar[int]
    BACKWARD_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    TRAIN_STEP_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    forward: ForwardResponse
    backward: BackwardResponse
    step: _step_pb2.StepResponse
    train_step: _step_pb2.TrainStepResponse
    error: OperationError
    def __init__(self, request_id: _Optional[str] = ..., forward: _Optional[_Union[ForwardResponse, _Mapping]] = ..., backward: _Optional[_Union[BackwardResponse, _Mapping]] = ..., step: _Optional[_Union[_step_pb2.StepResponse, _Mapping]] = ..., train_step: _Optional[_Union[_step_pb2.TrainStepResponse, _Mapping]] = ..., error: _Optional[_Union[OperationError, _Mapping]] = ...) -> None: ...

class OperationError(_message.Message):
    __slots__ = ("code", "message", "details")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    code: int
    message: str
    details: _containers.RepeatedCompositeFieldContainer[_any_pb2.Any]
    def __init__(self, code: _Optional[int] = ..., message: _Optional[str] = ..., details: _Optional[_Iterable[_Union[_any_pb2.Any, _Mapping]]] = ...) -> None: ...
