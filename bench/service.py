"""`python -m bench.service`: the service beside a bare echo, in one run on one machine."""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.children import Echo, GeneratorProcess
from bench.figures import Figures
from bench.masks import allowed_bytes, bytes_per_mask
from bench.report import machine, table
from server.stack import Stack
from server.stop_signal import StopRequested, StopSignal

RESULTS = Path(__file__).parent / "results.md"
INTERRUPTED = 130
INTRODUCTION = """\
# The service beside a bare `grpc.aio` echo

8x64 float64 Dropout forwards in Training, unary, the mask stored, against an echo of the same
bytes. Medians of {rounds} interleaved rounds of {seconds:g} s each; a ratio is ours / reference,
and the median of the rounds' ratios. {workers} workers. Everything shares the machine: servers,
workers, Redis and one generator process. Its client is `grpc.aio`, which costs as much as the
echo server and so hides a part of any difference, or a lean one (`bench/lean.py`), which hides
less.

{machine}

"""


def main() -> int:
    """Measure, print the table and write it down."""
    arguments = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    stop_signal = StopSignal()
    try:
        text = measure(arguments.rounds, arguments.seconds, arguments.workers, stop_signal.wait)
    except StopRequested:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    print(text)
    arguments.output.write_text(text)
    return 0


def measure(rounds: int, seconds: float, workers: int, wait: Callable[[float], None]) -> str:
    """Return the results as Markdown. What `wait` raises ends it between two rounds."""
    figures = Figures()
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
            for number in range(rounds):
                figures.measure_round(generator.measure, seconds, ours_first=bool(number % 2))
                wait(0)
                logging.info("round %d of %d is done", number + 1, rounds)
        with stack.redis_client() as client:
            mask_bytes = bytes_per_mask(client, stack.address)
    introduction = INTRODUCTION.format(
        rounds=rounds, seconds=seconds, workers=workers, machine=machine()
    )
    return introduction + table(figures.all(), mask_bytes, allowed_bytes())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.service", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each figure is measured")
    parser.add_argument("--seconds", type=float, default=2.0, help="how long each load lasts")
    parser.add_argument("--workers", type=int, default=2, help="how many workers")
    parser.add_argument("--output", type=Path, default=RESULTS, help="the file to write")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
