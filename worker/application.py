"""What the Celery applications of all pools have in common."""

from __future__ import annotations

import sys
from typing import Any

from celery import Celery

from edunn_serving.pools import Pool
from edunn_serving.settings import Settings, SettingsError, read_settings
from worker import task_transport


def settings_or_exit(process: str) -> Settings:
    """Read the settings. A mistake in them ends the process with one sentence that names it."""
    try:
        return read_settings()
    except SettingsError as error:
        sys.exit(f"edunn {process}: {error}")


def make_application(
    name: str,
    pool: Pool,
    settings: Settings,
    *,
    task_cls: type[Any] | None = None,
    **configuration: object,
) -> Celery:
    """Return the Celery application of a pool, without tasks.

    Parameters
    ----------
    task_cls
        The class of its tasks; by default Celery's.
    configuration
        The pool's own settings of Celery.
    """
    task_transport.register()
    app = Celery(name, broker=settings.redis_url.broker_url, task_cls=task_cls)
    app.conf.update(
        # Without it kombu accepts any certificate.
        broker_use_ssl=settings.redis_url.broker_tls,
        task_default_queue=pool.queue,
        task_ignore_result=True,
        result_backend=None,
        # Only JSON: pickle would let anybody who reaches Redis run code here.
        task_serializer="json",
        accept_content=["json"],
        worker_concurrency=1,
        worker_hijack_root_logger=False,
        worker_log_color=False,
        **configuration,
    )
    # Nobody may run Celery's own tasks by name.
    for task in [task for task in app.tasks if task.startswith("celery.")]:
        app.tasks.unregister(task)
    return app
