"""The log. One record is one line, even with a caller's text in it, and no line has a secret."""

from __future__ import annotations

import logging
import re
import sys
import threading
import time
import traceback
from collections.abc import Iterable
from types import TracebackType

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
# The prefix of the lines of a traceback. No record's first line begins with it.
INDENT = "    "
MAX_LINE_CHARACTERS = 4000
# At most this many tracebacks of one kind of exception from one place are logged in this time.
MAX_TRACEBACKS = 3
TRACEBACK_SECONDS = 60.0
# Shorter secrets may be a part of other words by chance.
MIN_SECRET_CHARACTERS = 4

ExceptionInfo = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)


class LineFormatter(logging.Formatter):
    """Escapes unprintable characters, indents tracebacks, and replaces secrets by ***."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__(FORMAT)
        # The longest come first, because another secret may be a part of one.
        hidden = sorted({each for each in secrets if len(each) >= MIN_SECRET_CHARACTERS}, key=len)
        self._secrets = re.compile("|".join(map(re.escape, reversed(hidden)))) if hidden else None

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging's name
        return self._line(super().formatMessage(record))

    def formatException(self, ei: ExceptionInfo) -> str:  # noqa: N802  # logging's name
        return self._indented(super().formatException(ei))

    def formatStack(self, stack_info: str) -> str:  # noqa: N802  # logging's name
        return self._indented(stack_info)

    def _indented(self, text: str) -> str:
        return "\n".join(INDENT + self._line(line) for line in text.split("\n"))

    def _line(self, text: str) -> str:
        if self._secrets is not None:
            text = self._secrets.sub("***", text)
        if len(text) > MAX_LINE_CHARACTERS:
            text = text[: MAX_LINE_CHARACTERS - 1] + "…"
        return escaped(text)


def escaped(text: str) -> str:
    """Return a text with its unprintable characters, such as line breaks, escaped."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


class TracebackLimit(logging.Filter):
    """Leaves out a traceback that has been logged often lately. A caller may cause it a million
    times."""

    def __init__(self) -> None:
        super().__init__()
        self._counts: dict[tuple[str, str], int] = {}
        self._since = time.monotonic()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            if self._count(error) > MAX_TRACEBACKS:
                name = type(error).__name__
                record.msg = f"{record.getMessage()} ({name}: its traceback was logged lately)"
                record.args = ()
                record.exc_info = record.exc_text = None
        return True

    def _count(self, error: BaseException) -> int:
        now = time.monotonic()
        if now - self._since > TRACEBACK_SECONDS:
            self._counts.clear()
            self._since = now
        frames = traceback.extract_tb(error.__traceback__)
        place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
        kind = (type(error).__name__, place)
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return self._counts[kind]


def configure_logging(level: str, secrets: Iterable[str] = ()) -> None:
    """Write the log, uncaught exceptions and warnings to standard error from now on."""
    handler = logging.StreamHandler()
    handler.setFormatter(LineFormatter(secrets))
    handler.addFilter(TracebackLimit())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    logging.captureWarnings(True)
    threading.excepthook = _log_thread
    sys.unraisablehook = _log_unraisable


def _log_thread(hook: threading.ExceptHookArgs) -> None:
    name = hook.thread.name if hook.thread else "unknown"
    logging.getLogger(__name__).error("thread %s has failed", name, exc_info=hook.exc_value)


def _log_unraisable(hook: sys.UnraisableHookArgs) -> None:
    logging.getLogger(__name__).error(
        "%s %r", hook.err_msg or "an exception was ignored in", hook.object, exc_info=hook.exc_value
    )
