"""Who may call a method."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edunn_serving.callers import ANYBODY, Caller, Role
from edunn_serving.errors import Reason, ServiceError
from edunn_serving.rpcs import LAYER_RPCS, Rpc
from server.authentication import Authenticator

FORWARD = LAYER_RPCS["Forward"]
FOR_GRADERS = replace(FORWARD, roles=frozenset({Role.GRADER, Role.ADMIN}))
OPEN = replace(FORWARD, roles=frozenset())
ANA = Caller("ana")
TEACHER = Caller("teacher", frozenset({Role.GRADER}))
KNOWN = Authenticator({"red": ANA, "blue": TEACHER})


def bearer(token: str | bytes) -> list[tuple[str, str | bytes]]:
    return [
        ("authorization", b"Bearer " + token if isinstance(token, bytes) else f"bearer {token}")
    ]


def refusal(rpc: Rpc | None, token: str | bytes) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        KNOWN.caller_of(rpc, bearer(token))
    return caught.value


def test_the_token_tells_the_caller() -> None:
    assert KNOWN.caller_of(FORWARD, bearer("red")) is ANA
    assert KNOWN.caller_of(FORWARD, bearer(b"blue")) is TEACHER


def test_without_tokens_anybody_may_call_everything() -> None:
    assert Authenticator({}).caller_of(FOR_GRADERS, bearer("red")) is ANYBODY
    assert Authenticator({}).caller_of(FOR_GRADERS, None) is ANYBODY


@pytest.mark.parametrize("token", ["", "re", "redd", "Red", "röd", b"\xff", "red blue"])
def test_a_token_that_is_not_known_is_refused(token: str | bytes) -> None:
    assert refusal(FORWARD, token).reason == Reason.UNAUTHENTICATED


def test_a_stranger_is_not_told_which_methods_there_are() -> None:
    assert refusal(None, "green").message == refusal(FORWARD, "green").message


def test_who_lacks_the_role_is_told_which_one_is_needed() -> None:
    error = refusal(FOR_GRADERS, "red")
    assert error.reason == Reason.PERMISSION_DENIED
    assert "needs the role admin or grader" in error.message
    assert error.metadata == {"method": FORWARD.path, "roles": "admin,grader"}
    assert KNOWN.caller_of(FOR_GRADERS, bearer("blue")) is TEACHER


def test_an_open_method_asks_nobody_who_calls() -> None:
    assert KNOWN.caller_of(OPEN, bearer("green")) is ANYBODY
