"""Who may call a method."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from edunn_serving.callers import ANYBODY, Caller, Role
from edunn_serving.errors import Reason, ServiceError
from edunn_serving.rpcs import LAYER_RPCS, Rpc
from server.authentication import Authenticator
from server.credentials import Credential, Tokens

FORWARD = LAYER_RPCS["Forward"]
FOR_GRADERS = replace(FORWARD, roles=frozenset({Role.GRADER, Role.ADMIN}))
OPEN = replace(FORWARD, roles=frozenset())
ANA = Caller("ana")
TEACHER = Caller("teacher", frozenset({Role.GRADER}))
TOKENS = Tokens.fixed({"red": ANA, "blue": TEACHER})
KNOWN = Authenticator([TOKENS])


def bearer(token: str | bytes) -> list[tuple[str, str | bytes]]:
    return [
        ("authorization", b"Bearer " + token if isinstance(token, bytes) else f"bearer {token}")
    ]


def refusal(rpc: Rpc | None, token: str | bytes) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        KNOWN.who_calls(rpc, bearer(token))
    return caught.value


def test_the_token_tells_the_caller() -> None:
    assert KNOWN.who_calls(FORWARD, bearer("red")).caller is ANA
    assert KNOWN.who_calls(FORWARD, bearer(b"blue")).caller is TEACHER


def test_without_tokens_anybody_may_call_everything() -> None:
    assert Authenticator([]).who_calls(FOR_GRADERS, bearer("red")).caller is ANYBODY
    assert Authenticator([]).who_calls(FOR_GRADERS, None).caller is ANYBODY


@pytest.mark.parametrize(
    "token", ["", "re", "redd", "Red", "röd", b"\xff", "red blue", "x" * 10**6]
)
def test_a_token_that_is_not_known_is_refused(token: str | bytes) -> None:
    assert refusal(FORWARD, token).reason == Reason.UNAUTHENTICATED


def test_a_stranger_is_not_told_which_methods_there_are() -> None:
    assert refusal(None, "green").message == refusal(FORWARD, "green").message


def test_who_lacks_the_role_is_told_which_one_is_needed() -> None:
    error = refusal(FOR_GRADERS, "red")
    assert error.reason == Reason.PERMISSION_DENIED
    assert "needs the role admin or grader" in error.message
    assert error.metadata == {"method": FORWARD.path, "roles": "admin,grader"}
    assert KNOWN.who_calls(FOR_GRADERS, bearer("blue")).caller is TEACHER


def test_an_open_method_asks_nobody_who_calls() -> None:
    assert KNOWN.who_calls(OPEN, bearer("green")).caller is ANYBODY


def test_a_token_is_refused_from_its_expiry_on() -> None:
    shown = KNOWN.who_calls(FORWARD, bearer("red")).credential
    lasting = Authenticator([Tokens([shown._replace(expires=time.time() + 60)])])
    expired = Authenticator([Tokens([shown._replace(expires=time.time())])])
    assert lasting.who_calls(FORWARD, bearer("red")).caller is ANA
    with pytest.raises(ServiceError, match="expired"):
        expired.who_calls(FORWARD, bearer("red"))


@pytest.mark.parametrize(
    "left",
    [[], [Credential(TEACHER, b"", float("inf"))], [Credential(ANA, b"", time.time())]],
    ids=["removed", "of another caller", "expires"],
)
def test_a_stream_is_refused_once_its_token_is_not_what_it_was(left: list[Credential]) -> None:
    tokens = Tokens.fixed({"red": ANA})
    known = Authenticator([tokens])
    shown = known.who_calls(FORWARD, bearer("red")).credential
    known.check_again(shown)
    tokens.replace(each._replace(digest=shown.digest) for each in left)
    with pytest.raises(ServiceError) as caught:
        known.check_again(shown)
    assert caught.value.reason == Reason.UNAUTHENTICATED


def test_a_guess_with_the_beginning_of_a_known_hash_is_refused() -> None:
    shown = KNOWN.who_calls(FORWARD, bearer("red")).credential
    forged = Tokens([shown._replace(digest=shown.digest[:8] + bytes(24))])
    assert forged.find("red") is None


STUDENTS = replace(FORWARD, graders_act=True)


def acting(token: str, name: str) -> list[tuple[str, str | bytes]]:
    return [*bearer(token), ("edunn-on-behalf-of", name)]


def test_a_grader_acts_for_a_student_where_the_rpc_says_so() -> None:
    caller = KNOWN.who_calls(STUDENTS, acting("blue", "ana")).caller
    assert (caller.name, caller.acted_by) == ("ana", "teacher")
    with pytest.raises(ServiceError, match="on behalf of another needs the role admin") as caught:
        KNOWN.who_calls(FORWARD, acting("blue", "ana"))
    assert caught.value.reason == Reason.PERMISSION_DENIED


def test_an_admin_acts_for_anybody_in_every_rpc() -> None:
    known = Authenticator([Tokens.fixed({"gold": Caller("root", frozenset({Role.ADMIN}))})])
    for rpc in LAYER_RPCS.values():
        assert known.who_calls(rpc, acting("gold", "ana")).caller.name == "ana"


def test_a_student_acts_for_nobody_else() -> None:
    assert KNOWN.who_calls(STUDENTS, acting("red", "ana")).caller is ANA
    for name in ("ben", "", "a/b"):
        with pytest.raises(ServiceError) as caught:
            KNOWN.who_calls(STUDENTS, acting("red", name))
        assert caught.value.reason == Reason.PERMISSION_DENIED


def test_acting_needs_the_name_of_a_caller() -> None:
    with pytest.raises(ServiceError) as caught:
        KNOWN.who_calls(STUDENTS, acting("blue", "a/b"))
    assert caught.value.reason == Reason.INVALID_ARGUMENT
