from edunn_serving.v1 import optimizer_pb2 as _optimizer_pb2
from edunn_serving.v1 import tensor_pb2 as _tensor_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StepRequest(_message.Message):
    __slots__ = ("session_id", "layer", "optimizer", "step_id")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    LAYER_FIELD_NUMBER: _ClassVar[int]
    OPTIMIZER_FIELD_NUMBER: _ClassVar[int]
    STEP_ID_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    layer: str
    optimizer: _optimizer_pb2.OptimizerSpec
    step_id: str
    def __init__(self, session_id: _Optional[str] = ..., layer: _Optional[str] = ..., optimizer: _Optional[_Union[_optimizer_pb2.OptimizerSpec, _Mapping]] = ..., step_id: _Optional[str] = ...) -> None: ...

class StepResponse(_message.Message):
    __slots__ = ("step_id", "steps")
    STEP_ID_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    step_id: str
    steps: int
    def __init__(self, step_id: _Optional[str] = ..., steps: _Optional[int] = ...) -> None: ...

class TrainStepRequest(_message.Message):
    __slots__ = ("session_id", "layer", "inputs", "target", "loss", "optimizer", "step_id")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    LAYER_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    LOSS_FIELD_NUMBER: _ClassVar[int]
    OPTIMIZER_FIELD_NUMBER: _ClassVar[int]
    STEP_ID_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    layer: str
    inputs: _containers.RepeatedCompositeFieldContainer[_tensor_pb2.Tensor]
    target: _tensor_pb2.Tensor
    loss: str
    optimizer: _optimizer_pb2.OptimizerSpec
    step_id: str
    def __init__(self, session_id: _Optional[str] = ..., layer: _Optional[str] = ..., inputs: _Optional[_Iterable[_Union[_tensor_pb2.Tensor, _Mapping]]] = ..., target: _Optional[_Union[_tensor_pb2.Tensor, _Mapping]] = ..., loss: _Optional[str] = ..., optimizer: _Optional[_Union[_optimizer_pb2.OptimizerSpec, _Mapping]] = ..., step_id: _Optional[str] = ...) -> None: ...

class TrainStepResponse(_message.Message):
    __slots__ = ("step_id", "loss", "steps")
    STEP_ID_FIELD_NUMBER: _ClassVar[int]
    LOSS_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    step_id: str
    loss: float
    steps: int
    def __init__(self, step_id: _Optional[str] = ..., loss: _Optional[float] = ..., steps: _Optional[int] = ...) -> None: ...

class ClearGradientsRequest(_message.Message):
    __slots__ = ("session_id", "layer")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    LAYER_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    layer: str
    def __init__(self, session_id: _Optional[str] = ..., layer: _Optional[str] = ...) -> None: ...

class ClearGradientsResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
