"""Server and workers are a Redis user that can do its work and nothing else."""

from __future__ import annotations

import pytest
import redis

from edunn_serving import keys
from edunn_serving.redis_connections import RedisRefuses, connect, error_of
from edunn_serving.redis_url import RedisUrl
from standalone.stack import Stack


@pytest.fixture
def service_user(stack: Stack) -> redis.Redis:
    return connect(RedisUrl.parse(stack.environment["EDUNN_REDIS_URL"]))


@pytest.mark.parametrize(
    "command",
    [
        ("CONFIG", "GET", "*"),
        ("CONFIG", "SET", "dir", "/tmp"),  # noqa: S108  # refused
        ("ACL", "LIST"),
        ("ACL", "SETUSER", "edunn", "+@all"),
        ("FLUSHALL",),
        ("KEYS", "*"),
        ("MONITOR",),
        ("SHUTDOWN", "NOSAVE"),
        ("REPLICAOF", "127.0.0.1", "1"),
        ("MODULE", "LIST"),
        ("CLIENT", "LIST"),
        ("CLIENT", "KILL", "TYPE", "normal"),
        ("SLAVEOF", "NO", "ONE"),
        ("SAVE",),
        ("EVAL", "return 1", "0"),
        ("FUNCTION", "LOAD", "#!lua name=x\nredis.register_function('f', function() end)"),
        ("FUNCTION", "FLUSH"),
        ("SCAN", "0"),
        ("RANDOMKEY",),
        ("DBSIZE",),
        ("MOVE", f"{keys.ROOT}:x", "1"),
        ("COPY", "another:key", f"{keys.ROOT}:x"),
        ("RENAME", f"{keys.ROOT}:x", "another:key"),
        ("SORT", f"{keys.ROOT}:x", "BY", "nosort", "GET", "*"),
        ("SUBSCRIBE", "another"),
        ("SCRIPT", "FLUSH"),
        ("GET", "another:key"),
        ("SET", "another:key", "x"),
        ("PUBLISH", "another", "x"),
        ("MIGRATE", "127.0.0.1", "1", f"{keys.ROOT}:x", "0", "1"),
    ],
    ids=" ".join,
)
def test_what_the_service_does_not_need_is_forbidden(
    service_user: redis.Redis, command: tuple[str, ...]
) -> None:
    with pytest.raises(redis.RedisError) as caught:
        service_user.execute_command(*command)
    is_refused = isinstance(caught.value, redis.exceptions.NoPermissionError) or isinstance(
        error_of(str(caught.value)), RedisRefuses
    )
    # An older Redis has no functions.
    assert is_refused or "unknown command" in str(caught.value)


def test_a_script_of_ours_reaches_no_other_keys(service_user: redis.Redis) -> None:
    digest = service_user.execute_command("SCRIPT", "LOAD", "return redis.call('GET', KEYS[1])")
    assert service_user.execute_command("EVALSHA", digest, 1, f"{keys.ROOT}:none") is None
    with pytest.raises(redis.RedisError):
        service_user.execute_command("EVALSHA", digest, 1, "another:key")


def test_no_process_knows_the_administrators_password(stack: Stack) -> None:
    password = RedisUrl.parse(stack.redis_url).password
    assert password
    for child in (stack.redis, *stack.workers, *stack.other_workers, *stack.servers):
        assert password not in str(child._environment)
        assert password not in str(child._command)
    assert password not in stack.environment["EDUNN_REDIS_URL"]
