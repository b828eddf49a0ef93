"""Authenticates Celery's tasks by the key that server and workers share."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from celery.signals import before_task_publish

from edunn_serving.seal import Seal

# The header of a task's message that has its seal.
HEADER = "edunn_seal"


def seal_tasks(seal: Seal) -> None:
    """Seal every task that this process sends from now on."""

    def add_seal(body: Any, headers: dict[str, Any], **unused: object) -> None:
        arguments, keywords, _ = body
        headers[HEADER] = seal_of_task(seal, headers["task"], arguments, keywords)

    before_task_publish.connect(add_seal, weak=False, dispatch_uid=HEADER)


def seal_of_task(
    seal: Seal, task: str, arguments: Sequence[Any], keywords: Mapping[str, Any]
) -> str:
    """Return the seal of a task, as its header has it."""
    return seal.mark("task", _encoded(arguments, keywords), task).hex()


def check_task(
    seal: Seal, headers: Mapping[str, Any], arguments: Sequence[Any], keywords: Mapping[str, Any]
) -> None:
    """Check the seal of a task that has come, by its message's headers.

    Raises
    ------
    ForgedError
        It was not sealed with the key.
    """
    text = headers.get(HEADER)
    try:
        mark = bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        mark = b""
    seal.check("task", mark, _encoded(arguments, keywords), headers["task"])


def _encoded(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> bytes:
    return json.dumps([list(arguments), dict(keywords)], sort_keys=True).encode()
