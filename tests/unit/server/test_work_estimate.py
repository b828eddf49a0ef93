"""What an operation takes is expected from those before it, of its kind or of its account."""

from __future__ import annotations

import pytest

from edunn_serving.batch_message import OperationHead
from server.lanes import ALONE_BYTES
from server.work_estimate import (
    HEAVY_SECONDS,
    NEW_ACCOUNT_SECONDS,
    SLOW_SECONDS,
    WorkEstimate,
)

HEAD = OperationHead("Forward", "ana", "session", 0, "layer", "")


def test_kind_is_slow_as_its_latest_operation() -> None:
    estimate = WorkEstimate()
    assert not estimate.is_slow(HEAD)
    estimate.note(HEAD, SLOW_SECONDS)
    assert estimate.is_slow(HEAD)
    assert not estimate.is_slow(HEAD._replace(layer="another"))
    estimate.note(HEAD, SLOW_SECONDS / 2)
    assert not estimate.is_slow(HEAD)


def test_new_kind_is_heavy_if_the_account_has_had_such_by_this_method() -> None:
    estimate = WorkEstimate()
    estimate.note_account("ana", "AddLayer", 3 * HEAVY_SECONDS)
    for _ in range(100):
        # Quick ones of other methods do not hide it.
        estimate.note_account("ana", "DeleteSession", 0.0)
    assert estimate.is_heavy("ana", "AddLayer")
    assert not estimate.is_heavy("ana", "DeleteSession")
    assert not estimate.is_heavy("ben", "AddLayer")


def test_operation_with_a_large_request_is_heavy_whoever_calls() -> None:
    estimate = WorkEstimate()
    assert estimate.is_heavy("ben", "Forward", ALONE_BYTES)
    assert not estimate.is_heavy("ben", "Forward", ALONE_BYTES - 1)


def test_operation_of_a_new_account_is_expected_to_take_a_while() -> None:
    estimate = WorkEstimate()
    assert estimate.seconds("ana", "Forward", is_slow=False) == NEW_ACCOUNT_SECONDS
    estimate.note_account("ana", "Forward", 0.0001)
    assert estimate.seconds("ana", "Forward", is_slow=False) == pytest.approx(0.0001)
    assert estimate.seconds("ana", "Forward", is_slow=True) == SLOW_SECONDS
