"""What an error of Redis means, in the words of Redis 6 and of Redis 7."""

from __future__ import annotations

import pytest
import redis

from edunn_serving.redis_connections import RedisRefuses, connect, error_of, new_connection
from edunn_serving.redis_url import RedisUrl

IN_A_SCRIPT = "ERR Error running script (call to f_0123): @user_script:9: @user_script: 9: -"


@pytest.mark.parametrize(
    "text",
    [
        "READONLY You can't write against a read only replica.",
        "READONLY You can't write against a read only replica. script: 01, on @user_script:9.",
        "NOREPLICAS Not enough good replicas to write.",
        "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist",
        "MISCONF Errors writing to the AOF file: No space left on device",
        "NOPERM User x has no permissions to run the 'evalsha' command",
        "ERR The user executing the script can't run this command or subcommand script: 01",
        "NOAUTH Authentication required.",
        "WRONGPASS invalid username-password pair or user is disabled.",
        "LOADING Redis is loading the dataset in memory",
        "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
        "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
        "UNBLOCKED force unblock from blocking operation, instance state changed",
        IN_A_SCRIPT + "READONLY You can't write against a read only replica.",
        IN_A_SCRIPT + "NOREPLICAS Not enough good replicas to write.",
        IN_A_SCRIPT + "NOPERM The user executing the script can't run this command",
    ],
)
def test_what_may_pass_is_a_refusal(text: str) -> None:
    error = error_of(text)
    assert isinstance(error, RedisRefuses)
    assert str(error) == text


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("OOM command not allowed when used memory > 'maxmemory'.", redis.OutOfMemoryError),
        (IN_A_SCRIPT + "OOM command not allowed", redis.OutOfMemoryError),
        ("NOSCRIPT No matching script. Please use EVAL.", redis.exceptions.NoScriptError),
        ("ERR unknown command 'FOO', with args beginning with: 'READONLY '", redis.ResponseError),
        ("WRONGTYPE Operation against a key", redis.ResponseError),
    ],
)
def test_other_errors_keep_their_kind(text: str, kind: type[Exception]) -> None:
    assert type(error_of(text)) is kind


def test_a_client_counts_no_connections_of_ones_own() -> None:
    """redis-py's pools refuse the hundred-and-first, also where the others are long closed."""
    client = connect(RedisUrl.parse("redis://127.0.0.1:1/0"))
    connections = [new_connection(client) for _ in range(1000)]
    assert len({id(each) for each in connections}) == 1000
