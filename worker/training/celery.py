"""The Celery application of the pool of trainings: `celery -A worker.training worker -P threads`.

Its one task computes a slice of the training whose turn it is. A task that runs twice, or one too
many, does no harm: it finds a training that waits, or none.
"""

from __future__ import annotations

import logging
import os
import threading
from typing import Any

import redis
from celery import Celery
from celery.signals import worker_ready, worker_shutting_down

from edunn_serving.artifacts import ArtifactStore
from edunn_serving.pools import TRAINING
from edunn_serving.redis_connections import LONG_ANSWER_SECONDS, connect
from edunn_serving.settings import Settings
from edunn_serving.training_store import SLICE_TASK
from worker.application import make_application, settings_or_exit
from worker.membership import Membership
from worker.sealed_tasks import sealed_task
from worker.training.slices import Slices

log = logging.getLogger(__name__)

# Far above a slice. A task that a killed worker had comes back after this time, and finds nothing:
# servers see the dead worker much sooner.
VISIBILITY_SECONDS = 600
# Operations that somebody awaits come before trainings where both want the same core.
NICENESS = 10


def make_app(settings: Settings) -> Celery:
    """Return the Celery application."""
    return make_application(
        "edunn-training",
        TRAINING,
        settings,
        task_cls=sealed_task(settings.seal()),
        broker_transport_options={"visibility_timeout": VISIBILITY_SECONDS},
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        task_acks_late=True,
        worker_prefetch_multiplier=1,
        # For Flower and `celery events`.
        worker_send_task_events=True,
    )


settings = settings_or_exit("trainer")
app = make_app(settings)
_member = Membership(TRAINING, settings)
_stopping = threading.Event()
_client: Any = connect(settings.redis_url, answer_seconds=LONG_ANSWER_SECONDS)
_slices = Slices(
    _client,
    ArtifactStore(settings.artifacts),
    settings,
    _member.worker_id,
    _stopping.is_set,
)


@app.task(name=SLICE_TASK)  # type: ignore[untyped-decorator]
def compute_slice() -> None:
    """Compute a slice of the training whose turn it is."""
    try:
        _slices.run_next()
    except redis.RedisError as error:
        # The training waits where it was. A server tells the next worker of it.
        log.warning("a slice is left to another worker: %s", error)


@worker_ready.connect  # type: ignore[untyped-decorator]
def _begin(**unused: object) -> None:
    os.nice(NICENESS)


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def _stop(**unused: object) -> None:
    # The slice under way commits after its present batch.
    _stopping.set()
