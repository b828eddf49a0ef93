"""`python -m bench.curve`: the latency of the service and of the echo, load by load.

Both get calls evenly spaced, from a tenth of the service's maximum rate to a little more than all
of it. A call's time counts from when it was due.
"""

from __future__ import annotations

import argparse
import logging
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure as Picture

from bench import report
from bench.load import Load, Measured, Target
from bench.running import Bench, running
from standalone.stop_signal import StopRequested, StopSignal

FOLDER = Path(__file__).parent
SHARES = (0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9, 1.0, 1.1)
CALLERS = 64
OURS, ECHO = "#0072B2", "#767676"
INTERRUPTED = 130
TEXT = """\
# Latency against load

![p50 and p99 of the service and of the echo against the offered load]({picture})

8x64 float64 Dropout forwards in Training, unary, by the lean client. The maximum is the rate of
{callers} callers that each send their next call when the last one is answered: {maximum:.0f}
calls/s. The other loads are evenly spaced, and a call's time counts from when it was due. Each is
the median of {rounds} rounds of {seconds:g} s.

{machine}

{others}{table}"""


@dataclass(frozen=True)
class Point:
    """One load of the curve, with a measurement of each round."""

    share: float
    ours: Sequence[Measured]
    echo: Sequence[Measured]


def main() -> int:
    """Measure the curve, print its table, and write both."""
    arguments = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    stop_signal = StopSignal()
    try:
        with running(arguments.workers, stop_signal.wait) as bench:
            maximum = statistics.median(
                _send(bench, "forward", 0.0, arguments.seconds).rate
                for _ in range(arguments.rounds)
            )
            points = [_measure(bench, share, maximum, arguments) for share in SHARES]
    except StopRequested:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    picture: Path = arguments.output.with_suffix(".png")
    text = TEXT.format(
        picture=picture.name,
        callers=CALLERS,
        maximum=maximum,
        rounds=arguments.rounds,
        seconds=arguments.seconds,
        machine=report.machine(),
        others=report.void_if_disturbed([one for point in points for one in point.ours]),
        table=_table(points),
    )
    print(text)
    arguments.output.write_text(text)
    _draw(points, picture)
    return 0


def _measure(bench: Bench, share: float, maximum: float, arguments: argparse.Namespace) -> Point:
    rounds = [
        tuple(
            _send(bench, target, share * maximum, arguments.seconds)
            for target in ("forward", "echo")
        )
        for _ in range(arguments.rounds)
    ]
    logging.info("%.0f %% of the maximum is measured", 100 * share)
    return Point(share, [ours for ours, _ in rounds], [echo for _, echo in rounds])


def _send(bench: Bench, target: Target, rate: float, seconds: float) -> Measured:
    return bench.generator.measure(
        Load(target=target, callers=CALLERS, seconds=seconds, client="lean", rate=rate)
    )


def _table(points: Sequence[Point]) -> str:
    lines = [
        "| load | calls/s | p50 | p99 | echo's p50 | echo's p99 | p99, ratio | sent late by |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for point in points:
        ours, echo = point.ours, point.echo
        ratio = statistics.median(
            one.p99_ms / other.p99_ms for one, other in zip(ours, echo, strict=True)
        )
        lines.append(
            f"| {point.share:.0%} | {_middle([one.rate for one in ours]):.0f} "
            f"| {_middle([one.p50_ms for one in ours]):.2f} ms "
            f"| {_middle([one.p99_ms for one in ours]):.2f} ms "
            f"| {_middle([one.p50_ms for one in echo]):.2f} ms "
            f"| {_middle([one.p99_ms for one in echo]):.2f} ms "
            f"| {ratio:.1f} | {_middle([one.late_p99_ms for one in ours]):.1f} ms |"
        )
    return "\n".join(lines) + "\n"


def _middle(values: Sequence[float]) -> float:
    return statistics.median(values)


def _draw(points: Sequence[Point], path: Path) -> None:
    loads = [100 * point.share for point in points]
    with mpl.rc_context({"font.size": 12, "font.family": "DejaVu Sans"}):
        picture = Picture(figsize=(9, 5), layout="constrained")
        axes = picture.subplots()
        for name, colour, each in (
            ("service", OURS, [point.ours for point in points]),
            ("echo", ECHO, [point.echo for point in points]),
        ):
            p50 = [_middle([one.p50_ms for one in rounds]) for rounds in each]
            p99 = [_middle([one.p99_ms for one in rounds]) for rounds in each]
            axes.plot(loads, p50, color=colour, marker="o", label=f"{name}, p50")
            axes.plot(loads, p99, color=colour, marker="o", ls="--", label=f"{name}, p99")
        axes.set_yscale("log")
        axes.set_xlabel("offered load, % of the service's maximum")
        axes.set_ylabel("latency, ms")
        axes.grid(color="#DDDDDD")
        axes.legend(frameon=False)
        picture.savefig(path, dpi=110)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.curve", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often each load is measured")
    parser.add_argument("--seconds", type=float, default=2.0, help="how long each load lasts")
    parser.add_argument("--workers", type=int, default=2, help="how many workers")
    parser.add_argument("--output", type=Path, default=FOLDER / "curve.md",
                        help="the Markdown file to write; the picture goes beside it")  # fmt: skip
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
