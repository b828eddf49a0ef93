import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Verdict(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VERDICT_UNSPECIFIED: _ClassVar[Verdict]
    VERDICT_PASSED: _ClassVar[Verdict]
    VERDICT_FAILED: _ClassVar[Verdict]
    VERDICT_SKIPPED: _ClassVar[Verdict]
    VERDICT_UNGRADABLE: _ClassVar[Verdict]
VERDICT_UNSPECIFIED: Verdict
VERDICT_PASSED: Verdict
VERDICT_FAILED: Verdict
VERDICT_SKIPPED: Verdict
VERDICT_UNGRADABLE: Verdict

class Report(_message.Message):
    __slots__ = ("attempt_id", "score", "max_score", "checks", "receipt", "course", "assignment", "version", "student", "attempt_number", "revision", "accept_time", "report_time", "late_penalty", "counts", "hidden", "answers_digest")
    ATTEMPT_ID_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    MAX_SCORE_FIELD_NUMBER: _ClassVar[int]
    CHECKS_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    COURSE_FIELD_NUMBER: _ClassVar[int]
    ASSIGNMENT_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    STUDENT_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_NUMBER_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    ACCEPT_TIME_FIELD_NUMBER: _ClassVar[int]
    REPORT_TIME_FIELD_NUMBER: _ClassVar[int]
    LATE_PENALTY_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    HIDDEN_FIELD_NUMBER: _ClassVar[int]
    ANSWERS_DIGEST_FIELD_NUMBER: _ClassVar[int]
    attempt_id: str
    score: float
    max_score: float
    checks: _containers.RepeatedCompositeFieldContainer[CheckResult]
    receipt: str
    course: str
    assignment: str
    version: int
    student: str
    attempt_number: int
    revision: int
    accept_time: _timestamp_pb2.Timestamp
    report_time: _timestamp_pb2.Timestamp
    late_penalty: float
    counts: bool
    hidden: bool
    answers_digest: str
    def __init__(self, attempt_id: _Optional[str] = ..., score: _Optional[float] = ..., max_score: _Optional[float] = ..., checks: _Optional[_Iterable[_Union[CheckResult, _Mapping]]] = ..., receipt: _Optional[str] = ..., course: _Optional[str] = ..., assignment: _Optional[str] = ..., version: _Optional[int] = ..., student: _Optional[str] = ..., attempt_number: _Optional[int] = ..., revision: _Optional[int] = ..., accept_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., report_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., late_penalty: _Optional[float] = ..., counts: _Optional[bool] = ..., hidden: _Optional[bool] = ..., answers_digest: _Optional[str] = ...) -> None: ...

class CheckResult(_message.Message):
    __slots__ = ("check_id", "verdict", "score", "max_score", "bug", "message", "title", "error_size", "error_index", "expected", "answered", "step_id", "skipped_for", "visibility")
    CHECK_ID_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    MAX_SCORE_FIELD_NUMBER: _ClassVar[int]
    BUG_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    ERROR_SIZE_FIELD_NUMBER: _ClassVar[int]
    ERROR_INDEX_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_FIELD_NUMBER: _ClassVar[int]
    ANSWERED_FIELD_NUMBER: _ClassVar[int]
    STEP_ID_FIELD_NUMBER: _ClassVar[int]
    SKIPPED_FOR_FIELD_NUMBER: _ClassVar[int]
    VISIBILITY_FIELD_NUMBER: _ClassVar[int]
    check_id: str
    verdict: Verdict
    score: float
    max_score: float
    bug: str
    message: str
    title: str
    error_size: float
    error_index: _containers.RepeatedScalarFieldContainer[int]
    expected: float
    answered: float
    step_id: str
    skipped_for: _containers.RepeatedScalarFieldContainer[str]
    visibility: str
    def __init__(self, check_id: _Optional[str] = ..., verdict: _Optional[_Union[Verdict, str]] = ..., score: _Optional[float] = ..., max_score: _Optional[float] = ..., bug: _Optional[str] = ..., message: _Optional[str] = ..., title: _Optional[str] = ..., error_size: _Optional[float] = ..., error_index: _Optional[_Iterable[int]] = ..., expected: _Optional[float] = ..., answered: _Optional[float] = ..., step_id: _Optional[str] = ..., skipped_for: _Optional[_Iterable[str]] = ..., visibility: _Optional[str] = ...) -> None: ...
