import datetime

from edunn_serving.v1 import layer_pb2 as _layer_pb2
from edunn_serving.v1 import tensor_pb2 as _tensor_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ChallengeKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CHALLENGE_KIND_UNSPECIFIED: _ClassVar[ChallengeKind]
    CHALLENGE_KIND_LAYER: _ClassVar[ChallengeKind]
    CHALLENGE_KIND_LOSS: _ClassVar[ChallengeKind]
    CHALLENGE_KIND_OPTIMIZER: _ClassVar[ChallengeKind]
    CHALLENGE_KIND_INITIALIZER: _ClassVar[ChallengeKind]
    CHALLENGE_KIND_OWN: _ClassVar[ChallengeKind]
CHALLENGE_KIND_UNSPECIFIED: ChallengeKind
CHALLENGE_KIND_LAYER: ChallengeKind
CHALLENGE_KIND_LOSS: ChallengeKind
CHALLENGE_KIND_OPTIMIZER: ChallengeKind
CHALLENGE_KIND_INITIALIZER: ChallengeKind
CHALLENGE_KIND_OWN: ChallengeKind

class Attempt(_message.Message):
    __slots__ = ("attempt_id", "course", "assignment", "version", "student", "number", "start_time", "expire_time", "attempts_left", "challenges", "accept_time")
    ATTEMPT_ID_FIELD_NUMBER: _ClassVar[int]
    COURSE_FIELD_NUMBER: _ClassVar[int]
    ASSIGNMENT_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    STUDENT_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_LEFT_FIELD_NUMBER: _ClassVar[int]
    CHALLENGES_FIELD_NUMBER: _ClassVar[int]
    ACCEPT_TIME_FIELD_NUMBER: _ClassVar[int]
    attempt_id: str
    course: str
    assignment: str
    version: int
    student: str
    number: int
    start_time: _timestamp_pb2.Timestamp
    expire_time: _timestamp_pb2.Timestamp
    attempts_left: int
    challenges: _containers.RepeatedCompositeFieldContainer[Challenge]
    accept_time: _timestamp_pb2.Timestamp
    def __init__(self, attempt_id: _Optional[str] = ..., course: _Optional[str] = ..., assignment: _Optional[str] = ..., version: _Optional[int] = ..., student: _Optional[str] = ..., number: _Optional[int] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., attempts_left: _Optional[int] = ..., challenges: _Optional[_Iterable[_Union[Challenge, _Mapping]]] = ..., accept_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Challenge(_message.Message):
    __slots__ = ("challenge_id", "title", "points", "layer", "steps", "kind")
    CHALLENGE_ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    LAYER_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    challenge_id: str
    title: str
    points: float
    layer: _layer_pb2.LayerSpec
    steps: _containers.RepeatedCompositeFieldContainer[ChallengeStep]
    kind: ChallengeKind
    def __init__(self, challenge_id: _Optional[str] = ..., title: _Optional[str] = ..., points: _Optional[float] = ..., layer: _Optional[_Union[_layer_pb2.LayerSpec, _Mapping]] = ..., steps: _Optional[_Iterable[_Union[ChallengeStep, _Mapping]]] = ..., kind: _Optional[_Union[ChallengeKind, str]] = ...) -> None: ...

class ChallengeStep(_message.Message):
    __slots__ = ("step_id", "set_phase", "forward", "backward", "set_parameters")
    STEP_ID_FIELD_NUMBER: _ClassVar[int]
    SET_PHASE_FIELD_NUMBER: _ClassVar[int]
    FORWARD_FIELD_NUMBER: _ClassVar[int]
    BACKWARD_FIELD_NUMBER: _ClassVar[int]
    SET_PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    step_id: str
    set_phase: _layer_pb2.Phase
    forward: ForwardStep
    backward: BackwardStep
    set_parameters: ParametersStep
    def __init__(self, step_id: _Optional[str] = ..., set_phase: _Optional[_Union[_layer_pb2.Phase, str]] = ..., forward: _Optional[_Union[ForwardStep, _Mapping]] = ..., backward: _Optional[_Union[BackwardStep, _Mapping]] = ..., set_parameters: _Optional[_Union[ParametersStep, _Mapping]] = ...) -> None: ...

class ParametersStep(_message.Message):
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

class ForwardStep(_message.Message):
    __slots__ = ("inputs",)
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    inputs: _containers.RepeatedCompositeFieldContainer[_tensor_pb2.Tensor]
    def __init__(self, inputs: _Optional[_Iterable[_Union[_tensor_pb2.Tensor, _Mapping]]] = ...) -> None: ...

class BackwardStep(_message.Message):
    __slots__ = ("output_gradient",)
    OUTPUT_GRADIENT_FIELD_NUMBER: _ClassVar[int]
    output_gradient: _tensor_pb2.Tensor
    def __init__(self, output_gradient: _Optional[_Union[_tensor_pb2.Tensor, _Mapping]] = ...) -> None: ...

class Answer(_message.Message):
    __slots__ = ("challenge_id", "steps")
    CHALLENGE_ID_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    challenge_id: str
    steps: _containers.RepeatedCompositeFieldContainer[StepAnswer]
    def __init__(self, challenge_id: _Optional[str] = ..., steps: _Optional[_Iterable[_Union[StepAnswer, _Mapping]]] = ...) -> None: ...

class StepAnswer(_message.Message):
    __slots__ = ("step_id", "output", "gradients", "failure")
    STEP_ID_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    GRADIENTS_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    step_id: str
    output: _tensor_pb2.Tensor
    gradients: Gradients
    failure: str
    def __init__(self, step_id: _Optional[str] = ..., output: _Optional[_Union[_tensor_pb2.Tensor, _Mapping]] = ..., gradients: _Optional[_Union[Gradients, _Mapping]] = ..., failure: _Optional[str] = ...) -> None: ...

class Gradients(_message.Message):
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
