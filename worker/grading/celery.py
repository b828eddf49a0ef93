"""The Celery application of the pool `grading`: `celery -A worker.grading worker -P solo`."""

from __future__ import annotations

from celery import Celery
from celery.signals import worker_ready, worker_shutdown

from edunn_serving.grades import Database
from edunn_serving.pools import GRADING, GRADING_TASKS
from edunn_serving.settings import Settings
from edunn_serving.task_seal import seal_tasks
from worker.application import make_application, settings_or_exit
from worker.grading.desk import Desk
from worker.grading.sweep import Sweep
from worker.membership import Membership
from worker.sealed_tasks import sealed_task


def make_app(settings: Settings) -> Celery:
    """Return the Celery application."""
    seal = settings.seal()
    seal_tasks(seal)
    return make_application(
        "edunn-grading",
        GRADING,
        settings,
        task_cls=sealed_task(seal),
        broker_connection_retry_on_startup=True,
        # A task that is lost with its worker is found by the sweep, in the database.
        worker_prefetch_multiplier=1,
        worker_send_task_events=False,
        worker_enable_remote_control=False,
    )


settings = settings_or_exit("grading worker")
app = make_app(settings)
_member = Membership(GRADING, settings)
_database = Database(settings.grades_url())
_desk = Desk(_database, settings.redis_url, settings.seal())
_sweep = Sweep(_database, app)


@app.task(name=GRADING_TASKS.draw)  # type: ignore[untyped-decorator]
def draw(attempt_id: str) -> None:
    """Draw the challenges of an attempt."""
    _desk.draw(attempt_id)


@app.task(name=GRADING_TASKS.judge)  # type: ignore[untyped-decorator]
def judge(attempt_id: str, revision: int) -> None:
    """Make a report of an attempt's answers."""
    _desk.judge(attempt_id, revision)


@app.task(name=GRADING_TASKS.try_assignment)  # type: ignore[untyped-decorator]
def try_assignment(key: str, model: str) -> None:
    """Draw each check of an assignment once, and say which cannot be drawn."""
    _desk.try_assignment(key, model)


@worker_ready.connect  # type: ignore[untyped-decorator]
def _begin(**unused: object) -> None:
    _sweep.start()


@worker_shutdown.connect  # type: ignore[untyped-decorator]
def _leave(**unused: object) -> None:
    _sweep.stop()
