"""The Celery application of the pool of layers: `celery -A worker worker -P solo`.

Celery starts, supervises, names and stops the worker. The worker itself reads the batches from
Redis.
"""

from __future__ import annotations

from typing import Any

from celery import Celery
from celery.signals import worker_ready, worker_shutdown

from edunn_serving.pools import LAYERS
from edunn_serving.redis_connections import ANSWER_SECONDS, LONG_ANSWER_SECONDS, connect
from edunn_serving.settings import Settings
from worker.application import make_application, settings_or_exit
from worker.batch_consumer import BatchConsumer, is_stopping
from worker.batch_queue import READ_SECONDS, BatchQueue
from worker.engine import Engine
from worker.membership import Membership
from worker.overrun_guard import OverrunGuard
from worker.store import Store


def make_app(settings: Settings) -> Celery:
    """Return the Celery application. It sets every Celery setting that matters here."""
    return make_application(
        "edunn",
        LAYERS,
        settings,
        # `worker/batch_consumer.py` says why kombu's consumer is not used.
        worker_consumer=f"{__name__}:make_consumer",
        # Nobody listens to events, and each would cost a round trip.
        worker_send_task_events=False,
        task_send_sent_event=False,
        worker_enable_remote_control=False,
        # At SIGTERM the worker finishes its batch, even a long one, and stops. At SIGQUIT it stops
        # at once, because the interrupted batch is sent again.
        worker_soft_shutdown_timeout=0.0,
        worker_enable_soft_shutdown_on_idle=False,
    )


settings = settings_or_exit("worker")
app = make_app(settings)
_member = Membership(LAYERS, settings)
_guard = OverrunGuard(settings, LAYERS, _member.worker_id)


def make_consumer(
    on_task_request: object, *, init_callback: Any, pool: Any, **unused: object
) -> BatchConsumer:
    """Return the consumer of Celery's worker, which finds it by this function's name."""
    client = connect(settings.redis_url, answer_seconds=LONG_ANSWER_SECONDS)
    store = Store(client, settings)
    reader = connect(settings.redis_url, answer_seconds=READ_SECONDS + ANSWER_SECONDS)
    queue = BatchQueue(reader, LAYERS, _member.worker_id)
    engine = Engine(
        store,
        settings,
        _member.worker_id,
        _guard,
        is_stopping=is_stopping,
        commit_quickly=queue.commit_and_read,
    )
    return BatchConsumer(
        queue,
        engine,
        announce=init_callback,
        on_refusal=_member.heartbeat.hush,
        pool=pool,
        seal=settings.seal(),
    )


@worker_ready.connect  # type: ignore[untyped-decorator]
def _begin(**unused: object) -> None:
    _guard.start()


@worker_shutdown.connect  # type: ignore[untyped-decorator]
def _leave(**unused: object) -> None:
    _guard.stop()
