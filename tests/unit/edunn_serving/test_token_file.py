"""The file of tokens: it has no secret in it, and each change is whole."""

from __future__ import annotations

import json
import math
import os
import threading
import time
from pathlib import Path

import pytest

from edunn_serving.callers import Role
from edunn_serving.token_file import (
    TokenFileError,
    digest_of,
    make_token,
    read_tokens,
    revoke_tokens,
    rotate_token,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tokens.json"


def test_a_token_is_kept_as_its_hash_alone_and_only_its_owner_reads_the_file(path: Path) -> None:
    record, token = make_token(
        path, "ana", Role.GRADER, seconds=60, label="laptop", limits={"sessions": 3}
    )
    assert token.startswith(f"edunn_{record.id}_")
    secret = token.rpartition("_")[2]
    assert secret not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    (kept,) = read_tokens(path)
    assert kept == record
    assert kept.digest == digest_of(token).hex()
    assert kept.caller.name == "ana"
    assert kept.caller.roles == {Role.GRADER}
    assert kept.caller.limits == {"sessions": 3}
    assert kept.expires is not None
    assert kept.expires - kept.created == pytest.approx(60)


def test_two_tokens_never_share_a_secret(path: Path) -> None:
    made = [make_token(path, "ana", Role.STUDENT) for _ in range(20)]
    assert len({token for _, token in made}) == len({record.id for record, _ in made}) == 20


def test_a_token_is_revoked_by_its_id_and_all_of_a_caller_by_the_name(path: Path) -> None:
    (first, _), (second, _), (third, _) = (
        make_token(path, name, Role.STUDENT) for name in ("ana", "ana", "ben")
    )
    assert revoke_tokens(path, third.id) == [third]
    assert revoke_tokens(path, "ana") == [first, second]
    assert read_tokens(path) == []
    with pytest.raises(TokenFileError, match="no token 'ana'"):
        revoke_tokens(path, "ana")


@pytest.mark.parametrize("keep", [0.0, 30.0])
def test_a_rotated_token_is_replaced_by_one_like_it(path: Path, keep: float) -> None:
    old, old_token = make_token(
        path, "ana", Role.ADMIN, seconds=900, label="x", limits={"streams": 1}
    )
    new, new_token = rotate_token(path, old.id, keep_seconds=keep)
    assert new_token != old_token
    assert (new.name, new.role, new.label, new.limits) == ("ana", Role.ADMIN, "x", {"streams": 1})
    assert new.expires is not None
    assert new.expires - new.created == pytest.approx(900)
    kept = {each.id: each.expires for each in read_tokens(path)}
    assert kept[new.id] == new.expires
    left = (kept[old.id] or 0) - time.time()
    assert keep - 10 < left <= keep


def test_rotation_never_makes_the_old_token_last_longer(path: Path) -> None:
    old, _ = make_token(path, "ana", Role.STUDENT, seconds=5)
    rotate_token(path, old.id, keep_seconds=1000)
    assert read_tokens(path)[0].expires == old.expires


def test_changes_of_many_at_a_time_are_all_kept(path: Path) -> None:
    makers = [
        threading.Thread(target=make_token, args=(path, f"caller{number}", Role.STUDENT))
        for number in range(16)
    ]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert {each.name for each in read_tokens(path)} == {f"caller{n}" for n in range(16)}


@pytest.mark.parametrize("name", ["", "a/b", "a}b", "a b", ".", "..", "a\n", "é", "x" * 129])
def test_a_name_that_would_not_keep_callers_apart_is_refused(path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="name must be"):
        make_token(path, name, Role.STUDENT)
    assert not path.exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"version": 2, "tokens": []}',
        '{"version": 1, "tokens": [{}]}',
        '{"version": 1, "tokens": [{"id": "a", "name": "a/b", "role": "admin", "digest": ""}]}',
        "[" * 100_000,
    ],
)
def test_a_file_of_something_else_is_refused_and_left_alone(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(TokenFileError, match="no file of tokens"):
        make_token(path, "ana", Role.STUDENT)
    assert path.read_text() == text


@pytest.mark.parametrize("field", ["role", "digest", "limits"])
def test_a_damaged_record_is_refused(path: Path, field: str) -> None:
    make_token(path, "ana", Role.STUDENT)
    content = json.loads(path.read_text())
    content["tokens"][0][field] = "ff"
    path.write_text(json.dumps(content))
    with pytest.raises(TokenFileError):
        read_tokens(path)


@pytest.mark.parametrize(
    ("field", "value"),
    [("expires", "soon"), ("expires", math.nan), ("expires", True), ("expires", 10**400),
     ("created", "x"), ("id", 5), ("label", None)],
)  # fmt: skip
def test_a_record_with_a_value_of_another_kind_is_refused(
    path: Path, field: str, value: object
) -> None:
    make_token(path, "ana", Role.STUDENT)
    content = json.loads(path.read_text())
    content["tokens"][0][field] = value
    path.write_text(json.dumps(content))
    with pytest.raises(TokenFileError):
        read_tokens(path)


def test_a_pipe_or_a_device_holds_nobody_up(path: Path) -> None:
    os.mkfifo(path)
    with pytest.raises(TokenFileError, match="it is no regular file"):
        read_tokens(path)
    path.unlink()
    path.symlink_to("/dev/zero")
    with pytest.raises(TokenFileError, match="it is no regular file"):
        read_tokens(path)


def test_without_a_file_there_are_no_tokens(path: Path) -> None:
    assert read_tokens(path) == []
