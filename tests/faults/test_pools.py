"""A second kind of worker beside the layers': ordinary tasks, and signs of life of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from celery import Celery
from edunn_client import Client
from processes import await_restart, kill
from waiting import await_true

from edunn_serving.pools import LAYERS
from edunn_serving.redis_url import RedisUrl
from standalone.stack import Stack
from tests.second_pool import DOUBLED, SECOND


def test_second_pool_runs_beside_the_layers_and_neither_takes_the_others_work(
    tmp_path: Path,
) -> None:
    with Stack(tmp_path, workers=1, others={SECOND: 1}) as stack, Client(stack.address) as client:
        (worker,) = stack.other_workers
        redis = stack.redis_client()
        await_true(lambda: redis.zcard(SECOND.signs_of_life) == 1, "a sign of life")
        sender = Celery(broker=RedisUrl.parse(stack.redis_url).broker_url)

        def double(number: int) -> None:
            sender.send_task("second.double", [number], queue=SECOND.queue)

        double(21)
        await_true(lambda: redis.lrange(DOUBLED, 0, -1) == [b"42"], "the task's end")
        # The server counts the workers of the layers alone, and these run no task.
        assert redis.zcard(LAYERS.signs_of_life) == 1
        kill(worker)
        await_restart(worker, 1)
        with client.session(seed=1) as session:
            session.layer("drop", "Dropout", p=0.5).forward(np.ones((2, 3)))
        double(4)
        await_true(lambda: redis.lrange(DOUBLED, 0, -1) == [b"42", b"8"], "the next task's end")
