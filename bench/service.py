"""`python -m bench.service`: compares the service with a bare echo, in one run on one machine."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable
from pathlib import Path

from bench import report
from bench.chart import Bar, bar_of, draw
from bench.figures import Figures
from bench.flame_graphs import record
from bench.masks import allowed_bytes, bytes_per_mask
from bench.running import Bench, running
from standalone.stop_signal import StopRequested, StopSignal

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results.md"
PROFILES = FOLDER / "profiles"
PROFILE_SECONDS = 10.0
INTERRUPTED = 130
TEXT = """\
# The service beside a bare `grpc.aio` echo

![How far each figure is beyond its mark]({picture})

Ours are 8x64 float64 Dropout forwards in Training, with the mask stored. The reference is a unary
echo of the same bytes. Values are medians of {rounds} interleaved rounds of {seconds:g} s each. A
ratio is ours / reference, and the median of the rounds' ratios. There are {workers} workers.
Servers, workers, Redis and one generator process share the machine. The generator's client is
`grpc.aio` or a lean one (`bench/lean.py`, `bench/lean_stream.py`). `grpc.aio` costs as much as the
echo server and so hides a part of any difference. The lean client hides less. It also sends the
`Compute` streams and the half load. Every answer is checked. An error or a wrong answer ends the
run.

{machine}

{disturbance}{ratios}
{tail}
## Processor time

The columns are the microseconds of processor time that one call costs each part (a pair: both its
calls), and the number of cores that the generator and other programs kept busy meanwhile. If the
others' cores are not near 0, trust this table more than the one above.

{costs}"""


def main() -> int:
    """Measure, print the tables and write them to a file; or write flame graphs."""
    arguments = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    stop_signal = StopSignal()
    try:
        with running(arguments.workers, stop_signal.wait) as bench:
            if arguments.profile:
                _profile(bench)
            else:
                _measure(bench, arguments, stop_signal.wait)
    except StopRequested:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    return 0


def _profile(bench: Bench) -> None:
    processes = {"server": bench.stack.servers[0].pid, "worker": bench.stack.workers[0].pid}
    record(bench.generator.measure, processes, PROFILES, PROFILE_SECONDS)


def _measure(bench: Bench, arguments: argparse.Namespace, wait: Callable[[float], None]) -> None:
    """Measure all figures. An exception that `wait` raises ends it between two rounds."""
    figures = Figures()
    for number in range(arguments.rounds):
        figures.measure_round(
            bench.generator.measure, arguments.seconds, ours_first=bool(number % 2)
        )
        wait(0)
        logging.info("round %d of %d is done", number + 1, arguments.rounds)
    with bench.stack.redis_client() as client:
        mask_bytes = bytes_per_mask(client, bench.stack.address)
    picture: Path = arguments.output.with_suffix(".png")
    text = TEXT.format(
        picture=picture.name,
        rounds=arguments.rounds,
        seconds=arguments.seconds,
        workers=arguments.workers,
        machine=report.machine(),
        disturbance=report.disturbance(figures.all()),
        ratios=report.ratios(figures.all(), mask_bytes, allowed_bytes()),
        tail=report.tail(figures),
        costs=report.costs(figures.all()),
    )
    print(text)
    arguments.output.write_text(text)
    _draw(figures, mask_bytes, arguments, picture)


def _draw(
    figures: Figures, mask_bytes: float, arguments: argparse.Namespace, picture: Path
) -> None:
    bars = [bar_of(figure) for figure in figures.all() if figure.mark is not None]
    saved = allowed_bytes() / mask_bytes
    bars.append(
        Bar(
            "Redis bytes per stored mask",
            saved,
            saved,
            saved,
            f"{mask_bytes:.0f} B",
            f"at most {allowed_bytes():.0f} B",
        )
    )
    draw(
        bars,
        "The service beside a bare grpc.aio echo of the same bytes",
        f"Bars: medians of {arguments.rounds} rounds; thin lines: all rounds. "
        "Ratio: ours / reference.",
        picture,
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.service", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each figure is measured")
    parser.add_argument("--seconds", type=float, default=2.0, help="how long each load lasts")
    parser.add_argument("--workers", type=int, default=2, help="how many workers")
    parser.add_argument("--output", type=Path, default=RESULTS,
                        help="the Markdown file to write; the picture goes beside it")  # fmt: skip
    parser.add_argument("--profile", action="store_true",
                        help="write flame graphs into bench/profiles/ instead")  # fmt: skip
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
