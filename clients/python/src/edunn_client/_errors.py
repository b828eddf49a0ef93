"""What can go wrong, as one family of exceptions.

    EdunnError
    ├── InvalidArgumentError       also a ValueError; `violations` names the fields at fault
    ├── NotFoundError              no such layer or optimizer type, session, layer or forward
    ├── AlreadyExistsError         a session, layer, forward or step of that name exists
    ├── FailedPreconditionError    a backward without its forward, a step without its gradients
    ├── ResourceExhaustedError     queue full, quota exceeded, or too large
    ├── UnauthenticatedError       no token, or none that the service knows
    ├── DeadlineExceededError      also a TimeoutError
    ├── UnavailableError           the service, its store or its workers are away
    ├── CancelledError             the caller has cancelled the call, or closed the client
    └── InternalError              a fault of the service; the message has an id that its log has

Any other gRPC status is an EdunnError itself. Errors that the client makes have a reason too:
DEADLINE_EXCEEDED, UNAVAILABLE, CANCELLED, TOO_LARGE, NO_FORWARD, PARAMETERS_OUTDATED.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import grpc
from google.protobuf import any_pb2
from google.protobuf.message import DecodeError

from edunn_client._stubs import error_details_pb2
from edunn_client._stubs.layer_service_pb2 import OperationError

# Where gRPC puts the google.rpc.Status of a failed call.
_DETAILS = "grpc-status-details-bin"


@dataclass(frozen=True)
class Violation:
    """One field of a request at fault."""

    field: str
    """The field in the caller's terms, such as `layer.config.p`."""
    description: str
    """What is wrong with it."""


class EdunnError(Exception):
    """A call that the service refused or could not finish.

    Attributes
    ----------
    message : str
        What went wrong, in the service's words.
    code : grpc.StatusCode
    reason : str
        A stable name such as `FORWARD_STALE`; empty where neither service nor client gave one.
    violations : tuple of Violation
        The fields at fault.
    retry_delay : float or None
        After how many seconds trying again may help; None where the service did not say.
    metadata : dict of str to str
        The variable parts of the message.
    """

    _default_code: ClassVar[grpc.StatusCode] = grpc.StatusCode.UNKNOWN

    def __init__(
        self,
        message: str,
        code: grpc.StatusCode | None = None,
        reason: str = "",
        violations: Iterable[Violation] = (),
        retry_delay: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        # All of them as args: an exception is pickled (to another process, say) by its args.
        self.code = code or self._default_code
        self.violations = tuple(violations)
        self.metadata = dict(metadata or {})
        super().__init__(message, self.code, reason, self.violations, retry_delay, self.metadata)
        self.message = message
        self.reason = reason
        self.retry_delay = retry_delay

    def __str__(self) -> str:
        parts = [self.message]
        # The service's sentence usually says it all; fields that it leaves out are added.
        parts += [
            f"{violation.field}: {violation.description}"
            for violation in self.violations
            if violation.description not in self.message
        ]
        return "; ".join(parts) + f" [{self.reason or self.code.name}]"


class InvalidArgumentError(EdunnError, ValueError):
    _default_code = grpc.StatusCode.INVALID_ARGUMENT


class NotFoundError(EdunnError):
    _default_code = grpc.StatusCode.NOT_FOUND


class AlreadyExistsError(EdunnError):
    _default_code = grpc.StatusCode.ALREADY_EXISTS


class FailedPreconditionError(EdunnError):
    _default_code = grpc.StatusCode.FAILED_PRECONDITION


class ResourceExhaustedError(EdunnError):
    _default_code = grpc.StatusCode.RESOURCE_EXHAUSTED


class UnauthenticatedError(EdunnError):
    _default_code = grpc.StatusCode.UNAUTHENTICATED


class DeadlineExceededError(EdunnError, TimeoutError):
    _default_code = grpc.StatusCode.DEADLINE_EXCEEDED


class UnavailableError(EdunnError):
    _default_code = grpc.StatusCode.UNAVAILABLE


class CancelledError(EdunnError):
    _default_code = grpc.StatusCode.CANCELLED


class InternalError(EdunnError):
    _default_code = grpc.StatusCode.INTERNAL


_CLASSES: dict[grpc.StatusCode, type[EdunnError]] = {
    cls._default_code: cls
    for cls in (
        InvalidArgumentError,
        NotFoundError,
        AlreadyExistsError,
        FailedPreconditionError,
        ResourceExhaustedError,
        UnauthenticatedError,
        DeadlineExceededError,
        UnavailableError,
        CancelledError,
        InternalError,
    )
}
_CODES: dict[int, grpc.StatusCode] = {code.value[0]: code for code in grpc.StatusCode}


def error_from_status(status: OperationError) -> EdunnError:
    """Return the exception for a status that the service sent."""
    code = _CODES.get(status.code, grpc.StatusCode.UNKNOWN)
    error = _CLASSES.get(code, EdunnError)
    try:
        return error(status.message, code, *_read_details(status.details))
    except DecodeError:
        # Malformed details tell nothing; the code and the sentence still do.
        return error(status.message, code)


def _read_details(
    details: Iterable[any_pb2.Any],
) -> tuple[str, list[Violation], float | None, dict[str, str]]:
    """Return the reason, the violations, the retry delay and the metadata."""
    reason = ""
    violations: list[Violation] = []
    retry_delay: float | None = None
    metadata: dict[str, str] = {}
    for detail in details:
        match detail.type_url.rpartition("/")[2]:
            case "google.rpc.ErrorInfo":
                info = error_details_pb2.ErrorInfo.FromString(detail.value)
                reason, metadata = info.reason, dict(info.metadata)
            case "google.rpc.BadRequest":
                request = error_details_pb2.BadRequest.FromString(detail.value)
                violations += [Violation(v.field, v.description) for v in request.field_violations]
            case "google.rpc.RetryInfo":
                retry = error_details_pb2.RetryInfo.FromString(detail.value)
                retry_delay = retry.retry_delay.seconds + retry.retry_delay.nanos / 1e9
    return reason, violations, retry_delay, metadata


def error_of_service(error: grpc.RpcError) -> EdunnError | None:
    """Return the exception for what the service says of a failed call; None if it says nothing."""
    trailing: Any = error.trailing_metadata() or ()
    details = next((value for key, value in trailing if key == _DETAILS), b"")
    try:
        # An OperationError has the fields of google.rpc.Status.
        status = OperationError.FromString(details)
    except DecodeError:
        return None
    # There may be none, or a proxy may have rewritten the status and left details that contradict.
    return error_from_status(status) if _CODES.get(status.code) is error.code() else None


def error_from_rpc(error: grpc.RpcError) -> EdunnError:
    """Return the exception for a failed call, whether of a sync or of an asyncio channel."""
    told = error_of_service(error)
    if told is not None:
        return told
    code: grpc.StatusCode = error.code()
    message = error.details() or code.name
    return _CLASSES.get(code, EdunnError)(message, code, _client_reason(code, message))


# The conditions that gRPC finds on this side of the connection.
_CLIENT_REASONS = frozenset(
    {
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.CANCELLED,
    }
)


def _client_reason(code: grpc.StatusCode, message: str) -> str:
    if code in _CLIENT_REASONS:
        return code.name
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED and "larger than max" in message:
        return "TOO_LARGE"
    return ""


def cancelled() -> CancelledError:
    """Return the error of a call that its caller has cancelled."""
    return CancelledError("the call was cancelled", reason="CANCELLED")


def unavailable(message: str) -> UnavailableError:
    """Return the error of a call for which there is no connection."""
    return UnavailableError(message, reason="UNAVAILABLE")


def deadline_exceeded(message: str) -> DeadlineExceededError:
    """Return the error of a call that has taken longer than it may."""
    return DeadlineExceededError(message, reason="DEADLINE_EXCEEDED")


def too_large(message: str) -> ResourceExhaustedError:
    """Return the error of a message beyond the largest that the client sends."""
    return ResourceExhaustedError(message, reason="TOO_LARGE")


def no_forward(layer: str) -> FailedPreconditionError:
    """Return the error of a backward before the first forward of its layer object."""
    return FailedPreconditionError(
        f"layer {layer!r} has made no forward here that a backward could go back through: "
        "call forward first, or name one",
        reason="NO_FORWARD",
    )


def parameters_outdated(names: list[str]) -> FailedPreconditionError:
    """Return the error of writes into copies of parameters that a step has left behind."""
    return FailedPreconditionError(
        f"the copies of {', '.join(names)} are from before a step, so what was written into them "
        "is not sent: call get_parameters again, and write then",
        reason="PARAMETERS_OUTDATED",
    )
