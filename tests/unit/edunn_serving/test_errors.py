"""An error as a status: complete, and small whatever callers send."""

from __future__ import annotations

import pytest
from google.rpc import error_details_pb2

from edunn_serving.errors import (
    MAX_VIOLATIONS,
    Reason,
    ServiceError,
    invalid_arguments,
    quoted,
)

# HTTP/2 peers take headers of 8 KiB. A status is in them twice: as text, each byte of which may be
# escaped by three, and as base64.
HEADER_BYTES = 8192
LONG_TEXTS = ["x" * 10**6, "ß" * 10**6, "𝔵" * 10**6, "\x00\n" * 10**6]


@pytest.mark.parametrize("text", LONG_TEXTS, ids=["ascii", "two bytes", "four bytes", "control"])
def test_status_fits_into_a_header_whatever_is_in_it(text: str) -> None:
    error = ServiceError(
        Reason.INVALID_ARGUMENT,
        text,
        violations=[(text, text)] * 1000,
        metadata={"a": text, "b": text},
        retry_after=1.0,
    )
    status = error.to_status()
    header = 3 * len(status.message.encode()) + 4 * status.ByteSize() / 3
    assert header < HEADER_BYTES


def test_status_carries_reason_domain_fields_and_delay() -> None:
    error = ServiceError(
        Reason.QUOTA, "too many", violations=[("layers", "at most 1")], retry_after=2.5
    )
    info, bad, retry = (
        error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
    )  # fmt: skip
    for detail, message in zip(error.to_status().details, (info, bad, retry), strict=True):
        assert detail.Unpack(message)
    assert (info.reason, info.domain) == ("QUOTA", "edunn")
    assert bad.field_violations[0].field == "layers"
    assert retry.retry_delay.ToNanoseconds() == 2.5e9


def test_violations_beyond_the_first_are_counted() -> None:
    error = invalid_arguments((f"field{number}", "wrong") for number in range(100))
    assert len(error.violations) == MAX_VIOLATIONS
    assert error.message.startswith("100 fields are wrong")


def test_path_of_a_field_keeps_its_beginning_and_its_end() -> None:
    error = invalid_arguments([("layers[0].config." + "x" * 1000 + ".p", "wrong")])
    ((field, _),) = error.violations
    assert field.startswith("layers[0].config.")
    assert field.endswith(".p")


@pytest.mark.parametrize("value", ["x" * 1000, "ß" * 1000, ["x" * 1000], {"a": "x" * 1000}])
def test_what_callers_send_is_quoted_up_to_a_hundred_characters(value: object) -> None:
    assert len(quoted(value)) <= 102


def test_quoted_text_forges_no_line() -> None:
    assert "\n" not in quoted("a\nWARNING forged")


def test_every_reason_has_a_meaning() -> None:
    assert all(reason.meaning and reason.code for reason in Reason)
