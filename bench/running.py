"""Starts what a benchmark compares: the service, the echo and the generator."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.children import Echo, GeneratorProcess
from standalone.stack import Stack


@dataclass(frozen=True)
class Bench:
    """The service, the echo and the generator, all running."""

    stack: Stack
    generator: GeneratorProcess


@contextmanager
def running(workers: int, wait: Callable[[float], None]) -> Iterator[Bench]:
    """Run all three. An exception that `wait` raises stops them."""
    with (
        tempfile.TemporaryDirectory(prefix="edunn-bench-") as folder,
        Stack(Path(folder), workers=workers, wait=wait) as stack,
        Echo() as echo,
    ):
        parts = {
            "echo": [echo.pid],
            "server": [child.pid for child in stack.servers],
            "workers": [child.pid for child in stack.workers],
            "redis": [stack.redis.pid],
        }
        with GeneratorProcess(echo.address, stack.address, parts) as generator:
            yield Bench(stack, generator)
