"""The Celery application: `celery -A worker worker -P solo`.

Celery starts, supervises, names and stops the worker. Batches lie in Redis, and the worker reads
them itself.
"""

from __future__ import annotations

import logging
import os
import resource
import sys
import uuid
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

import redis
from celery import Celery
from celery.signals import worker_ready, worker_shutdown

from edunn_serving import keys
from edunn_serving.memory import calm_garbage_collector, keep_freed_memory
from edunn_serving.settings import Settings, SettingsError, read_settings
from worker.batch_consumer import READ_SECONDS, BatchConsumer, is_stopping
from worker.engine import Engine
from worker.heartbeat import Heartbeat
from worker.overrun_guard import OverrunGuard
from worker.script_connection import ScriptConnection
from worker.store import Store

CONNECT_SECONDS = 5.0


def broker_url(redis_url: str) -> str:
    """Return a Redis's address as kombu wants it, which has a scheme of its own for sockets."""
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    database = parse_qs(parts.query).get("db", ["0"])[0]
    return urlunsplit(parts._replace(scheme="redis+socket", query=f"virtual_host={database}"))


def make_app(settings: Settings) -> Celery:
    """Return the Celery application, every setting that matters set on purpose."""
    app = Celery("edunn", broker=broker_url(settings.redis_url))
    app.conf.update(
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
    client = redis.Redis.from_url(settings.redis_url, socket_connect_timeout=CONNECT_SECONDS)
    store = Store(client, context_budget=settings.session_context_bytes)
    engine = Engine(store, settings, worker_id, _guard, is_stopping=is_stopping)
    reader = redis.Redis.from_url(
        settings.redis_url,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=READ_SECONDS + CONNECT_SECONDS,
    )
    return BatchConsumer(ScriptConnection(reader, ()), engine, announce=init_callback, pool=pool)


@worker_ready.connect  # type: ignore[untyped-decorator]
def _begin(**signal: object) -> None:
    # Beyond it NumPy raises MemoryError, which refuses one operation; without it the kernel would
    # kill the whole worker.
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (settings.worker_memory_bytes, hard))
    keep_freed_memory()
    calm_garbage_collector()
    logging.getLogger("worker").setLevel(settings.log_level)
    logging.getLogger("worker").info("worker %s: %s", worker_id, settings.describe())
    _heartbeat.start()
    _guard.start()


# Only when the last batch is finished: until then servers must not take it for dead.
@worker_shutdown.connect  # type: ignore[untyped-decorator]
def _leave(**signal: object) -> None:
    _heartbeat.stop()
    _guard.stop()
