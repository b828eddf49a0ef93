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
        KNOWN.credential_of(rpc, bearer(token))
    return caught.value


def test_the_token_tells_the_caller() -> None:
    assert KNOWN.credential_of(FORWARD, bearer("red")).caller is ANA
    assert KNOWN.credential_of(FORWARD, bearer(b"blue")).caller is TEACHER


def test_without_tokens_anybody_may_call_everything() -> None:
    assert Authenticator([]).credential_of(FOR_GRADERS, bearer("red")).caller is ANYBODY
    assert Authenticator([]).credential_of(FOR_GRADERS, None).caller is ANYBODY


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
    assert KNOWN.credential_of(FOR_GRADERS, bearer("blue")).caller is TEACHER


def test_an_open_method_asks_nobody_who_calls() -> None:
    assert KNOWN.credential_of(OPEN, bearer("green")).caller is ANYBODY


def test_a_token_is_refused_from_its_expiry_on() -> None:
    shown = KNOWN.credential_of(FORWARD, bearer("red"))
    lasting = Authenticator([Tokens([shown._replace(expires=time.time() + 60)])])
    expired = Authenticator([Tokens([shown._replace(expires=time.time())])])
    assert lasting.credential_of(FORWARD, bearer("red")).caller is ANA
    with pytest.raises(ServiceError, match="expired"):
        expired.credential_of(FORWARD, bearer("red"))


@pytest.mark.parametrize(
    "left",
    [[], [Credential(TEACHER, b"", float("inf"))], [Credential(ANA, b"", time.time())]],
    ids=["removed", "of another caller", "expires"],
)
def test_a_stream_is_refused_once_its_token_is_not_what_it_was(left: list[Credential]) -> None:
    tokens = Tokens.fixed({"red": ANA})
    known = Authenticator([tokens])
    shown = known.credential_of(FORWARD, bearer("red"))
    known.check_again(shown)
    tokens.replace(each._replace(digest=shown.digest) for each in left)
    with pytest.raises(ServiceError) as caught:
        known.check_again(shown)
    assert caught.value.reason == Reason.UNAUTHENTICATED


def test_a_guess_with_the_beginning_of_a_known_hash_is_refused() -> None:
    shown = KNOWN.credential_of(FORWARD, bearer("red"))
    forged = Tokens([shown._replace(digest=shown.digest[:8] + bytes(24))])
    assert forged.find("red") is None
