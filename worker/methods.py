"""The methods that a worker runs, by the names of their rpcs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
from worker.gradients import clear_gradients
from worker.model_files import export_model, import_model
from worker.open_session import OpenSession
from worker.passes import run_backward, run_forward
from worker.prepare_training import prepare_training
from worker.repetitions import BACKWARD, STEP
from worker.slots import BUFFERS, GRADIENTS, OPTIMIZER, PARAMETERS, SLOTS, Slot
from worker.steps import run_step
from worker.train_step import run_train_step


class Encodable(Protocol):
    """A message, or an object that encodes itself as one."""

    def SerializeToString(self) -> bytes: ...  # noqa: N802  # as protobuf calls it


class Method(NamedTuple):
    """The function that runs a method, and facts of the method that the contract does not have."""

    # Typed as Any, because each method has its own types of request and response.
    run: Callable[[OpenSession, Any, Settings], Encodable]
    # The slots that the method reads or changes. The others may be out of date.
    slots: Sequence[Slot] = (PARAMETERS, BUFFERS)
    # What kind of trace the method leaves if its caller names it.
    repeated_as: str = ""
    # Whether a request without a forward id means the layer's latest forward.
    means_latest_forward: bool = False
    # Whether a request's forward id is usually that of a new forward.
    names_new_forward: bool = False


METHODS: Mapping[str, Method] = {
    "CreateSession": Method(create_session),
    "GetSession": Method(get_session),
    "DeleteSession": Method(delete_session),
    "AddLayer": Method(add_layer),
    "Forward": Method(run_forward, names_new_forward=True),
    "Backward": Method(
        run_backward,
        (PARAMETERS, BUFFERS, GRADIENTS),
        repeated_as=BACKWARD,
        means_latest_forward=True,
    ),
    "Step": Method(run_step, (PARAMETERS, GRADIENTS, OPTIMIZER), repeated_as=STEP),
    "TrainStep": Method(run_train_step, SLOTS, repeated_as=STEP),
    "ClearGradients": Method(clear_gradients, (GRADIENTS,)),
    "GetParameters": Method(get_parameters),
    "SetParameters": Method(set_parameters),
    "ExportModel": Method(export_model),
    "ImportModel": Method(import_model),
    "PrepareTraining": Method(prepare_training),
}
