"""Finds answers that are accepted and not judged, and hands them out again."""

from __future__ import annotations

import logging
import threading
from typing import Any

import sqlalchemy as sa
from celery import Celery

from edunn_serving.errors import ServiceError
from edunn_serving.grades import Attempt, Database
from edunn_serving.grades.reading import now_ms
from edunn_serving.pools import GRADING, GRADING_TASKS, GradingPriority

log = logging.getLogger(__name__)

PAUSE_SECONDS = 2.0
# Answers accepted more recently have a task that is on its way.
PATIENCE_MS = 3000
MOST = 100


class Sweep(threading.Thread):
    """Looks for unjudged answers while the queue of tasks is empty.

    A task is lost if its worker dies, or if Redis loses what it holds. The answers are in the
    database, so they are judged all the same.
    """

    def __init__(self, database: Database, app: Celery) -> None:
        super().__init__(name="sweep", daemon=True)
        self._database = database
        self._app = app
        self._stopped = threading.Event()

    def run(self) -> None:
        while not self._stopped.wait(PAUSE_SECONDS):
            try:
                if self._queue_is_empty():
                    self._send_again()
            except ServiceError as error:
                log.warning("the sweep for answers waits: %s", error)
            except Exception as error:
                # Whatever is wrong with Redis or the database, the next look may succeed.
                log.warning("the sweep for answers waits: %r", error)

    def stop(self) -> None:
        """Stop looking."""
        self._stopped.set()

    def _queue_is_empty(self) -> bool:
        with self._app.connection_for_read() as connection:
            channel: Any = connection.default_channel
            # Counts the tasks of all priorities.
            return not channel.queue_declare(GRADING.queue).message_count

    def _send_again(self) -> None:
        left = sa.select(Attempt.id, Attempt.wanted_revision).where(
            Attempt.revision < Attempt.wanted_revision,
            Attempt.accepted_ms < now_ms() - PATIENCE_MS,
        )
        with self._database.read() as session:
            found = session.execute(left.order_by(Attempt.accepted_ms).limit(MOST)).all()
        for attempt_id, revision in found:
            log.info("the answers of the attempt %s are not judged: once more", attempt_id)
            self._app.send_task(
                GRADING_TASKS.judge,
                [attempt_id, revision],
                queue=GRADING.queue,
                priority=GradingPriority.of_judging(revision),
            )
