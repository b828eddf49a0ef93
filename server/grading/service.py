"""The rpcs of the GradingService."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from google.protobuf.message import Message
from sqlalchemy.orm import Session

from edunn_serving.assignments import DocumentError, read_assignment
from edunn_serving.assignments.document import lines_of
from edunn_serving.errors import ServiceError, deadline_exceeded, invalid_arguments, unavailable
from edunn_serving.grades import Database
from edunn_serving.grades.secrets import receipt_keys
from edunn_serving.grading.v1 import challenge_pb2
from edunn_serving.grading.v1 import grading_service_pb2 as contract
from edunn_serving.requests import parse_request
from edunn_serving.rpcs import rpcs_of
from edunn_serving.settings import Settings
from server.call import Call, StreamMethod, UnaryMethod
from server.grading import assignments, attempts, reports
from server.grading.guard import Guard
from server.grading.people import is_grader
from server.grading.progress import Progress, ProgressWatch
from server.grading.tasks import Tasks
from server.grading.threads import Threads

GRADING_SERVICE = contract.DESCRIPTOR.services_by_name["GradingService"]
RPCS = rpcs_of(GRADING_SERVICE)
# That read, and as many that write. With the watch's own they have the database's connections.
THREADS = 4
# How long a call waits for workers that are busy, if its deadline is not earlier.
WORKER_SECONDS = 300.0
# A call that waits looks this often whether a worker is there.
LOOK_SECONDS = 5.0
# An answer takes this time to leave before the deadline.
LEAVE_SECONDS = 0.1

Read = TypeVar("Read")


class GradingService:
    """The rpcs of the GradingService."""

    descriptor = GRADING_SERVICE

    def __init__(self, settings: Settings) -> None:
        self._database = Database(settings.grades_url())
        self._threads = Threads(THREADS)
        # In SQLite only one can write at a time. Those that wait for it keep no reader.
        self._writers = Threads(1 if self._database.is_sqlite else THREADS)
        self.guard = Guard(self._database, self._threads)
        self._tasks = Tasks(settings)
        self._progress = ProgressWatch(self._database, Threads(1))

    def unary_methods(self) -> Mapping[str, UnaryMethod]:
        """Return all methods."""
        methods: dict[str, Callable[[Call, Any], Awaitable[Message]]] = {
            "PutAssignment": self._put_assignment,
            "GetAssignment": self._get_assignment,
            "ListAssignments": self._list_assignments,
            "DeleteAssignment": self._delete_assignment,
            "StartAttempt": self._start_attempt,
            "GetAttempt": self._get_attempt,
            "ListAttempts": self._list_attempts,
            "SubmitAnswers": self._submit_answers,
            "GetReport": self._get_report,
            "ListReports": self._list_reports,
            "ReplayAttempt": self._replay_attempt,
            "RegradeAttempts": self._regrade_attempts,
            "ListNotices": self._list_notices,
            "GetReceiptKeys": self._get_receipt_keys,
        }
        return {name: _on_bytes(name, method) for name, method in methods.items()}

    def stream_methods(self) -> Mapping[str, StreamMethod]:
        """Return no method."""
        return {}

    async def _put_assignment(
        self, call: Call, request: contract.PutAssignmentRequest
    ) -> contract.PutAssignmentResponse:
        answer = await self._threads.run(self._put, call, request)
        await self.guard.seen()
        return answer

    def _put(
        self, call: Call, request: contract.PutAssignmentRequest
    ) -> contract.PutAssignmentResponse:
        try:
            assignment = read_assignment(request.document)
        except DocumentError as error:
            raise invalid_arguments(
                (
                    each.field or "document",
                    f"line {each.line}: {each.text}" if each.line else each.text,
                )
                for each in error.lines
            ) from None
        faults = self._tasks.try_assignment(assignment.model_dump_json())
        if faults:
            lines = lines_of(request.document, (("checks", number) for number, _ in faults))
            raise invalid_arguments(
                (f"checks[{number}]", f"line {line}: {text}")
                for line, (number, text) in zip(lines, faults, strict=True)
            )

        def put(session: Session) -> contract.Assignment:
            assignments.put(session, call.caller, assignment, request.document)
            row, _ = assignments.find(
                session, call.caller, assignment.course, assignment.assignment
            )
            described = assignments.describe(row, with_document=True)
            if request.validate_only:
                session.rollback()
            return described

        return contract.PutAssignmentResponse(assignment=self._database.change(put))

    async def _get_assignment(
        self, call: Call, request: contract.GetAssignmentRequest
    ) -> contract.GetAssignmentResponse:
        def get(session: Session) -> contract.GetAssignmentResponse:
            row, assignment = assignments.find(
                session, call.caller, request.course, request.assignment, request.version
            )
            with_document = is_grader(session, call.caller, assignment.course)
            found = assignments.describe(row, with_document=with_document)
            return contract.GetAssignmentResponse(assignment=found)

        return await self._read(get)

    async def _list_assignments(
        self, call: Call, request: contract.ListAssignmentsRequest
    ) -> contract.ListAssignmentsResponse:
        return await self._read(
            lambda session: contract.ListAssignmentsResponse(
                assignments=assignments.list_visible(session, call.caller, request.course)
            )
        )

    async def _delete_assignment(
        self, call: Call, request: contract.DeleteAssignmentRequest
    ) -> contract.DeleteAssignmentResponse:
        await self._write(
            lambda session: assignments.delete(
                session, call.caller, request.course, request.assignment
            )
        )
        await self.guard.seen()
        return contract.DeleteAssignmentResponse()

    async def _start_attempt(
        self, call: Call, request: contract.StartAttemptRequest
    ) -> contract.StartAttemptResponse:
        attempt_id = await self._write(
            lambda session: attempts.begin(session, call.caller, request)
        )
        try:
            attempt = await self._drawn(call, attempt_id)
        except ServiceError:
            await self._write(lambda session: attempts.take_back(session, attempt_id))
            raise
        # From here on the student has the inputs, so the server knows them too.
        await self.guard.seen()
        return contract.StartAttemptResponse(attempt=attempt)

    async def _drawn(self, call: Call, attempt_id: str) -> challenge_pb2.Attempt:
        """Return an attempt, whose challenges are drawn now if they are not yet."""

        def is_drawn(progress: Progress) -> bool:
            return progress.is_drawn

        if not is_drawn(await self._progress.now(attempt_id)):
            await self._threads.run(self._tasks.draw, attempt_id)
            if not await self._await(call, attempt_id, is_drawn):
                raise _late(call, "no worker of the pool grading is there")
        return await self._read(lambda session: attempts.begun(session, attempt_id))

    async def _get_attempt(
        self, call: Call, request: contract.GetAttemptRequest
    ) -> contract.GetAttemptResponse:
        attempt_id = await self._read(
            lambda session: attempts.find_attempt(session, call.caller, request.attempt_id).id
        )
        return contract.GetAttemptResponse(attempt=await self._drawn(call, attempt_id))

    async def _list_attempts(
        self, call: Call, request: contract.ListAttemptsRequest
    ) -> contract.ListAttemptsResponse:
        return await self._read(
            lambda session: contract.ListAttemptsResponse(
                attempts=attempts.list_attempts(session, call.caller, request)
            )
        )

    async def _submit_answers(
        self, call: Call, request: contract.SubmitAnswersRequest
    ) -> contract.SubmitAnswersResponse:
        # Outside of the transaction that writes: in SQLite only one can write at a time.
        kept = await self._read(lambda session: attempts.examine(session, call.caller, request))
        await self._write(
            lambda session: attempts.accept(session, call.caller, request, kept), soon=True
        )
        # From here on the answers are durable. Sent again, they get the report.
        await self._await_report(call, request.attempt_id)
        report = await self._read(
            lambda session: reports.get_report(
                session, call.caller, request.attempt_id, for_student=True
            )
        )
        return contract.SubmitAnswersResponse(report=report)

    async def _await_report(self, call: Call, attempt_id: str) -> None:
        def is_judged(progress: Progress) -> bool:
            return progress.revision > 0

        if is_judged(await self._progress.now(attempt_id)):
            return
        await self._threads.run(self._tasks.judge, attempt_id, 1)
        if not await self._await(call, attempt_id, is_judged):
            raise _late(call, "the answers are kept, and no worker has judged them yet")

    async def _await(
        self, call: Call, attempt_id: str, is_done: Callable[[Progress], bool]
    ) -> bool:
        """Wait until the call's deadline, as long as the pool has a worker."""
        until = min(call.deadline, time.monotonic() + WORKER_SECONDS)
        while seconds := _seconds_left(until):
            if await self._progress.wait(attempt_id, is_done, min(LOOK_SECONDS, seconds)):
                return True
            if not await self._threads.run(self._tasks.has_worker):
                return False
        return False

    async def _get_report(
        self, call: Call, request: contract.GetReportRequest
    ) -> contract.GetReportResponse:
        return await self._read(
            lambda session: contract.GetReportResponse(
                report=reports.get_report(
                    session, call.caller, request.attempt_id, request.revision
                )
            )
        )

    async def _list_reports(
        self, call: Call, request: contract.ListReportsRequest
    ) -> contract.ListReportsResponse:
        return await self._read(lambda session: reports.list_reports(session, call.caller, request))

    async def _replay_attempt(
        self, call: Call, request: contract.ReplayAttemptRequest
    ) -> contract.ReplayAttemptResponse:
        return await self._read(
            lambda session: reports.replay(session, call.caller, request.attempt_id)
        )

    async def _regrade_attempts(
        self, call: Call, request: contract.RegradeAttemptsRequest
    ) -> contract.RegradeAttemptsResponse:
        wanted = await self._write(
            lambda session: reports.want_again(session, call.caller, request)
        )
        for attempt_id, revision in wanted:
            await self._threads.run(self._tasks.judge, attempt_id, revision)
        return contract.RegradeAttemptsResponse(attempts=len(wanted))

    async def _list_notices(
        self, call: Call, request: contract.ListNoticesRequest
    ) -> contract.ListNoticesResponse:
        return await self._read(
            lambda session: contract.ListNoticesResponse(
                notices=reports.list_notices(session, call.caller, request.course)
            )
        )

    async def _get_receipt_keys(
        self, call: Call, request: contract.GetReceiptKeysRequest
    ) -> contract.GetReceiptKeysResponse:
        return await self._read(
            lambda session: contract.GetReceiptKeysResponse(jwks=receipt_keys(session))
        )

    async def _read(self, function: Callable[[Session], Read]) -> Read:
        def run() -> Read:
            with self._database.read() as session:
                return function(session)

        return await self._threads.run(run)

    async def _write(self, function: Callable[[Session], Any], *, soon: bool = False) -> Any:
        run = partial(self._database.change, function)
        return await (self._writers.run_soon(run) if soon else self._writers.run(run))


def _on_bytes(name: str, method: Callable[[Call, Any], Awaitable[Message]]) -> UnaryMethod:
    """Return a method that takes and returns the bytes of its messages."""

    async def run(call: Call, request: bytes) -> bytes:
        message = parse_request(RPCS[name], request)
        _check_names(message)
        answer = await method(call, message)
        return answer.SerializeToString()

    return run


def _check_names(request: Message) -> None:
    """Refuse a NUL, which no text of PostgreSQL can have."""
    faults = [
        (field.name, "expected a text without NUL characters")
        for field, value in request.ListFields()
        # A document's own errors have their line.
        if isinstance(value, str) and "\0" in value and field.name != "document"
    ]
    if faults:
        raise invalid_arguments(faults)


def _seconds_left(until: float) -> float:
    return max(0.0, until - time.monotonic() - LEAVE_SECONDS)


def _late(call: Call, why: str) -> ServiceError:
    if call.deadline - time.monotonic() <= LEAVE_SECONDS:
        return deadline_exceeded()
    return unavailable(why)
