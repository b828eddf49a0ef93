"""The message of an ordinary Celery task, for a script that puts it into a queue.

A script can then change a state and send the task that follows from it in one step, which a client
of Celery cannot. The form is Celery's own: version 2 of its task protocol, in kombu's envelope for
Redis. See docs.celeryq.dev, "Message Protocol".
"""

from __future__ import annotations

import base64
import json
import uuid

from edunn_serving.seal import Seal
from edunn_serving.task_seal import HEADER, seal_of_task

# The task's arguments, and what would follow it.
_BODY = [[], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]
_NOBODY = "edunn"


def task_message(task: str, queue: str, seal: Seal) -> str:
    """Return the message, sealed, that runs a task without arguments once."""
    task_id = str(uuid.uuid4())
    return json.dumps(
        {
            "body": base64.b64encode(json.dumps(_BODY).encode()).decode(),
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": {
                "lang": "py",
                "task": task,
                "id": task_id,
                "root_id": task_id,
                "parent_id": None,
                "group": None,
                "retries": 0,
                "eta": None,
                "expires": None,
                "timelimit": [None, None],
                "argsrepr": "()",
                "kwargsrepr": "{}",
                "origin": _NOBODY,
                "ignore_result": True,
                HEADER: seal_of_task(seal, task, [], {}),
            },
            "properties": {
                "correlation_id": task_id,
                "reply_to": "",
                "delivery_mode": 2,
                "delivery_info": {"exchange": "", "routing_key": queue},
                "priority": 0,
                "body_encoding": "base64",
                "delivery_tag": str(uuid.uuid4()),
            },
        }
    )
