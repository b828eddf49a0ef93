"""kombu's transport over Redis, which drops a message that is none of Celery's.

kombu's own would end the worker at a message that is no JSON, or JSON of another form.
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Mapping
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis

from edunn_serving.errors import quoted
from edunn_serving.pools import POOLS

log = logging.getLogger(__name__)

# The parts that kombu and Celery read before they look for the task, and their types.
FIELDS = {"body": str, "content-type": str, "headers": dict, "properties": dict}
PROPERTIES = {"delivery_tag": str, "delivery_info": dict}
HEADERS = {"task": str, "id": str}
# Positional arguments, keywords, and the tasks that follow.
CONTENT = (list, dict, dict)
# Celery's own messages, such as those of `celery inspect`, have other queues.
QUEUES = frozenset(pool.queue for pool in POOLS)


class Channel(redis.Channel):  # type: ignore[misc]  # It has no types.
    """A channel that survives what is no message."""

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)
        except (ValueError, RecursionError) as error:
            # No JSON, JSON that is nested too deeply, or a body that is not encoded as it says.
            log.warning("dropped a message that is no task: %s", quoted(str(error)))
            return True


class Transport(redis.Transport):  # type: ignore[misc]
    """The transport with these channels."""

    Channel = Channel

    def _deliver(self, message: object, queue: str) -> None:
        if _is_message(message) and (queue not in QUEUES or _is_task(message)):
            super()._deliver(message, queue)
        else:
            log.warning("dropped a message that is no task: %s", quoted(str(message)[:1000]))


def register() -> None:
    """Let kombu use this transport for Redis's URLs, in this process."""
    TRANSPORT_ALIASES.update(dict.fromkeys(("redis", "rediss"), f"{__name__}:Transport"))


def _is_message(message: Any) -> bool:
    """Tell whether a message has the form that kombu gives it."""
    return _has(message, FIELDS) and _has(message["properties"], PROPERTIES)


def _is_task(message: Any) -> bool:
    """Tell whether a message has the form that Celery gives a task.

    Raises
    ------
    ValueError
        Its content is not encoded as a task's is.
    """
    content = json.loads(base64.b64decode(message["body"]))
    return (
        _has(message["headers"], HEADERS)
        and isinstance(content, list)
        and len(content) == len(CONTENT)
        and all(map(isinstance, content, CONTENT))
    )


def _has(part: object, fields: Mapping[str, type[object]]) -> bool:
    return isinstance(part, dict) and all(
        isinstance(part.get(name), kind) for name, kind in fields.items()
    )
