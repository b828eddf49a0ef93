"""Celery tasks that run only if their messages were sealed with the key of the service."""

from __future__ import annotations

from typing import Any

from celery import Task
from celery.exceptions import InvalidTaskError
from celery.worker.request import Request

from edunn_serving.seal import ForgedError, Seal
from edunn_serving.task_seal import check_task


def sealed_task(seal: Seal) -> type[Any]:
    """Return the class of an application's tasks that run only what was sealed with the key.

    A message is refused before anything is done for it. Celery would send the tasks that follow it,
    also after a failure, and this process would seal them. No task of ours is followed by another,
    and the seal does not cover them.
    """

    class SealedRequest(Request):  # type: ignore[misc]  # It has no types.
        def __init__(self, message: Any, **more: Any) -> None:
            super().__init__(message, **more)
            task = f"{self._type}[{self.id}]"
            try:
                check_task(seal, self.request_dict, self._args, self._kwargs)
            except ForgedError as error:
                raise InvalidTaskError(f"{task}: {error}") from None
            _, _, followers = self._body if self._decoded else message.payload
            if any(followers.values()):
                raise InvalidTaskError(f"{task}: a task that others follow is none of this service")

    class SealedTask(Task):  # type: ignore[misc]  # It has no types.
        abstract = True
        Request = SealedRequest

    return SealedTask
