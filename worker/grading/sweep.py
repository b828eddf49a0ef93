"""Finds attempts whose tasks are lost, and hands them out again."""

from __future__ import annotations

import logging
import threading
from typing import Any

import sqlalchemy as sa
from celery import Celery

from edunn_serving.errors import ServiceError
from edunn_serving.grades import Attempt, Database
from edunn_serving.grades.reading import DRAWING_MS, now_ms
from edunn_serving.pools import GRADING, GRADING_TASKS, GradingPriority

log = logging.getLogger(__name__)

PAUSE_SECONDS = 2.0
# What is more recent has a task that is on its way.
PATIENCE_MS = 3000
MOST = 100


class Sweep(threading.Thread):
    """Looks for unjudged answers and undrawn challenges while the queue of tasks is empty.

    A task is lost if its worker dies, if Redis loses what it holds, or if the database refuses its
    result. What it is about is in the database, so it is done all the same.
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
                log.warning("the sweep for lost tasks waits: %s", error)
            except Exception as error:
                # Whatever is wrong with Redis or the database, the next look may succeed.
                log.warning("the sweep for lost tasks waits: %r", error)

    def stop(self) -> None:
        """Stop looking."""
        self._stopped.set()

    def _queue_is_empty(self) -> bool:
        with self._app.connection_for_read() as connection:
            channel: Any = connection.default_channel
            # Counts the tasks of all priorities.
            return not channel.queue_declare(GRADING.queue).message_count

    def _send_again(self) -> None:
        before = now_ms() - PATIENCE_MS
        unjudged = sa.select(Attempt.id, Attempt.wanted_revision).where(
            Attempt.revision < Attempt.wanted_revision, Attempt.accepted_ms < before
        )
        undrawn = sa.select(Attempt.id).where(
            Attempt.challenges.is_(None),
            Attempt.failure.is_(None),
            Attempt.expires_ms > before,
            # An older one does not count any longer. Drawn, it would count again.
            Attempt.started_ms.between(now_ms() - DRAWING_MS + PATIENCE_MS, before),
        )
        with self._database.read() as session:
            to_judge = session.execute(unjudged.order_by(Attempt.accepted_ms).limit(MOST)).all()
            to_draw = session.scalars(undrawn.order_by(Attempt.started_ms).limit(MOST)).all()
        for attempt_id, revision in to_judge:
            log.info("the answers of the attempt %s are not judged: once more", attempt_id)
            self._send(
                GRADING_TASKS.judge, GradingPriority.of_judging(revision), attempt_id, revision
            )
        for attempt_id in to_draw:
            log.info("the challenges of the attempt %s are not drawn: once more", attempt_id)
            self._send(GRADING_TASKS.draw, GradingPriority.DRAW, attempt_id)

    def _send(self, name: str, priority: GradingPriority, *arguments: str | int) -> None:
        self._app.send_task(name, list(arguments), queue=GRADING.queue, priority=priority)
