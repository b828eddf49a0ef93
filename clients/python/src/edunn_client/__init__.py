"""Run layers of an edunn-serving service as if they were local.

with Client("localhost:50051") as client, client.session(seed=7) as session:
    drop = session.layer("drop", "Dropout", p=0.5)
    y = drop.forward(x)
    input_gradient, parameter_gradients = drop.backward(g)
"""

from edunn_client.aio import AsyncClient, AsyncRemoteLayer, AsyncSession
from edunn_client.aio_stream import AsyncStream
from edunn_client.channel import TLS
from edunn_client.client import Client
from edunn_client.compute import Backward, Forward, Result
from edunn_client.descriptions import (
    ConfigField,
    LayerInfo,
    LayerType,
    ParameterInfo,
    ParameterType,
    SessionInfo,
)
from edunn_client.errors import (
    AlreadyExistsError,
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
from edunn_client.layer import RemoteLayer
from edunn_client.phase import Phase
from edunn_client.retries import RetryPolicy
from edunn_client.session import Session
from edunn_client.stream import Stream

__version__ = "0.1.0"

__all__ = [
    "TLS",
    "AlreadyExistsError",
    "AsyncClient",
    "AsyncRemoteLayer",
    "AsyncSession",
    "AsyncStream",
    "Backward",
    "Client",
    "ConfigField",
    "DeadlineExceededError",
    "EdunnError",
    "FailedPreconditionError",
    "Forward",
    "InternalError",
    "InvalidArgumentError",
    "LayerInfo",
    "LayerType",
    "NotFoundError",
    "ParameterInfo",
    "ParameterType",
    "Phase",
    "RemoteLayer",
    "ResourceExhaustedError",
    "Result",
    "RetryPolicy",
    "Session",
    "SessionInfo",
    "Stream",
    "UnauthenticatedError",
    "UnavailableError",
    "Violation",
]
