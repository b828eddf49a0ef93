"""The calls of the GradingService."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from google.protobuf.message import Message

from edunn_client._calls import Call
from edunn_client._client import Client
from edunn_client._config import decode_config
from edunn_client._stubs import grading_service_pb2 as pb
from edunn_client.grading._challenges import (
    Attempt,
    ChallengeAnswer,
    decode_attempt,
    decode_kind,
    encode_answer,
)
from edunn_client.grading._reports import Report, decode_report

Value = TypeVar("Value")

_PAGE = 500


@dataclass(frozen=True)
class Assignment:
    """An assignment as the caller may see it."""

    course: str
    assignment: str
    version: int
    title: str
    description: str
    max_score: float
    open_time: datetime | None
    due_time: datetime | None
    close_time: datetime | None
    checks: tuple[dict[str, Any], ...]
    document: str
    """The YAML or JSON document; empty for students."""


@dataclass(frozen=True)
class Replay:
    """An attempt as it was, with what was answered and what came of it."""

    attempt: Attempt
    answers: Mapping[str, Any]
    source: bytes
    reports: tuple[Report, ...]


@dataclass(frozen=True)
class Notice:
    """Something that a course's graders have to know."""

    time: datetime
    course: str
    assignment: str
    attempt_id: str
    student: str
    text: str


class Grading:
    """The assignments of a service.

    Parameters
    ----------
    client : Client
        The connection. It is not closed with this.
    """

    def __init__(self, client: Client) -> None:
        self._run = client._caller.run

    def put_assignment(self, document: str, *, validate_only: bool = False) -> Assignment:
        """Put a new version of an assignment, given its YAML or JSON document. For graders."""
        request = pb.PutAssignmentRequest(document=document, validate_only=validate_only)
        return self._call("PutAssignment", request, lambda reply: _assignment(reply.assignment))

    def get_assignment(self, assignment: str, course: str = "", version: int = 0) -> Assignment:
        """Return an assignment; of version 0 the newest."""
        request = pb.GetAssignmentRequest(course=course, assignment=assignment, version=version)
        return self._call(
            "GetAssignment", request, lambda reply: _assignment(reply.assignment), repeatable=True
        )

    def list_assignments(self, course: str = "") -> list[Assignment]:
        """Return the assignments that the caller can see."""
        return self._call(
            "ListAssignments",
            pb.ListAssignmentsRequest(course=course),
            lambda reply: [_assignment(each) for each in reply.assignments],
            repeatable=True,
        )

    def delete_assignment(self, assignment: str, course: str) -> None:
        """Delete an assignment. Its reports are kept. For graders."""
        request = pb.DeleteAssignmentRequest(course=course, assignment=assignment)
        self._call("DeleteAssignment", request, lambda reply: None, repeatable=True)

    def start_attempt(
        self,
        assignment: str,
        course: str = "",
        *,
        student: str = "",
        language: str = "",
        start_id: str = "",
    ) -> Attempt:
        """Begin an attempt. A try that was not answered in time is repeated, and begins no other.

        Parameters
        ----------
        assignment : str
        course : str, optional
            Needed if several courses have an assignment of this name.
        student : str, optional
            Another student than the caller. For graders.
        language : str, optional
            Of the report's messages: `en` or `es`.
        start_id : str, optional
            A name for this start. A start of the same name gets the same attempt, also from
            another program.
        """
        request = pb.StartAttemptRequest(
            course=course,
            assignment=assignment,
            student=student,
            language=language,
            start_id=start_id or secrets.token_urlsafe(16),
        )
        return self._call(
            "StartAttempt", request, lambda reply: decode_attempt(reply.attempt), repeatable=True
        )

    def get_attempt(self, attempt_id: str) -> Attempt:
        """Return an attempt with its challenges."""
        request = pb.GetAttemptRequest(attempt_id=attempt_id)
        return self._call(
            "GetAttempt", request, lambda reply: decode_attempt(reply.attempt), repeatable=True
        )

    def list_attempts(self, assignment: str, course: str = "", student: str = "") -> list[Attempt]:
        """Return a student's last thousand attempts without challenges, the newest first."""
        return self._call(
            "ListAttempts",
            pb.ListAttemptsRequest(course=course, assignment=assignment, student=student),
            lambda reply: [decode_attempt(each) for each in reply.attempts],
            repeatable=True,
        )

    def open_attempt(self, assignment: str, course: str = "", student: str = "") -> Attempt | None:
        """Return the newest attempt that can still be answered, with its challenges; or None."""
        now = datetime.now(UTC)
        for each in self.list_attempts(assignment, course, student):
            if each.accept_time is None and each.expire_time > now:
                return self.get_attempt(each.attempt_id)
        return None

    def submit_answers(
        self, attempt_id: str, answers: Mapping[str, ChallengeAnswer], source: bytes = b""
    ) -> Report:
        """Submit the answers of an attempt, and return the report.

        It is safe to repeat: the same answers get the same report.

        Parameters
        ----------
        attempt_id : str
        answers : mapping
            By challenge id, and in each by step id: see `answer_challenge`.
        source : bytes, optional
            The program's source, 256 KiB at most. The service keeps it and never runs it.
        """
        request = pb.SubmitAnswersRequest(
            attempt_id=attempt_id,
            answers=[encode_answer(name, answer) for name, answer in answers.items()],
            source=source,
        )
        return self._call(
            "SubmitAnswers", request, lambda reply: decode_report(reply.report), repeatable=True
        )

    def get_report(self, attempt_id: str, revision: int = 0) -> Report:
        """Return an attempt's report; of revision 0 the newest."""
        request = pb.GetReportRequest(attempt_id=attempt_id, revision=revision)
        return self._call(
            "GetReport", request, lambda reply: decode_report(reply.report), repeatable=True
        )

    def list_reports(
        self, assignment: str, course: str = "", student: str = ""
    ) -> Iterator[Report]:
        """Yield the newest report of each attempt that the caller can see, the oldest first."""
        request = pb.ListReportsRequest(
            course=course, assignment=assignment, student=student, page_size=_PAGE
        )
        while True:
            page = self._call("ListReports", request, lambda reply: reply, repeatable=True)
            yield from (decode_report(each) for each in page.reports)
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def replay_attempt(self, attempt_id: str) -> Replay:
        """Return an attempt with its answers, source and reports. For graders."""

        def decode(reply: pb.ReplayAttemptResponse) -> Replay:
            return Replay(
                decode_attempt(reply.attempt),
                {each.challenge_id: each for each in reply.answers},
                reply.source,
                tuple(decode_report(each) for each in reply.reports),
            )

        request = pb.ReplayAttemptRequest(attempt_id=attempt_id)
        return self._call("ReplayAttempt", request, decode, repeatable=True)

    def regrade_attempts(self, assignment: str, course: str, attempt_id: str = "") -> int:
        """Have attempts judged again by the newest version; return how many. For graders."""
        request = pb.RegradeAttemptsRequest(
            course=course, assignment=assignment, attempt_id=attempt_id
        )
        return self._call("RegradeAttempts", request, lambda reply: int(reply.attempts))

    def list_notices(self, course: str) -> list[Notice]:
        """Return what the course's graders have to know, the newest first."""

        def decode(reply: pb.ListNoticesResponse) -> list[Notice]:
            return [
                Notice(
                    each.time.ToDatetime(UTC),
                    each.course,
                    each.assignment,
                    each.attempt_id,
                    each.student,
                    each.text,
                )
                for each in reply.notices
            ]

        request = pb.ListNoticesRequest(course=course)
        return self._call("ListNotices", request, decode, repeatable=True)

    def receipt_keys(self) -> str:
        """Return the public keys of receipts, as a JWK Set in JSON."""
        return self._call(
            "GetReceiptKeys",
            pb.GetReceiptKeysRequest(),
            lambda reply: str(reply.jwks),
            repeatable=True,
        )

    def _call(
        self,
        method: str,
        request: Message,
        decode: Callable[[Any], Value],
        *,
        repeatable: bool = False,
    ) -> Value:
        return self._run(Call(method, request, decode, repeatable))


def _assignment(message: pb.Assignment) -> Assignment:
    def time(name: str) -> datetime | None:
        if not message.HasField(name):
            return None
        found: datetime = getattr(message, name).ToDatetime(UTC)
        return found

    return Assignment(
        course=message.course,
        assignment=message.assignment,
        version=message.version,
        title=message.title,
        description=message.description,
        max_score=message.max_score,
        open_time=time("open_time"),
        due_time=time("due_time"),
        close_time=time("close_time"),
        checks=tuple(
            {
                "id": each.check_id,
                "title": each.title,
                "points": each.points,
                "depends_on": list(each.depends_on),
                "type": each.type,
                "kind": decode_kind(each.kind),
                "config": decode_config(each.config),
            }
            for each in message.checks
        ),
        document=message.document,
    )
