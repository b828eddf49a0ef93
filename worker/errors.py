"""The errors of the service, and the one place that turns them into gRPC statuses."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Mapping
from enum import IntEnum

from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

DOMAIN = "edunn"

log = logging.getLogger(__name__)


class Code(IntEnum):
    """The gRPC status codes that the service answers with.

    Spelt out here because a worker must not import gRPC, which is not safe beside a fork.
    """

    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    UNAUTHENTICATED = 16


class ServiceError(Exception):
    """An operation that cannot be done, in the caller's terms.

    Parameters
    ----------
    code
        The gRPC status code.
    reason
        A stable name of the condition, in capitals.
    message
        What is wrong and what would be right, in a sentence.
    violations
        For INVALID_ARGUMENT: (field, what is wrong with it) for every field at fault.
    retry_after
        After how many seconds trying again may help. None where it does not.
    metadata
        The variable parts of the message, for machines.
    """

    def __init__(
        self,
        code: Code,
        reason: str,
        message: str,
        *,
        violations: Iterable[tuple[str, str]] = (),
        retry_after: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.violations = tuple(violations)
        self.retry_after = retry_after
        self.metadata = dict(metadata or {})

    def to_status(self) -> status_pb2.Status:
        """Return the error as the status that the caller receives."""
        details: list[Message] = [
            error_details_pb2.ErrorInfo(reason=self.reason, domain=DOMAIN, metadata=self.metadata)
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


def _packed(detail: Message) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(detail)
    return packed


def invalid_argument(field: str, description: str) -> ServiceError:
    """Return the error of one field whose value cannot be accepted."""
    return invalid_arguments([(field, description)])


def invalid_arguments(violations: Iterable[tuple[str, str]]) -> ServiceError:
    """Return the error of fields whose values cannot be accepted."""
    violations = tuple(violations)
    message = "; ".join(f"{field}: {text}" for field, text in violations)
    return ServiceError(
        Code.INVALID_ARGUMENT,
        "INVALID_ARGUMENT",
        message,
        violations=violations,
        metadata={"field": violations[0][0]},
    )


def session_not_found(session_id: str) -> ServiceError:
    """Return the error of a session that does not exist, has expired, or is somebody else's."""
    return ServiceError(
        Code.NOT_FOUND,
        "SESSION_NOT_FOUND",
        f"there is no session {session_id!r}: it was never created, has expired or was deleted",
        metadata={"session_id": session_id},
    )


def deadline_exceeded() -> ServiceError:
    """Return the error of an operation whose deadline passed before it was computed."""
    return ServiceError(
        Code.DEADLINE_EXCEEDED,
        "DEADLINE_EXCEEDED",
        "the deadline passed before the operation was computed",
    )


def internal_error(error_id: str) -> ServiceError:
    """Return the error of a fault of ours, of which the log tells more."""
    return ServiceError(
        Code.INTERNAL,
        "INTERNAL",
        f"the service failed; its log says more under the error id {error_id}",
        metadata={"error_id": error_id},
    )


def logged_fault(where: str) -> ServiceError:
    """Log the exception being handled and return the error that refers to it."""
    error_id = uuid.uuid4().hex
    log.exception("error %s in %s", error_id, where)
    return internal_error(error_id)
