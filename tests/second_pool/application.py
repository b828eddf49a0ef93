"""The Celery application of the second pool. Only its workers import it."""

from __future__ import annotations

from celery import Celery

from edunn_serving.redis_connections import connect
from edunn_serving.settings import read_settings
from tests.second_pool import DOUBLED, SECOND
from worker.membership import Membership, unregister_builtin_tasks

settings = read_settings()
app = Celery("second", broker=settings.redis_url.broker_url)
app.conf.update(task_default_queue=SECOND.queue, task_ignore_result=True)
unregister_builtin_tasks(app)
member = Membership(SECOND, settings)


@app.task(name="second.double")  # type: ignore[untyped-decorator]
def double(number: int) -> None:
    """Put twice the number into a list."""
    with connect(settings.redis_url) as client:
        client.rpush(DOUBLED, 2 * number)
