"""Makes a Celery worker a member of a pool: signs of life, memory, log, signals."""

from __future__ import annotations

import logging
import os
import resource
import signal
import uuid

from celery.signals import setup_logging, worker_ready, worker_shutdown

from edunn_serving.log_lines import configure_logging
from edunn_serving.memory import calm_garbage_collector, keep_freed_memory
from edunn_serving.pools import Pool
from edunn_serving.settings import Settings
from worker.heartbeat import Heartbeat

log = logging.getLogger(__name__)


class Membership:
    """One worker's membership in a pool. It begins when Celery says that the worker is ready."""

    def __init__(self, pool: Pool, settings: Settings) -> None:
        self.pool = pool
        self.worker_id = f"{os.uname().nodename}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self.heartbeat = Heartbeat(settings, pool, self.worker_id)
        self._settings = settings
        # By default Celery holds only weak references, and a bound method would vanish.
        setup_logging.connect(self._configure_logging, weak=False)
        worker_ready.connect(self._begin, weak=False)
        worker_shutdown.connect(self._leave, weak=False)

    def _configure_logging(self, **unused: object) -> None:
        configure_logging("WARNING", self._settings.secrets())
        for name in ("worker", "edunn_serving"):
            logging.getLogger(name).setLevel(self._settings.log_level)

    def _begin(self, **unused: object) -> None:
        # Beyond the limit NumPy raises MemoryError, which fails one operation. Without a limit the
        # kernel would kill the whole worker.
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        wanted = self._settings.worker_memory_bytes
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
        keep_freed_memory()
        calm_garbage_collector()
        # By default Celery restarts the worker at SIGHUP.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        log.info("worker %s of the pool %s: %s",
                 self.worker_id, self.pool.name, self._settings.describe())  # fmt: skip
        self.heartbeat.start()

    # Called after the last batch or task. Until then servers must not take the worker for dead.
    def _leave(self, **unused: object) -> None:
        self.heartbeat.stop()
