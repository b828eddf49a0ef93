"""Hands work to the pool `grading` as Celery tasks. All methods block.

A task says only what is to be done. Its data and its result are in the database, so a lost task
loses nothing: a worker looks for what is left undone.
"""

from __future__ import annotations

import json
import logging
import math
import secrets
import time
from typing import Any

import redis
from celery import Celery
from kombu.exceptions import OperationalError

from edunn_serving import keys
from edunn_serving.errors import unavailable
from edunn_serving.pools import GRADING, GRADING_TASKS, GradingPriority
from edunn_serving.redis_connections import CONNECT_SECONDS, connect
from edunn_serving.scripts import Script
from edunn_serving.seal import TRIAL_SEAL
from edunn_serving.settings import Settings
from edunn_serving.task_seal import seal_tasks

log = logging.getLogger(__name__)

TRIAL_SECONDS = 10.0
# Many calls wait at once, and one look tells all of them that a worker is there.
LOOK_LASTS_SECONDS = 1.0


class Tasks:
    """Sends tasks."""

    def __init__(self, settings: Settings) -> None:
        self._redis_url = settings.redis_url
        self._seal = settings.seal()
        seal_tasks(self._seal)
        self._worker_timeout = settings.worker_timeout_seconds
        self._worker_seen = -math.inf
        self._app = Celery("edunn", broker=settings.redis_url.broker_url, set_as_current=False)
        self._app.conf.update(
            broker_use_ssl=settings.redis_url.broker_tls,
            task_ignore_result=True,
            # By default publishing blocks for 19 s if Redis is away.
            task_publish_retry=False,
            broker_connection_timeout=CONNECT_SECONDS,
            broker_transport_options={
                "socket_connect_timeout": CONNECT_SECONDS,
                "socket_timeout": CONNECT_SECONDS,
                "max_retries": 0,
            },
        )

    def draw(self, attempt_id: str) -> None:
        """Have a worker draw the challenges of an attempt."""
        self._send(GRADING_TASKS.draw, [attempt_id], GradingPriority.DRAW)

    def judge(self, attempt_id: str, revision: int) -> None:
        """Have a worker make a report of an attempt."""
        self._send(
            GRADING_TASKS.judge, [attempt_id, revision], GradingPriority.of_judging(revision)
        )

    def try_assignment(self, model: str) -> list[tuple[int, str]]:
        """Have a worker draw each check of an assignment once.

        Returns
        -------
        list
            The numbers of the checks that there can be no challenge for, and why.

        Raises
        ------
        ServiceError
            UNAVAILABLE: no worker has done it in time.
        ForgedError
            The result is of none of this service's workers.
        """
        key = keys.grading_trial(secrets.token_hex(16))
        self._send(GRADING_TASKS.try_assignment, [key, model], GradingPriority.JUDGE)
        try:
            with connect(self._redis_url, answer_seconds=TRIAL_SECONDS + CONNECT_SECONDS) as client:
                answer: Any = client.blpop([key], TRIAL_SECONDS)
        except redis.RedisError as error:
            raise unavailable("Redis is away") from error
        if answer is None:
            raise unavailable("no worker of the pool grading is there")
        result = self._seal.open(TRIAL_SEAL, answer[1], key)
        return [(number, text) for number, text in json.loads(result)]

    def has_worker(self) -> bool:
        """Tell whether a worker of the pool gives signs of life, or gave some a second ago."""
        if time.monotonic() - self._worker_seen < LOOK_LASTS_SECONDS:
            return True
        try:
            with connect(self._redis_url) as client:
                live_workers = client.register_script(Script.named("live_workers").text)
                _, live = live_workers([GRADING.signs_of_life], [self._worker_timeout])
        except redis.RedisError as error:
            raise unavailable("Redis is away") from error
        if live:
            self._worker_seen = time.monotonic()
        return bool(live)

    def _send(self, name: str, arguments: list[Any], priority: GradingPriority) -> None:
        try:
            self._app.send_task(name, arguments, queue=GRADING.queue, priority=priority)
        except (OperationalError, redis.RedisError, OSError) as error:
            raise unavailable("Redis is away") from error
