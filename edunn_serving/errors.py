"""The errors of the service, and the one place that turns them into gRPC statuses."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Mapping
from enum import Enum, IntEnum

from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

DOMAIN = "edunn"

# A status travels in HTTP/2 headers, and many peers accept 8 KiB of them. The parts of a status are
# bounded, in bytes of UTF-8, so that the sum stays below 8 KiB even if each byte is escaped.
MAX_MESSAGE_BYTES = 600
MAX_DESCRIPTION_BYTES = 300
MAX_FIELD_BYTES = 120
# Each violation gets less room if there are many.
MAX_VIOLATIONS = 16
MAX_VIOLATIONS_BYTES = 2500
MAX_QUOTED_CHARACTERS = 100

log = logging.getLogger(__name__)


class Code(IntEnum):
    """The gRPC status codes that the service answers with.

    They are written out here because a worker must not import gRPC, which is not safe with a fork.
    """

    CANCELLED = 1
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    UNAUTHENTICATED = 16


class Reason(Enum):
    """The conditions that callers can tell apart. Each has a status code and a meaning.

    A member's name is the `reason` of an `ErrorInfo`. The names are stable.
    """

    INVALID_ARGUMENT = (
        Code.INVALID_ARGUMENT,
        "fields of the request are wrong; the first sixteen are named",
    )
    LAYER_TYPE_NOT_FOUND = Code.NOT_FOUND, "there is no such type of layer"
    OPTIMIZER_TYPE_NOT_FOUND = Code.NOT_FOUND, "there is no such type of optimizer"
    SESSION_NOT_FOUND = Code.NOT_FOUND, "there is no such session, or it is somebody else's"
    LAYER_NOT_FOUND = Code.NOT_FOUND, "the session has no such layer"
    FORWARD_NOT_FOUND = Code.NOT_FOUND, "the layer has had no such forward"
    DATASET_NOT_FOUND = Code.NOT_FOUND, "there is no such data set, or it is somebody else's"
    TRAINING_NOT_FOUND = Code.NOT_FOUND, "there is no such training, or it is somebody else's"
    NO_FORWARD = Code.FAILED_PRECONDITION, "the layer has had no tracked forward yet"
    CONTEXT_EVICTED = (
        Code.FAILED_PRECONDITION,
        "the forward's context was evicted, or the forward was untracked",
    )
    FORWARD_STALE = (
        Code.FAILED_PRECONDITION,
        "the layer's parameters or buffers have changed since the forward",
    )
    TRAINING_ENDED = Code.FAILED_PRECONDITION, "the training has succeeded and cannot go on"
    TRAINING_UNDER_WAY = (
        Code.FAILED_PRECONDITION,
        "a training that has not ended needs the data set",
    )
    NO_GRADIENTS = Code.FAILED_PRECONDITION, "the session keeps no gradients for the layer"
    NO_OPTIMIZER = (
        Code.FAILED_PRECONDITION,
        "the request names no optimizer, and the layer had none before",
    )
    NOT_FINITE = (
        Code.FAILED_PRECONDITION,
        "a gradient, or the loss of a training's batch, has a NaN or an infinity; which is named",
    )
    SESSION_EXISTS = Code.ALREADY_EXISTS, "the caller has a session of this id"
    LAYER_EXISTS = Code.ALREADY_EXISTS, "the session has a layer of this name"
    FORWARD_EXISTS = Code.ALREADY_EXISTS, "the `forward_id` has other inputs or another phase"
    DATASET_EXISTS = Code.ALREADY_EXISTS, "the name has another data set"
    TRAINING_EXISTS = Code.ALREADY_EXISTS, "the `training_id` has another training"
    BACKWARD_EXISTS = Code.ALREADY_EXISTS, "the `backward_id` has other contents"
    STEP_EXISTS = Code.ALREADY_EXISTS, "the `step_id` has other contents"
    QUEUE_FULL = Code.RESOURCE_EXHAUSTED, "the server's queue is full"
    QUOTA = (
        Code.RESOURCE_EXHAUSTED,
        "a limit of the caller, of the session, of Redis or of the database is reached",
    )
    STORE_FULL = Code.RESOURCE_EXHAUSTED, "the artifact store has no room left"
    TOO_LARGE = Code.RESOURCE_EXHAUSTED, "the operation, its request or its answer is too large"
    UNAVAILABLE = (
        Code.UNAVAILABLE,
        "Redis, the database or all workers are away, or the server stops",
    )
    DEADLINE_EXCEEDED = Code.DEADLINE_EXCEEDED, "the deadline passed before the operation was done"
    CANCELLED = Code.CANCELLED, "the caller has cancelled the operation of a stream"
    ASSIGNMENT_NOT_FOUND = Code.NOT_FOUND, "there is no such assignment, or it is not the caller's"
    ATTEMPT_NOT_FOUND = Code.NOT_FOUND, "there is no such attempt, or it is somebody else's"
    REPORT_NOT_FOUND = Code.NOT_FOUND, "the attempt has no such report"
    LAYER_TYPE_CLOSED = (
        Code.PERMISSION_DENIED,
        "an assignment that is open for the student asks for this type of layer or optimizer",
    )
    CHALLENGE_INPUT = (
        Code.PERMISSION_DENIED,
        "an input is one of a challenge that somebody has still to answer",
    )
    ASSIGNMENT_CLOSED = Code.FAILED_PRECONDITION, "the assignment is not open, or no longer"
    ATTEMPT_EXPIRED = Code.FAILED_PRECONDITION, "the time for the attempt's answers is over"
    ANSWERS_EXIST = Code.ALREADY_EXISTS, "the attempt has been answered with other values"
    ATTEMPTS_USED_UP = (
        Code.RESOURCE_EXHAUSTED,
        "the assignment allows no further attempt, or not yet",
    )
    DATABASE_NEWER = (
        Code.FAILED_PRECONDITION,
        "the database of grades is of a newer version than the program",
    )
    SERVICE_NOT_FOUND = Code.NOT_FOUND, "a health check names a service that the server lacks"
    UNAUTHENTICATED = Code.UNAUTHENTICATED, "the call brings no token of this server"
    PERMISSION_DENIED = Code.PERMISSION_DENIED, "the caller has none of the method's roles"
    UNIMPLEMENTED = Code.UNIMPLEMENTED, "the server has no such method"
    INTERNAL = Code.INTERNAL, "a fault of the service; the log has the error id too"

    def __init__(self, code: Code, meaning: str) -> None:
        self.code = code
        self.meaning = meaning


class ServiceError(Exception):
    """An operation cannot be done. The error says why in the caller's terms.

    Parameters
    ----------
    reason
        The condition, which decides the gRPC status code.
    message
        A sentence that says what is wrong and what would be right.
    violations
        For INVALID_ARGUMENT: (field, what is wrong with it) for every field at fault. Only the
        first `MAX_VIOLATIONS` are sent.
    retry_after
        The seconds after which trying again may help. None if it does not help.
    metadata
        The variable parts of the message, for machines.
    """

    def __init__(
        self,
        reason: Reason,
        message: str,
        *,
        violations: Iterable[tuple[str, str]] = (),
        retry_after: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        self.reason = reason
        self.message = _cut(message, MAX_MESSAGE_BYTES)
        self.violations = _bounded(tuple(violations)[:MAX_VIOLATIONS])
        self.retry_after = retry_after
        self.metadata = {
            name: _cut(text, MAX_FIELD_BYTES) for name, text in (metadata or {}).items()
        }
        super().__init__(self.message)

    @property
    def code(self) -> Code:
        return self.reason.code

    def to_status(self) -> status_pb2.Status:
        """Return the status that the caller receives."""
        details: list[Message] = [
            error_details_pb2.ErrorInfo(
                reason=self.reason.name, domain=DOMAIN, metadata=self.metadata
            )
        ]
        if self.violations:
            details.append(
                error_details_pb2.BadRequest(
                    field_violations=[
                        error_details_pb2.BadRequest.FieldViolation(field=field, description=text)
                        for field, text in self.violations
                    ]
                )
            )
        if self.retry_after is not None:
            delay = duration_pb2.Duration()
            delay.FromNanoseconds(int(self.retry_after * 1e9))
            details.append(error_details_pb2.RetryInfo(retry_delay=delay))
        return status_pb2.Status(
            code=int(self.code), message=self.message, details=[_packed(each) for each in details]
        )


def quoted(text: object) -> str:
    """Return a caller's text as Python quotes it, in at most 100 characters.

    Line breaks and control characters are escaped, so that a caller cannot forge a log line.
    """
    if isinstance(text, str):
        # Cut before it is escaped, because escaping many MiB takes as much memory again.
        return repr(_first(text, MAX_QUOTED_CHARACTERS))
    return _first(repr(text), MAX_QUOTED_CHARACTERS)


def _first(text: str, characters: int) -> str:
    return text if len(text) <= characters else text[: characters - 1] + "…"


def _cut(text: str, limit: int) -> str:
    """Return the beginning of a text, in at most `limit` bytes of UTF-8."""
    encoded = text[:limit].encode(errors="replace")
    if len(text) <= limit and len(encoded) <= limit:
        return text
    return encoded[: limit - len("…".encode())].decode(errors="ignore") + "…"


def _bounded(violations: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Cut violations so that they fit into a status together."""
    room = MAX_VIOLATIONS_BYTES // max(1, len(violations))
    of_field = min(MAX_FIELD_BYTES, room // 3)
    of_text = min(MAX_DESCRIPTION_BYTES, room - of_field)
    return tuple((_cut_within(field, of_field), _cut(text, of_text)) for field, text in violations)


def _cut_within(path: str, limit: int) -> str:
    """Return the beginning and the end of a field's path, in at most `limit` bytes of UTF-8."""
    half = limit // 2
    if len(path) <= limit and len(path.encode(errors="replace")) <= limit:
        return path
    return _cut(path, half) + path[-half:].encode(errors="replace")[-half:].decode(errors="ignore")


def _packed(detail: Message) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(detail)
    return packed


def info_of(status: status_pb2.Status) -> error_details_pb2.ErrorInfo:
    """Return what a status says of its reason; an empty one if it says nothing."""
    info = error_details_pb2.ErrorInfo()
    for detail in status.details:
        if detail.Unpack(info):
            break
    return info


def invalid_argument(field: str, description: str) -> ServiceError:
    """Return the error of one field that is wrong."""
    return invalid_arguments([(field, description)])


def invalid_arguments(violations: Iterable[tuple[str, str]]) -> ServiceError:
    """Return the error of several fields that are wrong."""
    violations = tuple(violations)
    message = "; ".join(
        f"{_cut_within(field, MAX_FIELD_BYTES)}: {text}"
        for field, text in violations[:MAX_VIOLATIONS]
    )
    if len(violations) > MAX_VIOLATIONS:
        message = f"{len(violations)} fields are wrong; {message}"
    return ServiceError(
        Reason.INVALID_ARGUMENT,
        message,
        violations=violations,
        metadata={"field": violations[0][0]},
    )


def session_not_found(session_id: str) -> ServiceError:
    """Return the error of a session that does not exist, has expired, or is another caller's."""
    return ServiceError(
        Reason.SESSION_NOT_FOUND,
        f"there is no session {quoted(session_id)}: "
        "it was never created, has expired or was deleted",
        metadata={"session_id": session_id},
    )


def deadline_exceeded() -> ServiceError:
    """Return the error of an operation whose deadline passed before it was computed."""
    return ServiceError(
        Reason.DEADLINE_EXCEEDED, "the deadline passed before the operation was computed"
    )


def unavailable(why: str, *, retry_after: float = 1.0) -> ServiceError:
    """Return the error of an operation that can be tried again shortly, also at another server."""
    return ServiceError(Reason.UNAVAILABLE, f"{why}: try again shortly", retry_after=retry_after)


def internal_error(error_id: str) -> ServiceError:
    """Return the error of a fault of ours. The log has more under the error id."""
    return ServiceError(
        Reason.INTERNAL,
        f"the service failed; its log says more under the error id {error_id}",
        metadata={"error_id": error_id},
    )


def logged_fault(where: str) -> ServiceError:
    """Log the exception being handled and return the error that refers to it."""
    error_id = uuid.uuid4().hex
    log.exception("error %s in %s", error_id, where)
    return internal_error(error_id)


def reasons_table() -> str:
    """Return the reasons as the Markdown table that the README shows."""
    rows = ["| reason | status | meaning |", "| --- | --- | --- |"]
    rows += [f"| `{each.name}` | {each.code.name} | {each.meaning} |" for each in Reason]
    return "\n".join(rows) + "\n"
