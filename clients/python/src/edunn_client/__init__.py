"""Run layers of an edunn-serving service as if they were local.

with Client("localhost:50051") as client, client.session(seed=7) as session:
    drop = session.layer("drop", "Dropout", p=0.5)
    y = drop.forward(x)
    input_gradient, parameter_gradients = drop.backward(g)
"""

from edunn_client._aio_client import AsyncClient
from edunn_client._aio_layer import AsyncRemoteLayer
from edunn_client._aio_session import AsyncSession
from edunn_client._aio_stream import AsyncStream
from edunn_client._aio_training import AsyncTraining
from edunn_client._channel import TLS
from edunn_client._client import Client
from edunn_client._descriptions import (
    ConfigField,
    LayerInfo,
    LayerType,
    Limit,
    OptimizerType,
    ParameterInfo,
    ParameterType,
    SessionInfo,
)
from edunn_client._errors import (
    AlreadyExistsError,
    CancelledError,
    DeadlineExceededError,
    EdunnError,
    FailedPreconditionError,
    InternalError,
    InvalidArgumentError,
    NotFoundError,
    ResourceExhaustedError,
    UnauthenticatedError,
    UnavailableError,
    Violation,
)
from edunn_client._layer import RemoteLayer, RemoteLoss
from edunn_client._live_arrays import LiveArray
from edunn_client._operations import Backward, Forward, Operation, Result, Step, TrainStep
from edunn_client._outputs import Output
from edunn_client._phase import Phase
from edunn_client._retries import RetryPolicy
from edunn_client._scope import CallScope
from edunn_client._session import Session
from edunn_client._steps import MeanLoss, StepCount
from edunn_client._stream import Stream
from edunn_client._training import Training
from edunn_client._training_calls import CosineSchedule, EarlyStopping, StepSchedule
from edunn_client._training_info import (
    ArraySpec,
    DatasetInfo,
    Epoch,
    Progress,
    Started,
    TrainingEvent,
    TrainingInfo,
    TrainingOutcome,
    TrainingState,
)
from edunn_client._version import __version__

__all__ = [
    "TLS",
    "AlreadyExistsError",
    "ArraySpec",
    "AsyncClient",
    "AsyncRemoteLayer",
    "AsyncSession",
    "AsyncStream",
    "AsyncTraining",
    "Backward",
    "CallScope",
    "CancelledError",
    "Client",
    "ConfigField",
    "CosineSchedule",
    "DatasetInfo",
    "DeadlineExceededError",
    "EarlyStopping",
    "EdunnError",
    "Epoch",
    "FailedPreconditionError",
    "Forward",
    "InternalError",
    "InvalidArgumentError",
    "LayerInfo",
    "LayerType",
    "Limit",
    "LiveArray",
    "MeanLoss",
    "NotFoundError",
    "Operation",
    "OptimizerType",
    "Output",
    "ParameterInfo",
    "ParameterType",
    "Phase",
    "Progress",
    "RemoteLayer",
    "RemoteLoss",
    "ResourceExhaustedError",
    "Result",
    "RetryPolicy",
    "Session",
    "SessionInfo",
    "Started",
    "Step",
    "StepCount",
    "StepSchedule",
    "Stream",
    "TrainStep",
    "Training",
    "TrainingEvent",
    "TrainingInfo",
    "TrainingOutcome",
    "TrainingState",
    "UnauthenticatedError",
    "UnavailableError",
    "Violation",
    "__version__",
]

for _name in __all__:
    # Where users find them, in tracebacks and pickles too.
    if isinstance(globals()[_name], type):
        globals()[_name].__module__ = __name__
del _name
