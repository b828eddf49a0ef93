"""The log: a record is a line, whatever is in it, and a line has no secret."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from edunn_serving.log_lines import (
    INDENT,
    MAX_LINE_CHARACTERS,
    MAX_TRACEBACKS,
    LineFormatter,
    TracebackLimit,
)

FORGED = "2026-01-01 00:00:00,000 ERROR server: all is lost"


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    logger = logging.Logger("test")
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(LineFormatter(["top-secret", "abc"]))
    handler.addFilter(TracebackLimit())
    logger.addHandler(handler)
    yield logger


def lines_of(log: logging.Logger) -> list[str]:
    (handler,) = log.handlers
    assert isinstance(handler, logging.StreamHandler)
    text: str = handler.stream.getvalue()
    assert text.endswith("\n")
    # As a terminal or a reader of Unicode lines takes them.
    return text[:-1].splitlines()


def fail(message: str) -> None:
    raise ValueError(message)


@pytest.mark.parametrize(
    "separator", ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"]
)
def test_line_cannot_be_forged(log: logging.Logger, separator: str) -> None:
    log.warning("no session %s", f"mine{separator}{FORGED}")
    (line,) = lines_of(log)
    assert " WARNING test: no session mine\\" in line


@pytest.mark.parametrize("character", ["\x1b", "\x00", "\x08", "\u202e", "\u200b", "\ud800"])
def test_what_a_terminal_would_act_on_is_escaped(log: logging.Logger, character: str) -> None:
    log.warning("no session %s", f"mine{character}[2J")
    (line,) = lines_of(log)
    assert character not in line
    assert character.encode("unicode_escape").decode() in line


def test_traceback_is_indented_and_forges_nothing(log: logging.Logger) -> None:
    try:
        fail(f"wrong\n{FORGED}\r{FORGED}")
    except ValueError:
        log.exception("failed")
    first, *rest = lines_of(log)
    assert first.endswith("ERROR test: failed")
    assert rest
    assert all(line.startswith(INDENT) for line in rest)
    assert any("ValueError: wrong" in line for line in rest)


def test_tracebacks_of_one_kind_are_few(log: logging.Logger) -> None:
    for number in range(1000):
        try:
            fail(f"wrong {number}")
        except ValueError:
            log.exception("request %d", number)
    text = "\n".join(lines_of(log))
    assert text.count("Traceback") == MAX_TRACEBACKS
    # Each is told of all the same.
    assert text.count("ERROR test: request") == 1000
    try:
        raise KeyError("of another kind")
    except KeyError:
        log.exception("another")
    assert "\n".join(lines_of(log)).count("Traceback") == MAX_TRACEBACKS + 1


def test_secrets_are_hidden_in_messages_and_tracebacks(log: logging.Logger) -> None:
    try:
        fail("unknown command AUTH with args 'top-secret'")
    except ValueError:
        log.exception("Redis is away: %s", "AUTH top-secret, abcabc")
    text = "\n".join(lines_of(log))
    assert "top-secret" not in text
    assert "AUTH ***" in text
    # What is shorter than a word stands in others by chance.
    assert "abcabc" in text


def test_a_line_has_an_end(log: logging.Logger) -> None:
    log.warning("x" * 1_000_000)
    (line,) = lines_of(log)
    assert len(line) == MAX_LINE_CHARACTERS
