"""The pools: what a kind of worker is, for the server, the stack and compose alike."""

from __future__ import annotations

from dataclasses import dataclass

from edunn_serving import keys


@dataclass(frozen=True, slots=True)
class Pool:
    """Workers of one kind. Each is one process of Celery, which runs one thing at a time."""

    # Its name in Redis.
    name: str
    # The module that `celery -A` takes.
    application: str
    # What its processes and its service in compose are called.
    process: str
    # How many workers, where nobody says otherwise.
    workers: int

    @property
    def queue(self) -> str:
        """The key of the list that its workers read."""
        return keys.queue(self.name)

    @property
    def signs_of_life(self) -> str:
        """The key of the sorted set in which its workers give signs of life."""
        return keys.signs_of_life(self.name)

    def command(self, hostname: str) -> list[str]:
        """Return the command that starts a worker, behind the name of a Python.

        `hostname` is the worker's name for Celery, in which `%h` stands for the machine's.
        """
        return [
            "-m", "celery", "-A", self.application, "worker", "-P", "solo",
            "--without-gossip", "--without-mingle", "--without-heartbeat",
            "--loglevel", "WARNING", "--hostname", hostname,
        ]  # fmt: skip


# Runs the operations of the LayerService.
LAYERS = Pool("layers", application="worker", process="worker", workers=2)

# All pools that the service has.
POOLS = (LAYERS,)
