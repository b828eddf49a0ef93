"""The settings: read from the environment, refused in a sentence, shown without secrets."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from edunn_serving.settings import Settings, SettingsError, names, read_settings, variable


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper().startswith("EDUNN"):
            monkeypatch.delenv(name)


def refused(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    for name, text in environment.items():
        monkeypatch.setenv(name, text)
    with pytest.raises(SettingsError) as caught:
        read_settings()
    assert caught.value.__cause__ is None
    return str(caught.value)


def test_each_setting_is_read_from_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDUNN_MAX_BATCH_OPERATIONS", "7")
    monkeypatch.setenv("EDUNN_WORKER_WAIT_SECONDS", "0.25")
    monkeypatch.setenv("EDUNN_REDIS_URL", "redis://:secret@example.org:7000/3")
    settings = read_settings()
    assert settings.max_batch_operations == 7
    assert settings.worker_wait_seconds == 0.25
    assert settings.redis_url.password == "secret"
    rest = set(names()) - {"max_batch_operations", "worker_wait_seconds", "redis_url"}
    assert all(getattr(settings, name) == getattr(Settings(), name) for name in rest)


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("EDUNN_MAX_BATCH_OPERATIONS", "many", "must be a whole number, got 'many'"),
        ("EDUNN_MAX_BATCH_OPERATIONS", "", "must be a whole number, got ''"),
        ("EDUNN_MAX_BATCH_OPERATIONS", "1.5", "must be a whole number, got '1.5'"),
        ("EDUNN_MAX_BATCH_OPERATIONS", "0", "must be at least 1, got '0'"),
        ("EDUNN_MAX_BATCH_OPERATIONS", "1001", "must be at most 1000, got '1001'"),
        ("EDUNN_MAX_MESSAGE_BYTES", "3000000000", "must be at most 2147483647"),
        ("EDUNN_WORKER_MEMORY_BYTES", "9" * 30, "must be at most"),
        ("EDUNN_WORKER_WAIT_SECONDS", "soon", "must be a number, got 'soon'"),
        ("EDUNN_WORKER_WAIT_SECONDS", "nan", "must be a finite number"),
        ("EDUNN_WORKER_WAIT_SECONDS", "inf", "must be a finite number"),
        ("EDUNN_ADDRESS", "127.0.0.1", "must be host:port"),
        ("EDUNN_ADDRESS", "127.0.0.1:http", "must be host:port"),
        ("EDUNN_ADDRESS", "127.0.0.1:65536", "must be host:port"),
        ("EDUNN_METRICS_ADDRESS", "9464", "must be host:port"),
        ("EDUNN_LOG_LEVEL", "info", "must be DEBUG, INFO, WARNING or ERROR, got 'info'"),
        ("EDUNN_TLS_KEY", "key.pem", "go together"),
        ("EDUNN_SESSION_TTL_SECONDS", "1e7", "EDUNN_MAX_SESSION_TTL_SECONDS"),
        ("EDUNN_TOKENS", "no-equals-sign", "must be name=token or name:role=token pairs"),
        ("EDUNN_TOKENS", "a:teacher=one", "the role student, grader or admin"),
        ("EDUNN_TOKENS", "a:=one", "must be name=token"),
        ("EDUNN_TOKENS", "a=one,b=one", "gives one token to two names"),
    ],
)
def test_wrong_value_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, wanted: str
) -> None:
    message = refused(monkeypatch, **{name: text})
    assert name in message
    assert wanted in message
    assert "\n" not in message


def test_a_wrong_value_is_quoted_in_part_and_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    message = refused(monkeypatch, EDUNN_ADDRESS="line\nbreak" + "x" * 100_000)
    assert "\n" not in message
    assert len(message) < 300


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("EDUNN_REDIS_ULR", "EDUNN_REDIS_URL"),
        ("EDUNN_REDIS", "EDUNN_REDIS_URL"),
        ("EDUNN_ADRESS", "EDUNN_ADDRESS"),
        ("EDUNN_LOGLEVEL", "EDUNN_LOG_LEVEL"),
        ("EDUNN_MAX_BATCH_OPERATION", "EDUNN_MAX_BATCH_OPERATIONS"),
        ("EDUNN_SESSION_TTL", "EDUNN_SESSION_TTL_SECONDS"),
        ("EDUN_REDIS_URL", "EDUNN_REDIS_URL"),
        ("edunn_redis_url", "EDUNN_REDIS_URL"),
    ],
)
def test_what_is_nearly_a_setting_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, meant: str
) -> None:
    message = refused(monkeypatch, **{name: "secret"})
    assert name in message
    assert meant in message
    assert "secret" not in message


@pytest.mark.parametrize(
    "name",
    [
        "EDUNN_PORT",
        "EDUNN_PORT_50051_TCP",
        "EDUNN_PORT_50051_TCP_ADDR",
        "EDUNN_SERVICE_HOST",
        "EDUNN_SERVICE_PORT_GRPC",
        "EDUNN_REDIS_PORT",
        "EDUNN_REDIS_SERVICE_HOST",
        "EDUNN_METRICS_SERVICE_PORT",
        "EDUNN_TARGET",
        "EDUNN_TOKEN",
        "EDUNN_TLS",
        "EDUNN_CERTIFICATE",
        "EDUNN_WORKERS",
    ],
)
def test_what_only_looks_like_a_setting_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    monkeypatch.setenv(name, "tcp://10.0.0.1:50051")
    with caplog.at_level(logging.WARNING):
        assert read_settings() == Settings()
    assert [record.args for record in caplog.records] == [(name,)]
    assert "10.0.0.1" not in caplog.text


def test_the_librarys_variable_is_no_setting_of_the_service(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("EDUNN_DATASETS", "/data")
    assert read_settings() == Settings()
    assert caplog.records == []


def test_each_settings_own_name_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    defaults = Settings()
    for name in names():
        if name != "tokens":
            monkeypatch.setenv(variable(name), str(getattr(defaults, name)))
    assert read_settings() == defaults


def test_description_has_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDUNN_REDIS_URL", "redis://me:hush%23one@example.org/0?ssl")
    refusal = refused(monkeypatch)
    monkeypatch.setenv("EDUNN_REDIS_URL", "rediss://me@example.org/0?password=hush%23one")
    monkeypatch.setenv("EDUNN_TOKENS", "ann=hush-two, ben=hush-three")
    monkeypatch.setenv("EDUNN_DATABASE_URL", "postgresql://me:hush%2Ffive@example.org/grades")
    monkeypatch.setenv("EDUNN_SHARED_KEY", "hush-four" * 4)
    settings = read_settings()
    secrets = ["hush-two", "hush-three", "hush#one", "hush/five", "hush-four" * 4]
    assert settings.secrets() == secrets
    for text in (refusal, settings.describe(), repr(settings), str(settings)):
        assert "hush" not in text
    assert "redis_url=rediss://example.org:6379/0" in settings.describe()
    assert "tokens=ann=***,ben=***" in settings.describe()


def test_a_caller_of_the_variable_is_a_student_or_has_the_role_that_it_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("EDUNN_TOKENS", "ann=a=b,ben:grader=c:d")
    callers = read_settings().callers()
    assert {token: (each.name, set(each.roles)) for token, each in callers.items()} == {
        "a=b": ("ann", {"student"}),
        "c:d": ("ben", {"grader"}),
    }


def test_the_shared_key_is_read_from_its_file_and_a_weak_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "shared.key"
    path.write_text("k" * 32 + "\n")
    by_file = Settings(shared_key_file=str(path)).seal()
    by_value = Settings(shared_key=SecretStr("k" * 32)).seal()
    assert by_value.open("kind", by_file.close("kind", b"data")) == b"data"
    assert Settings().seal().is_open
    for weak in ("k" * 31, "", "\n"):
        path.write_text(weak)
        with pytest.raises(SettingsError) as caught:
            Settings(shared_key_file=str(path)).seal()
        assert "kkk" not in str(caught.value)
    with pytest.raises(SettingsError):
        Settings(shared_key_file=str(tmp_path / "none")).seal()
