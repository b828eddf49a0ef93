"""A caller's budgets flow in at their rates, and servers share what is spent."""

from __future__ import annotations

import time

import pytest

from edunn_serving.callers import Caller
from edunn_serving.errors import Reason, ServiceError
from edunn_serving.limits import most_generous, parse_limits
from server.usage import Budget, Usage, new_usage


def usage(**limits: float) -> Usage:
    return new_usage(Caller("ann"), limits, time.monotonic())


def test_budget_fills_at_its_rate_up_to_its_burst() -> None:
    budget = Budget(rate=2.0, burst=10.0, now=0.0)
    budget.spend(10)
    assert budget.present(1.0) == pytest.approx(2.0)
    assert budget.seconds_until(3.0) == pytest.approx(0.5)
    assert budget.present(100.0) == pytest.approx(10.0)


def test_budget_takes_over_what_other_servers_have_spent() -> None:
    budget = Budget(rate=0.0, burst=10.0, now=0.0)
    budget.spend(3)
    # Spent here while the answer was on its way.
    budget.spend(1)
    budget.settle(level=2.0, spent=3.0)
    assert budget.present(time.monotonic()) == pytest.approx(1.0)
    assert budget.spent == pytest.approx(1.0)


def test_refusal_names_the_limit_its_value_and_when_to_try_again() -> None:
    caller = usage(calls_per_second=10.0, calls_burst=2.0)
    caller.count_call()
    caller.count_call()
    with pytest.raises(ServiceError) as refused:
        caller.count_call()
    assert refused.value.reason is Reason.QUOTA
    assert refused.value.metadata == {"quota": "calls_per_second", "limit": "10"}
    assert refused.value.retry_after == pytest.approx(0.1, abs=0.05)


def test_processor_time_is_paid_after_it_was_taken() -> None:
    caller = usage(processor_seconds_per_minute=6.0)
    caller.count_call()
    caller.seconds.spend(9.0)
    with pytest.raises(ServiceError) as refused:
        caller.count_call()
    assert refused.value.metadata["quota"] == "processor_seconds_per_minute"
    assert refused.value.retry_after is not None
    assert 25 < refused.value.retry_after < 35


def test_session_that_is_not_created_does_not_count() -> None:
    caller = usage(sessions=1.0)
    with pytest.raises(ValueError, match="refused"), caller.one_more_session():
        raise ValueError("refused")
    with caller.one_more_session():
        pass
    with pytest.raises(ServiceError), caller.one_more_session():
        pass
    caller.note_session_ended()
    with caller.one_more_session():
        pass


def test_caller_without_limits_has_none() -> None:
    caller = usage()
    for _ in range(1000):
        caller.count_call()
    with caller.calls_at_once, caller.streams, caller.one_more_session():
        assert caller.calls_at_once.here == caller.streams.here == 1


def test_several_roles_have_the_most_generous_limits() -> None:
    student, grader = parse_limits("sessions=1,streams=5"), parse_limits("sessions=2")
    assert most_generous([student, grader]) == {"sessions": 2.0}
    assert most_generous([student]) == student
    assert most_generous([student, {}]) == {}


@pytest.mark.parametrize("text", ["sessions", "sessions=x", "sesions=1", "streams=-1"])
def test_limits_are_checked(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be|no such limit"):
        parse_limits(text)
