"""What makes a Celery worker a member of a pool: signs of life, memory, log, signals."""

from __future__ import annotations

import logging
import os
import resource
import signal
import uuid

from celery import Celery
from celery.signals import setup_logging, worker_ready, worker_shutdown

from edunn_serving.log_lines import configure_logging
from edunn_serving.memory import calm_garbage_collector, keep_freed_memory
from edunn_serving.pools import Pool
from edunn_serving.settings import Settings
from worker.heartbeat import Heartbeat

log = logging.getLogger(__name__)


class Membership:
    """One worker's membership in a pool, from when Celery says that it is ready to its end."""

    def __init__(self, pool: Pool, settings: Settings) -> None:
        self.pool = pool
        self.worker_id = f"{os.uname().nodename}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self.heartbeat = Heartbeat(settings, pool, self.worker_id)
        self._settings = settings
        # Celery would forget methods that nobody else holds.
        setup_logging.connect(self._configure_logging, weak=False)
        worker_ready.connect(self._begin, weak=False)
        worker_shutdown.connect(self._leave, weak=False)

    def _configure_logging(self, **unused: object) -> None:
        configure_logging("WARNING", self._settings.secrets())
        for name in ("worker", "edunn_serving"):
            logging.getLogger(name).setLevel(self._settings.log_level)

    def _begin(self, **unused: object) -> None:
        # Beyond it NumPy raises MemoryError, which refuses one operation; without it the kernel
        # would kill the whole worker.
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        wanted = self._settings.worker_memory_bytes
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
        keep_freed_memory()
        calm_garbage_collector()
        # Celery would start the worker anew.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        log.info("worker %s of the pool %s: %s",
                 self.worker_id, self.pool.name, self._settings.describe())  # fmt: skip
        self.heartbeat.start()

    # Only when its last batch or task is finished: until then servers must not take it for dead.
    def _leave(self, **unused: object) -> None:
        self.heartbeat.stop()


def unregister_builtin_tasks(app: Celery) -> None:
    """Take from an application the tasks that Celery brings: nobody is to run them by name."""
    for name in [name for name in app.tasks if name.startswith("celery.")]:
        app.tasks.unregister(name)
