"""The Celery application: `celery -A worker worker -P solo`.

Celery carries the ids of batches, Redis their bytes. Servers push the messages themselves, see
`edunn_serving/batch_message.py`.
"""

from __future__ import annotations

import logging
import os
import resource
import signal
import sys
import uuid
from collections.abc import Callable
from typing import Any

from celery import Celery, Task
from celery.signals import setup_logging, worker_ready, worker_shutdown
from celery.worker import state
from kombu import Queue
from kombu.transport.redis import Channel

from edunn_serving import keys
from edunn_serving.batch_message import TASK, UNACKNOWLEDGED, OperationHead
from edunn_serving.log_lines import configure_logging
from edunn_serving.memory import calm_garbage_collector, keep_freed_memory
from edunn_serving.redis_connections import CONNECT_SECONDS, LONG_ANSWER_SECONDS, connect
from edunn_serving.settings import Settings, SettingsError, read_settings
from worker.consumer import PatientConsumer
from worker.engine import Engine
from worker.heartbeat import Heartbeat
from worker.store import Store


def make_app(settings: Settings) -> Celery:
    """Return the Celery application, every setting that matters set on purpose."""
    app = Celery("edunn", broker=settings.redis_url.broker_url)
    # kombu's Redis transport acknowledges messages of no-ack consumers all the same, a round trip
    # each, unless the channel names the consumer here.
    Channel.no_ack_consumers = frozenset({UNACKNOWLEDGED})
    app.conf.update(
        # The queue needs no acknowledgement: a batch that is lost with its worker is sent again by
        # its server, which knows sooner and bounds the tries. It saves two round trips a batch.
        # A full or a read-only Redis would refuse its declaration, which nobody reads.
        task_queues=[Queue(keys.QUEUE, no_ack=True, durable=True, no_declare=True)],
        task_default_queue=keys.QUEUE,
        task_acks_late=False,
        # Only JSON is ever unpacked: pickle would let whoever reaches Redis run code here.
        task_serializer="json",
        accept_content=["json"],
        # Replies go to the server's own stream.
        task_ignore_result=True,
        result_backend=None,
        # One batch at a time: what a busy worker held back another could run. What is not to be
        # acknowledged is not counted here; there the solo pool sees to it, which reads no message
        # while it runs one.
        worker_prefetch_multiplier=1,
        worker_concurrency=1,
        # Nobody listens to events, and each would cost a round trip.
        worker_send_task_events=False,
        task_send_sent_event=False,
        worker_enable_remote_control=False,
        # Wait for Redis at the start and whenever it goes away or refuses, for as long as it takes.
        worker_consumer=f"{PatientConsumer.__module__}:{PatientConsumer.__name__}",
        broker_connection_retry_on_startup=True,
        broker_connection_retry=True,
        broker_channel_error_retry=True,
        # Without it kombu takes any certificate.
        broker_use_ssl=settings.redis_url.broker_tls,
        broker_transport_options={
            # Nothing is ever unacknowledged, so nothing may be redelivered by the transport.
            "visibility_timeout": 3600,
            "socket_connect_timeout": CONNECT_SECONDS,
            "socket_keepalive": True,
            "health_check_interval": 5,
        },
        # Celery knows of no request that it could cancel. A batch under way goes on when Redis goes
        # away, and is answered when it is back.
        worker_cancel_long_running_tasks_on_connection_loss=True,
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


class EngineTask(Task):  # type: ignore[misc]  # Celery has no types.
    """Holds the engine, which is made when the first batch comes and then kept."""

    _engine: Engine | None = None

    @property
    def engine(self) -> Engine:
        if self._engine is None:
            client = connect(settings.redis_url, answer_seconds=LONG_ANSWER_SECONDS)
            store = Store(client, context_budget=settings.session_context_bytes)
            self._engine = Engine(
                store,
                settings,
                worker_id,
                is_stopping=_is_stopping,
            )
        return self._engine


def _is_stopping() -> bool:
    # The exit code once the worker is told to stop, and 0 is one.
    return state.should_stop is not None and state.should_stop is not False


def run_at_once(
    task: EngineTask, app: Celery, consumer: object, **options: object
) -> Callable[..., None]:
    """Return what runs a message's batch as soon as the message is received.

    Celery's own strategy makes a request, traces the task and tells of its states. Nobody looks at
    these here (replies have their own way), and they took a fifth of a lone caller's worker time.
    """

    def handle(message: Any, *unused: object) -> None:
        (batch_id, reply_stream, heads), _, _ = message.payload
        task.engine.run(batch_id, reply_stream, [OperationHead(*head) for head in heads])

    return handle


# A message never expires. Its batch does, in Redis, and a message without one does nothing; each
# operation has its deadline.
@app.task(  # type: ignore[untyped-decorator]
    name=TASK, base=EngineTask, Strategy=f"{__name__}:{run_at_once.__name__}", expires=None
)
def run_batch() -> None:
    """Run a batch and answer it on the server's stream. It runs by its strategy alone."""
    raise NotImplementedError("batches run as soon as they are received")


_heartbeat = Heartbeat(settings, worker_id)
PatientConsumer.on_refusal = _heartbeat.hush


@setup_logging.connect  # type: ignore[untyped-decorator]
def _configure_logging(**unused: object) -> None:
    configure_logging("WARNING", settings.secrets())
    for name in ("worker", "edunn_serving"):
        logging.getLogger(name).setLevel(settings.log_level)
    # The consumer tells itself of lost connections, and not each time.
    logging.getLogger("celery.worker.consumer.consumer").setLevel(logging.CRITICAL)


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


# Only when the last batch is finished: until then servers must not take it for dead.
@worker_shutdown.connect  # type: ignore[untyped-decorator]
def _leave(**unused: object) -> None:
    _heartbeat.stop()
