"""The message with which Celery runs a batch.

A server pushes it in the same round trip as the batch itself; Celery's own `send_task` would block
its event loop. It needs nothing of Celery, so that a server need not import it.
"""

from __future__ import annotations

import base64
import json

from worker import keys

TASK = "worker.run_batch"

# Marks messages that nobody acknowledges.
UNACKNOWLEDGED = "edunn-unacknowledged"


def task_message(batch_id: str, reply_stream: str) -> bytes:
    """Return the message with which Celery runs a batch, as its Redis transport expects it.

    It follows Celery's message protocol, version 2, inside kombu's envelope for virtual transports.
    """
    body = json.dumps([[batch_id, reply_stream], {}, {}]).encode()
    envelope = {
        "body": base64.b64encode(body).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {"lang": "py", "task": TASK, "id": batch_id, "ignore_result": True},
        "properties": {
            "correlation_id": batch_id,
            "delivery_mode": 2,
            "delivery_info": {
                "exchange": "",
                "routing_key": keys.QUEUE,
                "consumer_tag": UNACKNOWLEDGED,
            },
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": batch_id,
        },
    }
    return json.dumps(envelope).encode()
