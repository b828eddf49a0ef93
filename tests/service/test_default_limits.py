"""Everybody has limits, also if the server asks nobody who calls."""

from __future__ import annotations

from edunn_serving.callers import ANYBODY, Caller, Role
from edunn_serving.limits import Limit
from edunn_serving.settings import Settings
from edunn_serving.v1 import limits_pb2
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub


def test_every_role_has_every_limit_and_more_of_it_than_the_one_before() -> None:
    of_roles = [
        Settings().limits_of(Caller("", frozenset({role})))
        for role in (Role.STUDENT, Role.GRADER, Role.ADMIN)
    ]
    assert all(set(limits) == set(Limit) for limits in of_roles)
    for limit in Limit:
        values = [limits[limit] for limits in of_roles]
        assert values == sorted(values)


def test_caller_without_a_token_sees_the_limits_of_its_address(stub: LayerServiceStub) -> None:
    answer = stub.GetLimits(limits_pb2.GetLimitsRequest(), timeout=30)
    assert {limit.name: limit.value for limit in answer.limits} == Settings().limits_of(ANYBODY)
    assert {limit.name for limit in answer.limits} == set(Limit)
    calls = next(limit for limit in answer.limits if limit.name == Limit.CALLS_PER_SECOND)
    assert calls.used >= 0
