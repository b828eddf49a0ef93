import datetime

from . import layer_service_pb2 as _layer_service_pb2
from . import optimizer_pb2 as _optimizer_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TrainingState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRAINING_STATE_UNSPECIFIED: _ClassVar[TrainingState]
    TRAINING_STATE_QUEUED: _ClassVar[TrainingState]
    TRAINING_STATE_RUNNING: _ClassVar[TrainingState]
    TRAINING_STATE_SUCCEEDED: _ClassVar[TrainingState]
    TRAINING_STATE_FAILED: _ClassVar[TrainingState]
    TRAINING_STATE_CANCELLED: _ClassVar[TrainingState]

class TrainingOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRAINING_OUTCOME_UNSPECIFIED: _ClassVar[TrainingOutcome]
    TRAINING_OUTCOME_APPLIED: _ClassVar[TrainingOutcome]
    TRAINING_OUTCOME_PARAMETERS_CHANGED: _ClassVar[TrainingOutcome]
    TRAINING_OUTCOME_SESSION_GONE: _ClassVar[TrainingOutcome]
TRAINING_STATE_UNSPECIFIED: TrainingState
TRAINING_STATE_QUEUED: TrainingState
TRAINING_STATE_RUNNING: TrainingState
TRAINING_STATE_SUCCEEDED: TrainingState
TRAINING_STATE_FAILED: TrainingState
TRAINING_STATE_CANCELLED: TrainingState
TRAINING_OUTCOME_UNSPECIFIED: TrainingOutcome
TRAINING_OUTCOME_APPLIED: TrainingOutcome
TRAINING_OUTCOME_PARAMETERS_CHANGED: TrainingOutcome
TRAINING_OUTCOME_SESSION_GONE: TrainingOutcome

class TrainingSpec(_message.Message):
    __slots__ = ("session_id", "layer", "loss", "optimizer", "dataset", "epochs", "batch_size", "shuffle", "validation_share", "seed", "early_stopping", "metrics", "schedule")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    LAYER_FIELD_NUMBER: _ClassVar[int]
    LOSS_FIELD_NUMBER: _ClassVar[int]
    OPTIMIZER_FIELD_NUMBER: _ClassVar[int]
    DATASET_FIELD_NUMBER: _ClassVar[int]
    EPOCHS_FIELD_NUMBER: _ClassVar[int]
    BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    SHUFFLE_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_SHARE_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    EARLY_STOPPING_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    SCHEDULE_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    layer: str
    loss: str
    optimizer: _optimizer_pb2.OptimizerSpec
    dataset: str
    epochs: int
    batch_size: int
    shuffle: bool
    validation_share: float
    seed: int
    early_stopping: EarlyStopping
    metrics: _containers.RepeatedScalarFieldContainer[str]
    schedule: LearningRateSchedule
    def __init__(self, session_id: _Optional[str] = ..., layer: _Optional[str] = ..., loss: _Optional[str] = ..., optimizer: _Optional[_Union[_optimizer_pb2.OptimizerSpec, _Mapping]] = ..., dataset: _Optional[str] = ..., epochs: _Optional[int] = ..., batch_size: _Optional[int] = ..., shuffle: _Optional[bool] = ..., validation_share: _Optional[float] = ..., seed: _Optional[int] = ..., early_stopping: _Optional[_Union[EarlyStopping, _Mapping]] = ..., metrics: _Optional[_Iterable[str]] = ..., schedule: _Optional[_Union[LearningRateSchedule, _Mapping]] = ...) -> None: ...

class EarlyStopping(_message.Message):
    __slots__ = ("metric", "patience", "min_delta", "restore_best")
    METRIC_FIELD_NUMBER: _ClassVar[int]
    PATIENCE_FIELD_NUMBER: _ClassVar[int]
    MIN_DELTA_FIELD_NUMBER: _ClassVar[int]
    RESTORE_BEST_FIELD_NUMBER: _ClassVar[int]
    metric: str
    patience: int
    min_delta: float
    restore_best: bool
    def __init__(self, metric: _Optional[str] = ..., patience: _Optional[int] = ..., min_delta: _Optional[float] = ..., restore_best: _Optional[bool] = ...) -> None: ...

class LearningRateSchedule(_message.Message):
    __slots__ = ("step", "cosine")
    STEP_FIELD_NUMBER: _ClassVar[int]
    COSINE_FIELD_NUMBER: _ClassVar[int]
    step: StepSchedule
    cosine: CosineSchedule
    def __init__(self, step: _Optional[_Union[StepSchedule, _Mapping]] = ..., cosine: _Optional[_Union[CosineSchedule, _Mapping]] = ...) -> None: ...

class StepSchedule(_message.Message):
    __slots__ = ("epochs", "factor")
    EPOCHS_FIELD_NUMBER: _ClassVar[int]
    FACTOR_FIELD_NUMBER: _ClassVar[int]
    epochs: int
    factor: float
    def __init__(self, epochs: _Optional[int] = ..., factor: _Optional[float] = ...) -> None: ...

class CosineSchedule(_message.Message):
    __slots__ = ("share",)
    SHARE_FIELD_NUMBER: _ClassVar[int]
    share: float
    def __init__(self, share: _Optional[float] = ...) -> None: ...

class Training(_message.Message):
    __slots__ = ("training_id", "spec", "state", "outcome", "error", "progress", "epochs", "best_epoch", "stopped_early", "create_time", "start_time", "end_time", "expire_time", "cancel_requested")
    TRAINING_ID_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    EPOCHS_FIELD_NUMBER: _ClassVar[int]
    BEST_EPOCH_FIELD_NUMBER: _ClassVar[int]
    STOPPED_EARLY_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    CANCEL_REQUESTED_FIELD_NUMBER: _ClassVar[int]
    training_id: str
    spec: TrainingSpec
    state: TrainingState
    outcome: TrainingOutcome
    error: _layer_service_pb2.OperationError
    progress: TrainingProgress
    epochs: _containers.RepeatedCompositeFieldContainer[EpochResult]
    best_epoch: int
    stopped_early: bool
    create_time: _timestamp_pb2.Timestamp
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    expire_time: _timestamp_pb2.Timestamp
    cancel_requested: bool
    def __init__(self, training_id: _Optional[str] = ..., spec: _Optional[_Union[TrainingSpec, _Mapping]] = ..., state: _Optional[_Union[TrainingState, str]] = ..., outcome: _Optional[_Union[TrainingOutcome, str]] = ..., error: _Optional[_Union[_layer_service_pb2.OperationError, _Mapping]] = ..., progress: _Optional[_Union[TrainingProgress, _Mapping]] = ..., epochs: _Optional[_Iterable[_Union[EpochResult, _Mapping]]] = ..., best_epoch: _Optional[int] = ..., stopped_early: _Optional[bool] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., cancel_requested: _Optional[bool] = ...) -> None: ...

class TrainingProgress(_message.Message):
    __slots__ = ("epochs_done", "batches_done", "batches", "loss", "samples_per_second", "time_left", "share")
    EPOCHS_DONE_FIELD_NUMBER: _ClassVar[int]
    BATCHES_DONE_FIELD_NUMBER: _ClassVar[int]
    BATCHES_FIELD_NUMBER: _ClassVar[int]
    LOSS_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    TIME_LEFT_FIELD_NUMBER: _ClassVar[int]
    SHARE_FIELD_NUMBER: _ClassVar[int]
    epochs_done: int
    batches_done: int
    batches: int
    loss: float
    samples_per_second: float
    time_left: _duration_pb2.Duration
    share: float
    def __init__(self, epochs_done: _Optional[int] = ..., batches_done: _Optional[int] = ..., batches: _Optional[int] = ..., loss: _Optional[float] = ..., samples_per_second: _Optional[float] = ..., time_left: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., share: _Optional[float] = ...) -> None: ...

class EpochResult(_message.Message):
    __slots__ = ("epoch", "training", "validation", "learning_rate", "duration")
    class TrainingEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    class ValidationEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_FIELD_NUMBER: _ClassVar[int]
    LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    training: _containers.ScalarMap[str, float]
    validation: _containers.ScalarMap[str, float]
    learning_rate: float
    duration: _duration_pb2.Duration
    def __init__(self, epoch: _Optional[int] = ..., training: _Optional[_Mapping[str, float]] = ..., validation: _Optional[_Mapping[str, float]] = ..., learning_rate: _Optional[float] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class TrainingEvent(_message.Message):
    __slots__ = ("event_id", "time", "started", "progress", "epoch", "ended")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    STARTED_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    time: _timestamp_pb2.Timestamp
    started: TrainingStarted
    progress: TrainingProgress
    epoch: EpochResult
    ended: Training
    def __init__(self, event_id: _Optional[str] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., started: _Optional[_Union[TrainingStarted, _Mapping]] = ..., progress: _Optional[_Union[TrainingProgress, _Mapping]] = ..., epoch: _Optional[_Union[EpochResult, _Mapping]] = ..., ended: _Optional[_Union[Training, _Mapping]] = ...) -> None: ...

class TrainingStarted(_message.Message):
    __slots__ = ("training_samples", "validation_samples", "epochs_done")
    TRAINING_SAMPLES_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_SAMPLES_FIELD_NUMBER: _ClassVar[int]
    EPOCHS_DONE_FIELD_NUMBER: _ClassVar[int]
    training_samples: int
    validation_samples: int
    epochs_done: int
    def __init__(self, training_samples: _Optional[int] = ..., validation_samples: _Optional[int] = ..., epochs_done: _Optional[int] = ...) -> None: ...
