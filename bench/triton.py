"""`python -m bench.triton`: compares the service with Triton, beside the echo, in one run.

NVIDIA's Triton Inference Server serves the same Dropout with dynamic batching. It keeps no state;
the service keeps the mask of each forward. `make bench-triton` installs Triton.
"""

from __future__ import annotations

import argparse
import logging
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from bench import report
from bench.figures import IN_FLIGHT, STREAMS, Figure, Send, Value
from bench.load import SMALL, Load, Measured, Target
from bench.running import running
from bench.triton_server import Triton, TritonError
from edunn_serving.settings import Settings
from standalone.stop_signal import StopRequested, StopSignal

FOLDER = Path(__file__).parent
VENV = FOLDER.parent / ".venv-triton"
CALLERS = 64
# The delay of the examples in Triton's documentation.
QUEUE_DELAY = 100
UNARY: tuple[Target, ...] = ("echo", "triton", "forward")
INTERRUPTED = 130
TEXT = """\
# The service beside Triton

{shape} float64 Dropout forwards in Training. Ours stores each mask for a backward. Triton
({versions}) keeps no state. It runs the same NumPy operations in its
Python backend, once for a whole batch (`bench/triton_model.py`). Its dynamic batches have at most
{batch} requests, as ours have, and a request waits at most {delay} us for others. It has
{workers} instances on the CPU, as we have {workers} workers. Its calls are `ModelInfer` with raw
values. The echo is a bare `grpc.aio` server of the same bytes as ours.

All get the same load from the lean client, in turns. Values are medians of {rounds} rounds of
{seconds:g} s each. A ratio is the median of the rounds' ratios. The streams are compared with the
64 unary callers of Triton and of the echo. Every answer is checked. An error or a wrong answer ends
the run.

{machine}

{others}{table}
## Processor time

Microseconds of processor time that one call costs all processes of each.

{costs}"""


class Comparison:
    """One line of the tables: ours, Triton's and the echo's, round by round."""

    def __init__(
        self,
        name: str,
        unit: str,
        value: Value,
        mark: float,
        bound: Literal["at least", "at most"],
    ) -> None:
        self.name = name
        self.ours_to_triton = Figure(name, unit, value, mark, bound)
        self.ours_to_echo = Figure(name, unit, value, None, bound)
        self.triton_to_echo = Figure(name, unit, value, None, bound)

    def note(self, ours: Measured, triton: Measured, echo: Measured) -> None:
        """Add a round."""
        self.ours_to_triton.note(ours, triton)
        self.ours_to_echo.note(ours, echo)
        self.triton_to_echo.note(triton, echo)


class Comparisons:
    """All lines, and their loads."""

    def __init__(self) -> None:
        self.single = Comparison(
            "p50, 1 caller, unary", "ms", lambda one: one.p50_ms, 2.2, "at most"
        )
        self.throughput = Comparison(f"{CALLERS} callers, unary", "calls/s", _rate, 0.4, "at least")
        self.streams = {
            sessions: Comparison(
                f"{STREAMS} Compute streams, {IN_FLIGHT} in flight each, {sessions} sessions",
                "calls/s",
                _rate,
                1.2,
                "at least",
            )
            for sessions in (STREAMS, STREAMS * IN_FLIGHT)
        }

    def all(self) -> list[Comparison]:
        """Return the lines in the table's order."""
        return [self.single, self.throughput, *self.streams.values()]

    def measure_round(self, send: Send, seconds: float, number: int) -> None:
        """Measure each line once. The first turn of each load goes to another in each round."""

        def unary(callers: int) -> dict[Target, Measured]:
            first = number % len(UNARY)
            return {
                target: send(Load(target=target, callers=callers, seconds=seconds, client="lean"))
                for target in UNARY[first:] + UNARY[:first]
            }

        lone, many = unary(1), unary(CALLERS)
        self.single.note(lone["forward"], lone["triton"], lone["echo"])
        self.throughput.note(many["forward"], many["triton"], many["echo"])
        for sessions, line in self.streams.items():
            ours = send(
                Load(
                    target="compute",
                    callers=STREAMS * IN_FLIGHT,
                    seconds=seconds,
                    streams=STREAMS,
                    sessions=sessions,
                )
            )
            line.note(ours, many["triton"], many["echo"])


def main() -> int:
    """Measure, print the tables and write them."""
    arguments = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    stop_signal = StopSignal()
    comparisons = Comparisons()
    try:
        versions = _measure(comparisons, arguments, stop_signal)
    except StopRequested:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except TritonError as error:
        print(error, file=sys.stderr)
        return 1
    text = TEXT.format(
        shape="x".join(map(str, SMALL)),
        versions=versions,
        batch=Settings().max_batch_operations,
        delay=arguments.queue_delay,
        workers=arguments.workers,
        rounds=arguments.rounds,
        seconds=arguments.seconds,
        machine=report.machine(),
        others=report.void_if_disturbed(
            [one for line in comparisons.all() for one in line.ours_to_triton.ours]
        ),
        table=_table(comparisons.all()),
        costs=_costs(comparisons.all()),
    )
    print(text)
    arguments.output.write_text(text)
    return 0


def _measure(
    comparisons: Comparisons, arguments: argparse.Namespace, stop_signal: StopSignal
) -> str:
    """Measure all rounds, and return the versions of Triton's packages."""
    with (
        tempfile.TemporaryDirectory(prefix="edunn-triton-") as folder,
        Triton(arguments.venv, Path(folder), arguments.workers, arguments.queue_delay) as triton,
        running(arguments.workers, stop_signal.wait, [triton.reference()]) as bench,
    ):
        for number in range(arguments.rounds):
            comparisons.measure_round(bench.generator.measure, arguments.seconds, number)
            stop_signal.wait(0)
            logging.info("round %d of %d is done", number + 1, arguments.rounds)
        return triton.versions


def _table(lines: Sequence[Comparison]) -> str:
    rows = [
        "| figure | ours | Triton | echo | ours / Triton | rounds' ratios | mark | met "
        "| ours / echo | Triton / echo |",
        "| --- | ---: | ---: | ---: | ---: | :---: | :---: | :---: | ---: | ---: |",
    ]
    for line in lines:
        figure = line.ours_to_triton
        rounds = figure.ratios()
        values = [
            f"{report.number(statistics.median(each))} {figure.unit}"
            for each in (
                figure.our_values(),
                figure.reference_values(),
                line.ours_to_echo.reference_values(),
            )
        ]
        cells = [
            line.name,
            *values,
            f"**{figure.ratio():.2f}**",
            f"{min(rounds):.2f} to {max(rounds):.2f}",
            f"{figure.bound} {figure.mark:g}",
            "yes" if figure.is_met() else "**no**",
            f"{line.ours_to_echo.ratio():.2f}",
            f"{line.triton_to_echo.ratio():.2f}",
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def _costs(lines: Sequence[Comparison]) -> str:
    rows = ["| figure | ours | Triton | echo |", "| --- | ---: | ---: | ---: |"]
    for line in lines:
        ours = _cost(line.ours_to_triton.ours, report.SERVICE_PARTS)
        triton = _cost(line.ours_to_triton.reference, ["triton"])
        echo = _cost(line.ours_to_echo.reference, ["echo"])
        rows.append(f"| {line.name} | {ours:.0f} | {triton:.0f} | {echo:.0f} |")
    return "\n".join(rows) + "\n"


def _cost(rounds: Sequence[Measured], parts: Sequence[str]) -> float:
    return statistics.median(sum(one.cost_us(part) for part in parts) for one in rounds)


def _rate(measured: Measured) -> float:
    return measured.rate


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.triton", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each load is measured")
    parser.add_argument("--seconds", type=float, default=2.0, help="how long each load lasts")
    parser.add_argument("--workers", type=int, default=2,
                        help="how many workers, and instances of Triton's model")  # fmt: skip
    parser.add_argument("--queue-delay", type=int, default=QUEUE_DELAY,
                        help="the most that Triton delays a request, in us")  # fmt: skip
    parser.add_argument("--venv", type=Path, default=VENV, help="the environment with Triton")
    parser.add_argument("--output", type=Path, default=FOLDER / "triton.md",
                        help="the Markdown file to write")  # fmt: skip
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
