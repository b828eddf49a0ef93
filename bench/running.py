"""Starts what a benchmark compares: the service, the echo and the generator."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.children import Echo, GeneratorProcess
from bench.load import Server
from standalone.stack import Stack


@dataclass(frozen=True)
class Bench:
    """The service, the echo and the generator, all running."""

    stack: Stack
    generator: GeneratorProcess


@dataclass(frozen=True)
class Reference:
    """A server that runs already and is compared too."""

    name: Server
    address: str
    pids: Sequence[int]


@contextmanager
def running(
    workers: int,
    wait: Callable[[float], None],
    references: Sequence[Reference] = (),
    environment: Mapping[str, str] | None = None,
) -> Iterator[Bench]:
    """Run all three. An exception that `wait` raises stops them."""
    with (
        tempfile.TemporaryDirectory(prefix="edunn-bench-") as folder,
        Stack(Path(folder), workers=workers, wait=wait, environment=environment) as stack,
        Echo() as echo,
    ):
        parts: dict[str, Sequence[int]] = {
            "echo": [echo.pid],
            "server": [child.pid for child in stack.servers],
            "workers": [child.pid for child in stack.workers],
            "redis": [stack.redis.pid],
            **{one.name: one.pids for one in references},
        }
        addresses: dict[Server, str] = {
            "echo": echo.address,
            "service": stack.address,
            **{one.name: one.address for one in references},
        }
        with GeneratorProcess(addresses, parts) as generator:
            yield Bench(stack, generator)
