import datetime

from edunn_serving.grading.v1 import challenge_pb2 as _challenge_pb2
from edunn_serving.grading.v1 import report_pb2 as _report_pb2
from edunn_serving.v1 import access_pb2 as _access_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Assignment(_message.Message):
    __slots__ = ("course", "assignment", "version", "title", "description", "max_score", "open_time", "due_time", "close_time", "checks", "document", "put_time")
    COURSE_FIELD_NUMBER: _ClassVar[int]
    ASSIGNMENT_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    MAX_SCORE_FIELD_NUMBER: _ClassVar[int]
    OPEN_TIME_FIELD_NUMBER: _ClassVar[int]
    DUE_TIME_FIELD_NUMBER: _ClassVar[int]
    CLOSE_TIME_FIELD_NUMBER: _ClassVar[int]
    CHECKS_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    PUT_TIME_FIELD_NUMBER: _ClassVar[int]
    course: str
    assignment: str
    version: int
    title: str
    description: str
    max_score: float
    open_time: _timestamp_pb2.Timestamp
    due_time: _timestamp_pb2.Timestamp
    close_time: _timestamp_pb2.Timestamp
    checks: _containers.RepeatedCompositeFieldContainer[AssignmentCheck]
    document: str
    put_time: _timestamp_pb2.Timestamp
    def __init__(self, course: _Optional[str] = ..., assignment: _Optional[str] = ..., version: _Optional[int] = ..., title: _Optional[str] = ..., description: _Optional[str] = ..., max_score: _Optional[float] = ..., open_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., due_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., close_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., checks: _Optional[_Iterable[_Union[AssignmentCheck, _Mapping]]] = ..., document: _Optional[str] = ..., put_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class AssignmentCheck(_message.Message):
    __slots__ = ("check_id", "title", "points", "depends_on", "type", "kind", "config")
    CHECK_ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    DEPENDS_ON_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    check_id: str
    title: str
    points: float
    depends_on: _containers.RepeatedScalarFieldContainer[str]
    type: str
    kind: _challenge_pb2.ChallengeKind
    config: _struct_pb2.Struct
    def __init__(self, check_id: _Optional[str] = ..., title: _Optional[str] = ..., points: _Optional[float] = ..., depends_on: _Optional[_Iterable[str]] = ..., type: _Optional[str] = ..., kind: _Optional[_Union[_challenge_pb2.ChallengeKind, str]] = ..., config: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class PutAssignmentRequest(_message.Message):
    __slots__ = ("document", "validate_only")
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    document: str
    validate_only: bool
    def __init__(self, document: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class PutAssignmentResponse(_message.Message):
    __slots__ = ("assignment",)
    ASSIGNMENT_FIELD_NUMBER: _ClassVar[int]
    assignment: Assignment
    def __init__(self, assignment: _Optional[_Union[Assignment, _Mapping]] = ...) -> None: ...

class GetAssignmentRequest(_message.Message):
    __slots__ = ("course", "assignment", "version")
    COURSE_FIELD_NUMBER: _ClassVar[int]
    ASSIGNMENT_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    course: str
    assignment: str
    version: int
    def __init__(self, course: _Optional[str] = ..., assignment: _Optional[str] = ..., version: _Optional[int] = ...) -> None: ...

class GetAssignmentResponse(_message.Message):
    __slots__ = ("assignment",)
    ASSIGNMENT_FIELD_NUMBER: _ClassVar[int]
    assignment: Assignment
    def __init__(self, assignment: _Optional[_Union[Assignment, _Mapping]] = ...) -> None: ...

class ListAssignmentsRequest(_message.Message):
    __slots__ = ("course",)
    COURSE_FIELD_NUMBER: _ClassVar[int]
    course: str
    def __init__(self, course: _Optional[str] = ...) -> None: ...

class ListAssignmentsResponse(_message.Message):
    __slots__ = ("assignments",)
    ASSIGNMENTS_FIELD_NUMBER: _ClassVar[int]
    assignments: _containers.RepeatedCompositeFieldContainer[Assignment]
    def __init__(self, assignments: _Optional[_Iterable[_Union[Assignment, _Mapping]]] = ...) -> None: ...

class DeleteAssignmentRequest(_message.Message):
    __slots__ = ("course", "assignment")
    COURSE_FIELD_NUMBER: _ClassVar[int]
    ASSIGNMENT_FIELD_NUMBER: _ClassVar[int]
    course: str
    assignment: str
    def __init__(self, course: _Optional[str] = ..., assignment: _Optional[str] = ...) -> None: ...

class DeleteAssignmentResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class StartAttemptRequest(_message.Message):
    __slots__ = ("course", "assignment", "student", "language", "start_id")
    COURSE_FIELD_NUMBER: _ClassVar[int]
    ASSIGNMENT_FIELD_NUMBER: _ClassVar[int]
    STUDENT_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    START_ID_FIELD_NUMBER: _ClassVar[int]
    course: str
    assignment: str
    student: str
    language: str
    start_id: str
    def __init__(self, course: _Optional[str] = ..., assignment: _Optional[str] = ..., student: _Optional[str] = ..., language: _Optional[str] = ..., start_id: _Optional[str] = ...) -> None: ...

class StartAttemptResponse(_message.Message):
    __slots__ = ("attempt",)
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    attempt: _challenge_pb2.Attempt
    def __init__(self, attempt: _Optional[_Union[_challenge_pb2.Attempt, _Mapping]] = ...) -> None: ...

class GetAttemptRequest(_message.Message):
    __slots__ = ("attempt_id",)
    ATTEMPT_ID_FIELD_NUMBER: _ClassVar[int]
    attempt_id: str
    def __init__(self, attempt_id: _Optional[str] = ...) -> None: ...

class GetAttemptResponse(_message.Message):
    __slots__ = ("attempt",)
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    attempt: _challenge_pb2.Attempt
    def __init__(self, attempt: _Optional[_Union[_challenge_pb2.Attempt, _Mapping]] = ...) -> None: ...

class ListAttemptsRequest(_message.Message):
    __slots__ = ("course", "assignment", "student")
    COURSE_FIELD_NUMBER: _ClassVar[int]
    ASSIGNMENT_FIELD_NUMBER: _ClassVar[int]
    STUDENT_FIELD_NUMBER: _ClassVar[int]
    course: str
    assignment: str
    student: str
    def __init__(self, course: _Optional[str] = ..., assignment: _Optional[str] = ..., student: _Optional[str] = ...) -> None: ...

class ListAttemptsResponse(_message.Message):
    __slots__ = ("attempts",)
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    attempts: _containers.RepeatedCompositeFieldContainer[_challenge_pb2.Attempt]
    def __init__(self, attempts: _Optional[_Iterable[_Union[_challenge_pb2.Attempt, _Mapping]]] = ...) -> None: ...

class SubmitAnswersRequest(_message.Message):
    __slots__ = ("attempt_id", "answers", "source")
    ATTEMPT_ID_FIELD_NUMBER: _ClassVar[int]
    ANSWERS_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    attempt_id: str
    answers: _containers.RepeatedCompositeFieldContainer[_challenge_pb2.Answer]
    source: bytes
    def __init__(self, attempt_id: _Optional[str] = ..., answers: _Optional[_Iterable[_Union[_challenge_pb2.Answer, _Mapping]]] = ..., source: _Optional[bytes] = ...) -> None: ...

class SubmitAnswersResponse(_message.Message):
    __slots__ = ("report",)
    REPORT_FIELD_NUMBER: _ClassVar[int]
    report: _report_pb2.Report
    def __init__(self, report: _Optional[_Union[_report_pb2.Report, _Mapping]] = ...) -> None: ...

class GetReportRequest(_message.Message):
    __slots__ = ("attempt_id", "revision")
    ATTEMPT_ID_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    attempt_id: str
    revision: int
    def __init__(self, attempt_id: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class GetReportResponse(_message.Message):
    __slots__ = ("report",)
    REPORT_FIELD_NUMBER: _ClassVar[int]
    report: _report_pb2.Report
    def __init__(self, report: _Optional[_Union[_report_pb2.Report, _Mapping]] = ...) -> None: ...

class ListReportsRequest(_message.Message):
    __slots__ = ("course", "assignment", "student", "page_size", "page_token")
    COURSE_FIELD_NUMBER: _ClassVar[int]
    ASSIGNMENT_FIELD_NUMBER: _ClassVar[int]
    STUDENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    course: str
    assignment: str
    student: str
    page_size: int
    page_token: str
    def __init__(self, course: _Optional[str] = ..., assignment: _Optional[str] = ..., student: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListReportsResponse(_message.Message):
    __slots__ = ("reports", "next_page_token")
    REPORTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    reports: _containers.RepeatedCompositeFieldContainer[_report_pb2.Report]
    next_page_token: str
    def __init__(self, reports: _Optional[_Iterable[_Union[_report_pb2.Report, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ReplayAttemptRequest(_message.Message):
    __slots__ = ("attempt_id",)
    ATTEMPT_ID_FIELD_NUMBER: _ClassVar[int]
    attempt_id: str
    def __init__(self, attempt_id: _Optional[str] = ...) -> None: ...

class ReplayAttemptResponse(_message.Message):
    __slots__ = ("attempt", "answers", "source", "reports")
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    ANSWERS_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    REPORTS_FIELD_NUMBER: _ClassVar[int]
    attempt: _challenge_pb2.Attempt
    answers: _containers.RepeatedCompositeFieldContainer[_challenge_pb2.Answer]
    source: bytes
    reports: _containers.RepeatedCompositeFieldContainer[_report_pb2.Report]
    def __init__(self, attempt: _Optional[_Union[_challenge_pb2.Attempt, _Mapping]] = ..., answers: _Optional[_Iterable[_Union[_challenge_pb2.Answer, _Mapping]]] = ..., source: _Optional[bytes] = ..., reports: _Optional[_Iterable[_Union[_report_pb2.Report, _Mapping]]] = ...) -> None: ...

class RegradeAttemptsRequest(_message.Message):
    __slots__ = ("course", "assignment", "attempt_id")
    COURSE_FIELD_NUMBER: _ClassVar[int]
    ASSIGNMENT_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_ID_FIELD_NUMBER: _ClassVar[int]
    course: str
    assignment: str
    attempt_id: str
    def __init__(self, course: _Optional[str] = ..., assignment: _Optional[str] = ..., attempt_id: _Optional[str] = ...) -> None: ...

class RegradeAttemptsResponse(_message.Message):
    __slots__ = ("attempts",)
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    attempts: int
    def __init__(self, attempts: _Optional[int] = ...) -> None: ...

class Notice(_message.Message):
    __slots__ = ("time", "course", "assignment", "attempt_id", "student", "text")
    TIME_FIELD_NUMBER: _ClassVar[int]
    COURSE_FIELD_NUMBER: _ClassVar[int]
    ASSIGNMENT_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_ID_FIELD_NUMBER: _ClassVar[int]
    STUDENT_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    time: _timestamp_pb2.Timestamp
    course: str
    assignment: str
    attempt_id: str
    student: str
    text: str
    def __init__(self, time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., course: _Optional[str] = ..., assignment: _Optional[str] = ..., attempt_id: _Optional[str] = ..., student: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class ListNoticesRequest(_message.Message):
    __slots__ = ("course",)
    COURSE_FIELD_NUMBER: _ClassVar[int]
    course: str
    def __init__(self, course: _Optional[str] = ...) -> None: ...

class ListNoticesResponse(_message.Message):
    __slots__ = ("notices",)
    NOTICES_FIELD_NUMBER: _ClassVar[int]
    notices: _containers.RepeatedCompositeFieldContainer[Notice]
    def __init__(self, notices: _Optional[_Iterable[_Union[Notice, _Mapping]]] = ...) -> None: ...

class GetReceiptKeysRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetReceiptKeysResponse(_message.Message):
    __slots__ = ("jwks",)
    JWKS_FIELD_NUMBER: _ClassVar[int]
    jwks: str
    def __init__(self, jwks: _Optional[str] = ...) -> None: ...
