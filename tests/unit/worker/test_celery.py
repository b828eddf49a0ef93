"""The Celery application of the layers' workers."""

from __future__ import annotations

from edunn_serving.settings import Settings
from worker.celery import make_app


def test_no_task_can_be_run_by_its_name() -> None:
    assert dict(make_app(Settings()).tasks) == {}


def test_nothing_but_json_is_unpacked() -> None:
    assert make_app(Settings()).conf.accept_content == ["json"]
