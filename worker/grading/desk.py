"""What the tasks do: they read from the database, draw or judge, and write to the database."""

from __future__ import annotations

import json
import logging
import secrets
from datetime import UTC, datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from edunn_serving.assignments import Assignment, Check
from edunn_serving.errors import ServiceError, logged_fault
from edunn_serving.grades import Attempt, Database, Notice, Report
from edunn_serving.grades.digests import input_digests
from edunn_serving.grades.reading import (
    assignment_version,
    attempt_message,
    model_of,
    newest_version,
    now_ms,
)
from edunn_serving.grades.secrets import challenge_secret, sign_receipt
from edunn_serving.grading.v1 import challenge_pb2, report_pb2
from edunn_serving.grading.v1.grading_service_pb2 import SubmitAnswersRequest
from edunn_serving.redis_connections import connect
from edunn_serving.redis_url import RedisUrl
from edunn_serving.seal import TRIAL_SEAL, Seal
from worker.grading.messages import fill_challenge
from worker.grading.receipts import claims_of
from worker.grading.reporting import Given, make_report
from worker.judging import Challenge, ChallengeError, Place, draw_challenge

log = logging.getLogger(__name__)

# Of one attempt. Larger ones could not be sent.
MAX_CHALLENGE_BYTES = 32 * 1024 * 1024
TRIAL_RESULT_SECONDS = 60


class Desk:
    """Does the tasks of the pool. Each may run twice: the second run changes nothing."""

    def __init__(self, database: Database, redis_url: RedisUrl, seal: Seal) -> None:
        self._database = database
        self._redis_url = redis_url
        self._seal = seal

    def draw(self, attempt_id: str) -> None:
        """Draw the challenges of an attempt, and store them."""
        try:
            with self._database.read() as session:
                attempt = session.get(Attempt, attempt_id)
                if attempt is None or attempt.challenges is not None or attempt.failure:
                    return
                assignment = _assignment_of(session, attempt, attempt.version)
                secret = challenge_secret(session)
            failure, challenges, digests = None, None, None
            try:
                drawn = _draw_all(attempt, assignment, secret)
                challenges, digests = drawn.SerializeToString(), input_digests(drawn)
            except Exception as error:
                failure = f"no challenges can be drawn: {error}"
                logged_fault("drawing challenges")
            with self._database.write() as session:
                stored = session.get(Attempt, attempt_id)
                if stored is None or stored.challenges is not None:
                    return
                stored.challenges, stored.failure = challenges, failure
                stored.input_digests = digests
                if failure is not None:
                    stored.counts = False
                    _notice(session, stored, failure)
        except ServiceError as error:
            log.warning("the challenges of %s are not drawn: %s", attempt_id, error)

    def judge(self, attempt_id: str, revision: int) -> None:
        """Judge the answers of an attempt, and store the report."""
        try:
            with self._database.read() as session:
                attempt = session.get(Attempt, attempt_id)
                if attempt is None or attempt.answers is None or attempt.revision >= revision:
                    return
                begun = _assignment_of(session, attempt, attempt.version)
                judged_by = _assignment_of(session, attempt, attempt.wanted_version)
                # The newest version may have postponed the due time.
                times = newest_version(session, attempt.course, attempt.assignment)
                given = _given(attempt, times)
            report, remarks = make_report(given, begun, judged_by, revision, now_ms())
            with self._database.write() as session:
                self._store(session, attempt_id, report, remarks)
        except ServiceError as error:
            log.warning("the answers of %s are not judged: %s", attempt_id, error)
        except IntegrityError:
            log.info("another worker has judged %s", attempt_id)

    def try_assignment(self, key: str, model: str) -> None:
        """Draw each check once; put the numbers and faults of those that fail into a list."""
        assignment = model_of(model)
        secret = secrets.token_bytes(32)
        faults: list[tuple[int, str]] = []
        size = 0
        for number, check in enumerate(assignment.checks):
            place = Place(assignment.course, assignment.assignment, "", "", check.id)
            try:
                challenge = _message_of(check, draw_challenge(check, secret, place))
                size += challenge.ByteSize()
            except ChallengeError as error:
                faults.append((number, str(error)))
            except Exception as error:
                logged_fault("trying an assignment")
                faults.append((number, f"no challenge can be drawn: {type(error).__name__}"))
            if size > MAX_CHALLENGE_BYTES:
                faults.append((number, f"the challenges take {size} bytes, ask for smaller shapes"))
                break
        with connect(self._redis_url) as client:
            client.rpush(key, self._seal.close(TRIAL_SEAL, json.dumps(faults).encode(), key))
            client.expire(key, TRIAL_RESULT_SECONDS)

    def _store(
        self, session: Session, attempt_id: str, report: report_pb2.Report, remarks: list[str]
    ) -> None:
        attempt = session.get_one(Attempt, attempt_id)
        if attempt.revision >= report.revision:
            return
        report.receipt = sign_receipt(session, claims_of(report))
        body = report.SerializeToString()
        session.add(
            Report(attempt_id=attempt_id, revision=report.revision, made_ms=now_ms(), body=body)
        )
        attempt.revision = report.revision
        attempt.counts = report.counts
        for remark in remarks:
            _notice(session, attempt, remark)


def _assignment_of(session: Session, attempt: Attempt, version: int) -> Assignment:
    return assignment_version(session, attempt.course, attempt.assignment, version)


def _given(attempt: Attempt, times: Assignment) -> Given:
    accepted_ms = attempt.accepted_ms or 0
    return Given(
        student=attempt.student,
        number=attempt.number,
        language=attempt.language,
        accepted_ms=accepted_ms,
        answers_digest=attempt.answers_digest or "",
        attempt=challenge_pb2.Attempt.FromString(attempt.challenges or b""),
        answers=SubmitAnswersRequest.FromString(attempt.answers or b"").answers,
        version=attempt.wanted_version,
        kept=times.late_factor(datetime.fromtimestamp(accepted_ms / 1000, UTC)),
    )


def _draw_all(attempt: Attempt, assignment: Assignment, secret: bytes) -> challenge_pb2.Attempt:
    message = attempt_message(attempt)
    for check in assignment.checks:
        place = Place(attempt.course, attempt.assignment, attempt.student, attempt.id, check.id)
        message.challenges.append(_message_of(check, draw_challenge(check, secret, place)))
    return message


def _message_of(check: Check, challenge: Challenge) -> challenge_pb2.Challenge:
    message = challenge_pb2.Challenge(
        challenge_id=check.id, title=check.title or check.id, points=check.points
    )
    fill_challenge(message, challenge)
    return message


def _notice(session: Session, attempt: Attempt, text: str) -> None:
    session.add(
        Notice(
            at_ms=now_ms(),
            course=attempt.course,
            assignment=attempt.assignment,
            attempt_id=attempt.id,
            student=attempt.student,
            # A student's program may have a part in it, and PostgreSQL takes no NUL.
            text=text.replace("\0", "\\0"),
        )
    )
