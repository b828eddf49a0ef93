"""Kept tokens: the command that changes them, and servers that follow each change at once."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import grpc
import pytest
from contract import refusal
from more_servers import one_more_server
from waiting import await_true

from edunn_serving.own_channel import WITHOUT_PROXY
from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from standalone.stack import Stack

Metadata = tuple[tuple[str, str], ...]
LIST = api.ListLayerTypesRequest()
UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED


def edunn_serve(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "standalone.serve", "tokens", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def make(file: Path, *arguments: str) -> tuple[str, Metadata]:
    """Make a token; return its id and the metadata that shows it."""
    token = edunn_serve("make", "--file", str(file), *arguments).stdout.strip()
    return token.split("_")[1], (("authorization", f"Bearer {token}"),)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tokens") / "tokens.json"


@pytest.fixture(scope="module")
def stubs(stack: Stack, file: Path) -> Iterator[list[LayerServiceStub]]:
    """Two servers that share the file, which is not there yet."""
    with ExitStack() as servers:
        stubs = []
        for number in (1, 2):
            audit = str(file.with_name(f"audit-{number}.jsonl"))
            settings = {"EDUNN_TOKENS_FILE": str(file), "EDUNN_AUDIT_FILE": audit}
            address = servers.enter_context(one_more_server(stack, **settings))
            channel = servers.enter_context(grpc.insecure_channel(address, WITHOUT_PROXY))
            stubs.append(LayerServiceStub(channel))
        yield stubs


def is_known(stub: LayerServiceStub, metadata: Metadata) -> bool:
    try:
        stub.ListLayerTypes(LIST, metadata=metadata, timeout=30)
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.UNAUTHENTICATED
        return False
    return True


def await_known(condition: Callable[[], bool], what: str) -> None:
    """Wait for a change of who is known. An address that is refused more often is cut."""
    await_true(condition, what, every=0.25)


def known_to_all(stubs: list[LayerServiceStub], metadata: Metadata) -> Callable[[], bool]:
    return lambda: all(is_known(stub, metadata) for stub in stubs)


def known_to_none(stubs: list[LayerServiceStub], metadata: Metadata) -> Callable[[], bool]:
    return lambda: not any(is_known(stub, metadata) for stub in stubs)


def test_without_a_token_in_the_file_nobody_is_known(stubs: list[LayerServiceStub]) -> None:
    for stub in stubs:
        assert not is_known(stub, ())
        assert not is_known(stub, (("authorization", "Bearer edunn_00000000_"),))


def test_every_server_follows_a_token_from_its_making_to_its_end(
    stubs: list[LayerServiceStub], file: Path
) -> None:
    token_id, shown = make(file, "ana")
    await_known(known_to_all(stubs, shown), "the making of a token")
    edunn_serve("revoke", "--file", str(file), token_id)
    await_known(known_to_none(stubs, shown), "the end of a token")


def test_a_rotated_token_gives_way_to_the_new_one(
    stubs: list[LayerServiceStub], file: Path
) -> None:
    token_id, old = make(file, "ana")
    await_known(known_to_all(stubs, old), "the making of a token")
    printed = edunn_serve("rotate", "--file", str(file), token_id).stdout.strip()
    new = (("authorization", f"Bearer {printed}"),)
    await_known(known_to_all(stubs, new), "the making of the new token")
    await_known(known_to_none(stubs, old), "the end of the old token")


@pytest.mark.parametrize("end", ["revoked", "expired"])
def test_open_streams_end_with_their_token(
    stubs: list[LayerServiceStub], file: Path, end: str
) -> None:
    _, other = make(file, "ben")
    await_known(known_to_all(stubs, other), "the making of a token")
    expires = ("--expires", "6s") if end == "expired" else ()
    token_id, shown = make(file, "ana", *expires)
    await_known(known_to_all(stubs, shown), "the making of a token")
    unsent: queue.SimpleQueue[api.ComputeRequest] = queue.SimpleQueue()
    streams = [stub.Compute(iter(unsent.get, None), metadata=shown, timeout=60) for stub in stubs]
    kept = stubs[0].Compute(iter(unsent.get, None), metadata=other, timeout=60)
    if end == "revoked":
        edunn_serve("revoke", "--file", str(file), token_id)
    for stream in streams:
        ended = refusal(partial(next, stream))
        assert (ended.code, ended.reason) == (grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED")
        assert end in ended.message
    assert kept.is_active()
    kept.cancel()


def test_calls_with_an_expired_token_are_no_guesses(
    stubs: list[LayerServiceStub], file: Path
) -> None:
    """A whole class behind one address goes on with tokens that have expired together."""
    _, shown = make(file, "ana", "--expires", "1s")
    _, other = make(file, "ben")

    def is_expired() -> bool:
        call = partial(stubs[0].ListLayerTypes, LIST, metadata=shown, timeout=30)
        refused = refusal(call)
        assert (refused.code, refused.reason) == (UNAUTHENTICATED, UNAUTHENTICATED.name)
        return "expired" in refused.message

    await_known(known_to_all(stubs, other), "the making of the tokens")
    await_known(known_to_none(stubs, shown), "the end of a token")
    assert all(is_expired() for _ in range(300))
    assert is_known(stubs[0], other)


def test_a_damaged_file_leaves_the_tokens_as_they_were(
    stubs: list[LayerServiceStub], file: Path
) -> None:
    _, shown = make(file, "ana")
    await_known(known_to_all(stubs, shown), "the making of a token")
    good = file.read_text()
    file.write_text(good[: len(good) // 2])
    _, fresh = make(file.with_name("others.json"), "ben")
    for _ in range(5):
        assert known_to_all(stubs, shown)()
        time.sleep(0.1)
    file.write_text(good)
    assert not is_known(stubs[0], fresh)


def test_the_list_shows_no_secret(file: Path) -> None:
    token_id, shown = make(
        file,
        "dora",
        "--role",
        "grader",
        "--expires",
        "90d",
        "--label",
        "lab",
        "--limit",
        "sessions=5",
    )
    secret = shown[0][1].rpartition("_")[2]
    for options in ((), ("--json",)):
        listed = edunn_serve("list", "--file", str(file), *options).stdout
        assert token_id in listed
        assert "dora" in listed
        assert secret not in listed
    lines = map(json.loads, listed.splitlines())
    (found,) = (each for each in lines if each["id"] == token_id)
    assert found["role"] == "grader"
    assert found["limits"] == {"sessions": 5}
    assert found["expires"] - found["created"] == pytest.approx(90 * 86400)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("make", "a/b"), "name must be"),
        (("make", "ana", "--role", "teacher"), "invalid"),
        (("make", "ana", "--expires", "soon"), "90d"),
        (("make", "ana", "--limit", "calls"), "NAME=NUMBER"),
        (("make", "ana", "--limit", "sessions=-1"), "at least 0"),
        (("make", "ana", "--limit", "session=5"), "there is no such limit"),
        (("revoke", "nobody"), "there is no token 'nobody'"),
        (("rotate", "nobody"), "there is no token 'nobody'"),
    ],
)
def test_a_wrong_use_says_what_is_right(
    tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    done = edunn_serve(*arguments, "--file", str(tmp_path / "tokens.json"))
    assert done.returncode != 0
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_the_audit_log_tells_of_tokens_and_of_the_refused(
    stubs: list[LayerServiceStub], file: Path
) -> None:
    token_id, _ = make(file, "eve")
    edunn_serve("revoke", "--file", str(file), token_id)
    lines = map(json.loads, file.with_name("audit.jsonl").read_text().splitlines())
    events = [each["event"] for each in lines if each.get("token") == token_id]
    assert events == ["token made", "token revoked"]

    guess = (("authorization", "Bearer edunn_secret_guess"),)
    with pytest.raises(grpc.RpcError) as caught:
        stubs[0].ListLayerTypes(LIST, metadata=guess, timeout=30)
    sent_back: dict[str, str] = dict(caught.value.trailing_metadata() or ())  # type: ignore[arg-type]
    request_id = sent_back["edunn-request-id"]
    audit = file.with_name("audit-1.jsonl")
    await_true(lambda: request_id in audit.read_text(), "the audit line")
    assert "secret_guess" not in audit.read_text()
    found = [json.loads(line) for line in audit.read_text().splitlines() if request_id in line]
    (line,) = found
    assert (line["event"], line["reason"]) == ("refused", "UNAUTHENTICATED")
    assert "ListLayerTypes" in line["method"]
    assert line["peer"].startswith("ipv4:127.0.0.1:")
