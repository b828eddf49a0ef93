"""The Celery application: `celery -A worker worker -P solo`.

Celery starts, supervises, names and stops the worker. Batches lie in Redis, and the worker reads
them itself.
"""

from __future__ import annotations

import logging
import os
import resource
import signal
import sys
import uuid
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_ready, worker_shutdown

from edunn_serving import keys
from edunn_serving.log_lines import configure_logging
from edunn_serving.memory import calm_garbage_collector, keep_freed_memory
from edunn_serving.redis_connections import ANSWER_SECONDS, LONG_ANSWER_SECONDS, connect
from edunn_serving.settings import Settings, SettingsError, read_settings
from worker.batch_consumer import READ_SECONDS, BatchConsumer, is_stopping
from worker.engine import Engine
from worker.heartbeat import Heartbeat
from worker.overrun_guard import OverrunGuard
from worker.script_connection import ScriptConnection
from worker.store import Store


def make_app(settings: Settings) -> Celery:
    """Return the Celery application, every setting that matters set on purpose."""
    app = Celery("edunn", broker=settings.redis_url.broker_url)
    app.conf.update(
        # Without it kombu takes any certificate.
        broker_use_ssl=settings.redis_url.broker_tls,
        # Batches are read past kombu: see `worker/batch_consumer.py`.
        worker_consumer=f"{__name__}:make_consumer",
        # No task is ever run by name, but for those of the pools of their own.
        task_default_queue=keys.QUEUE,
        task_ignore_result=True,
        result_backend=None,
        # Only JSON is ever unpacked: pickle would let whoever reaches Redis run code here.
        task_serializer="json",
        accept_content=["json"],
        worker_concurrency=1,
        # Nobody listens to events, and each would cost a round trip.
        worker_send_task_events=False,
        task_send_sent_event=False,
        worker_enable_remote_control=False,
        # SIGTERM lets the worker finish its batch, however long it takes, and then leave. No softer
        # way down is needed for SIGQUIT: what it cuts off is sent again.
        worker_soft_shutdown_timeout=0.0,
        worker_enable_soft_shutdown_on_idle=False,
        worker_hijack_root_logger=False,
        worker_log_color=False,
    )
    return app


def _read_settings_or_exit() -> Settings:
    try:
        return read_settings()
    except SettingsError as error:
        sys.exit(f"edunn worker: {error}")


settings = _read_settings_or_exit()
app = make_app(settings)
worker_id = f"{os.uname().nodename}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


_heartbeat = Heartbeat(settings, worker_id)
_guard = OverrunGuard(settings, worker_id)


def make_consumer(
    on_task_request: object, *, init_callback: Any, pool: Any, **unused: object
) -> BatchConsumer:
    """Return what runs batches: Celery's worker asks for its consumer by this name."""
    client = connect(settings.redis_url, answer_seconds=LONG_ANSWER_SECONDS)
    store = Store(client, settings)
    engine = Engine(store, settings, worker_id, _guard, is_stopping=is_stopping)
    reader = connect(settings.redis_url, answer_seconds=READ_SECONDS + ANSWER_SECONDS)
    return BatchConsumer(
        ScriptConnection(reader, ()),
        engine,
        announce=init_callback,
        on_refusal=_heartbeat.hush,
        pool=pool,
    )


@setup_logging.connect  # type: ignore[untyped-decorator]
def _configure_logging(**unused: object) -> None:
    configure_logging("WARNING", settings.secrets())
    for name in ("worker", "edunn_serving"):
        logging.getLogger(name).setLevel(settings.log_level)


@worker_ready.connect  # type: ignore[untyped-decorator]
def _begin(**unused: object) -> None:
    # Beyond it NumPy raises MemoryError, which refuses one operation; without it the kernel would
    # kill the whole worker.
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = settings.worker_memory_bytes
    limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
    keep_freed_memory()
    calm_garbage_collector()
    # Celery would start the worker anew.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    logging.getLogger("worker").info("worker %s: %s", worker_id, settings.describe())
    _heartbeat.start()
    _guard.start()


# Only when the last batch is finished: until then servers must not take it for dead.
@worker_shutdown.connect  # type: ignore[untyped-decorator]
def _leave(**unused: object) -> None:
    _heartbeat.stop()
    _guard.stop()
