"""The message with which Celery runs a batch.

A server pushes it in the same round trip as the batch itself; Celery's own `send_task` would block
its event loop. It needs nothing of Celery, so that a server need not import it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import NamedTuple

from edunn_serving import keys

TASK = "worker.run_batch"

# Marks messages that nobody acknowledges.
UNACKNOWLEDGED = "edunn-unacknowledged"


class OperationHead(NamedTuple):
    """What a worker knows of an operation before it has its request."""

    # The name of a LayerService method.
    method: str
    # Who calls, as the server authenticated them. Empty where it asks for no token.
    caller: str
    # The session that the call names, by which operations are kept in order.
    session_id: str
    # When the call's deadline passes, in ms of Unix time. 0 for none.
    deadline_unix_ms: int
    # The layer that the request names, if its kind names one.
    layer: str | None
    # The forward whose context is needed: empty for the layer's latest, None for none.
    forward_id: str | None


# Celery's message protocol, version 2, inside kombu's envelope for virtual transports. Only the
# body and the id are a message's own.
_ENVELOPE = json.dumps(
    {
        "body": "%(body)s",
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {"lang": "py", "task": TASK, "id": "%(id)s", "ignore_result": True},
        "properties": {
            "correlation_id": "%(id)s",
            "delivery_mode": 2,
            "delivery_info": {
                "exchange": "",
                "routing_key": keys.QUEUE,
                "consumer_tag": UNACKNOWLEDGED,
            },
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": "%(id)s",
        },
    }
)


def task_message(batch_id: str, reply_stream: str, heads: Iterable[OperationHead]) -> str:
    """Return the message with which Celery runs a batch, as its Redis transport expects it."""
    body = json.dumps([[batch_id, reply_stream, list(heads)], {}, {}])
    return _ENVELOPE % {"body": base64.b64encode(body.encode()).decode(), "id": batch_id}
