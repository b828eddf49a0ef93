"""The pools: the facts of each kind of worker, for the server, the stack and compose."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from edunn_serving import keys


@dataclass(frozen=True, slots=True)
class Pool:
    """Workers of one kind. Each is one Celery process, which runs one batch or task at a time."""

    # Its name in Redis.
    name: str
    # The module that `celery -A` takes.
    application: str
    # The name of its processes, and of its service in compose.
    process: str
    # The default number of workers.
    workers: int
    # How Celery runs a task: `solo` in the main thread, `threads` in another one, beside which the
    # worker still answers `celery inspect`.
    execution: str = "solo"
    # Whether its workers read and write the database of grades.
    uses_database: bool = False

    @property
    def queue(self) -> str:
        """The key of the list that its workers read."""
        return keys.queue(self.name)

    def queue_of(self, worker_id: str) -> str:
        """The key of the list that only one worker reads."""
        return keys.worker_queue(self.name, worker_id)

    @property
    def signs_of_life(self) -> str:
        """The key of the sorted set in which its workers give signs of life."""
        return keys.signs_of_life(self.name)

    def command(self, hostname: str) -> list[str]:
        """Return the arguments of Python that start a worker.

        `hostname` is the worker's name for Celery, in which `%h` stands for the machine's.
        """
        return [
            "-m", "celery", "-A", self.application, "worker", "-P", self.execution,
            "--without-gossip", "--without-mingle", "--without-heartbeat",
            "--loglevel", "WARNING", "--hostname", hostname,
        ]  # fmt: skip


# Runs the operations of the LayerService.
LAYERS = Pool("layers", application="worker", process="worker", workers=2)

# Computes the slices of trainings.
TRAINING = Pool(
    "training", application="worker.training", process="trainer", workers=1, execution="threads"
)

# Draws the challenges of the GradingService and judges answers, as ordinary Celery tasks.
GRADING = Pool(
    "grading",
    application="worker.grading",
    process="grading-worker",
    workers=1,
    uses_database=True,
)


class GradingTasks(NamedTuple):
    """The names of the tasks of the pool `grading`."""

    draw: str = "grading.draw"
    judge: str = "grading.judge"
    try_assignment: str = "grading.try_assignment"


GRADING_TASKS = GradingTasks()


class GradingPriority(IntEnum):
    """Which tasks of the pool `grading` come first. In Redis, Celery takes the smallest first."""

    # A student waits whose work is done.
    JUDGE = 0
    DRAW = 3
    # Nobody waits.
    REGRADE = 9

    @classmethod
    def of_judging(cls, revision: int) -> GradingPriority:
        """Return the priority of making a report, of which the first is awaited."""
        return cls.JUDGE if revision == 1 else cls.REGRADE


# All pools that the service has.
POOLS = (LAYERS, TRAINING, GRADING)
