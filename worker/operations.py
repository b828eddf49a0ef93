"""The operations that a worker runs, by the names of their rpcs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from edunn_serving.settings import Settings
from worker.administration import (
    add_layer,
    create_session,
    delete_session,
    get_parameters,
    get_session,
    set_parameters,
)
from worker.model_files import export_model, import_model
from worker.open_session import OpenSession
from worker.passes import run_backward, run_forward
from worker.prepare_training import prepare_training


class Encodable(Protocol):
    """A message, or an object that encodes itself as one."""

    def SerializeToString(self) -> bytes: ...  # noqa: N802  # as protobuf calls it


class Operation(NamedTuple):
    """The function that runs a method, and facts of the method that the contract does not have."""

    # Typed as Any, because each method has its own types of request and response.
    run: Callable[[OpenSession, Any, Settings], Encodable]
    # Whether a request without a forward id means the layer's latest forward.
    means_latest_forward: bool = False


OPERATIONS: Mapping[str, Operation] = {
    "CreateSession": Operation(create_session),
    "GetSession": Operation(get_session),
    "DeleteSession": Operation(delete_session),
    "AddLayer": Operation(add_layer),
    "Forward": Operation(run_forward),
    "Backward": Operation(run_backward, means_latest_forward=True),
    "GetParameters": Operation(get_parameters),
    "SetParameters": Operation(set_parameters),
    "ExportModel": Operation(export_model),
    "ImportModel": Operation(import_model),
    "PrepareTraining": Operation(prepare_training),
}
