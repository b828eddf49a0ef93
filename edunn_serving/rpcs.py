"""The rpcs of a service, derived from the contract. They are declared nowhere else.

Only the roles of the services that others have defined, health and reflection, are named here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import (
    Descriptor,
    FieldDescriptor,
    MethodDescriptor,
    ServiceDescriptor,
)
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from edunn_serving.callers import EVERY_ROLE, Role
from edunn_serving.internal.v1 import training_pb2
from edunn_serving.v1 import access_pb2, layer_service_pb2, training_service_pb2

# What watches over the service asks for its health, without a token.
FOREIGN_ROLES: Mapping[str, frozenset[Role]] = {
    "grpc.health.v1.Health": frozenset(),
    "grpc.reflection.v1alpha.ServerReflection": EVERY_ROLE,
}

# The fields by which a caller names an operation, so that a repetition takes no second effect.
REPEAT_NAMES = ("step_id", "backward_id")


@dataclass(frozen=True, slots=True)
class Rpc:
    """One method of a service, as the contract describes it."""

    # Its name in the service, such as `Forward`.
    name: str
    # Its path in HTTP/2, such as `/edunn_serving.v1.LayerService/Forward`.
    path: str
    request_type: type[Message]
    request_descriptor: Descriptor
    response_type: type[Message]
    client_streaming: bool
    server_streaming: bool
    # The roles that may call it. Empty: anybody may, also without being known.
    roles: frozenset[Role]
    # Whether a grader may call it for a student.
    graders_act: bool
    # The field with the id that makes a request repeatable, if it is no forward id; or empty.
    repeat_name: str

    # All fields that name something: their numbers, and their names.
    name_fields: Mapping[int, str]

    @property
    def names_session(self) -> bool:
        """Whether a request is about a session."""
        return "session_id" in self.name_fields.values()

    @property
    def is_open(self) -> bool:
        """Whether anybody may call it, also without being known."""
        return not self.roles


def rpcs_of(service: ServiceDescriptor) -> Mapping[str, Rpc]:
    """Return the rpcs of a service by their names, in the order of the contract.

    Raises
    ------
    ValueError
        The contract does not name the roles that may call a method.
    """
    return {method.name: _rpc(service, method) for method in service.methods}


def _rpc(service: ServiceDescriptor, method: MethodDescriptor) -> Rpc:
    repeat_name = _repeat_name(method.input_type)
    numbers = {
        name: _string_field(method.input_type, name)
        for name in ("session_id", "layer", "forward_id", "loss", repeat_name)
    }
    return Rpc(
        method.name,
        f"/{service.full_name}/{method.name}",
        GetMessageClass(method.input_type),
        method.input_type,
        GetMessageClass(method.output_type),
        method.client_streaming,
        method.server_streaming,
        _roles(method),
        _options(method).Extensions[access_pb2.graders_act_for_students],
        repeat_name=repeat_name,
        name_fields={number: name for name, number in numbers.items() if number},
    )


def _repeat_name(message: Descriptor) -> str:
    """Return the field whose value makes a request repeatable; empty if there is none."""
    return next((name for name in REPEAT_NAMES if name in message.fields_by_name), "")


def _options(method: MethodDescriptor) -> Any:
    return method.GetOptions()


def _roles(method: MethodDescriptor) -> frozenset[Role]:
    """Return the roles that may call a method."""
    foreign = FOREIGN_ROLES.get(method.containing_service.full_name)
    if foreign is not None:
        return foreign
    named: Iterable[int] = _options(method).Extensions[access_pb2.roles]
    if not named:
        raise ValueError(
            f"{method.full_name} names no roles: add `option (edunn_serving.v1.roles) = ROLE_...;`"
        )
    prefix = len("ROLE_")
    return frozenset(Role[access_pb2.Role.Name(each)[prefix:]] for each in named)


def _string_field(message: Descriptor, name: str) -> int:
    """Return the number of a string field; 0 if there is none of this name and type."""
    field = message.fields_by_name.get(name)
    return field.number if field and field.type == FieldDescriptor.TYPE_STRING else 0


LAYER_SERVICE: ServiceDescriptor = layer_service_pb2.DESCRIPTOR.services_by_name["LayerService"]
LAYER_RPCS = rpcs_of(LAYER_SERVICE)
TRAINING_SERVICE: ServiceDescriptor = training_service_pb2.DESCRIPTOR.services_by_name[
    "TrainingService"
]
TRAINING_RPCS = rpcs_of(TRAINING_SERVICE)
# What workers run on sessions: rpcs of callers, and those that only servers call.
OPERATION_RPCS: Mapping[str, Rpc] = {
    **LAYER_RPCS,
    **rpcs_of(training_pb2.DESCRIPTOR.services_by_name["SessionOperationService"]),
}

# Methods that leave nothing new in Redis.
FILLS_NOTHING = frozenset({"DeleteSession", "GetSession", "GetParameters"})
