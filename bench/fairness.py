"""`python -m bench.fairness`: how long calm callers wait beside one that takes 50 times its share.

Quiet rounds and loaded ones come in turn, so that a busy machine disturbs both alike. It writes
bench/fairness.md, and exits with 1 if the p99 beside the greedy one is beyond twice the quiet one.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import tempfile
from pathlib import Path
from statistics import median

from bench.calm import CALLS_A_SECOND, Phase
from bench.siege import CALLERS, attacking
from standalone.stack import Stack

PAGE = Path(__file__).resolve().parent / "fairness.md"
ALLOWED_RISE = 2.0
TEXT = """\
# Fairness

`python -m bench.fairness` lets {callers} well-behaved callers call at a steady rate of {rate:g}
calls a second each, alone and beside one greedy caller in turn. The greedy caller has fifty
connections, and each calls as fast as it is answered, with tensors of 1 MiB and a layer that takes
a hundred times as long as theirs (`abuse` in [attacks.py](attacks.py)). Its processes get the
processor time that nobody else wants.

| round | quiet p50, ms | quiet p99, ms | beside p50, ms | beside p99, ms | rise of p99 |
| --- | --- | --- | --- | --- | --- |
{rows}

The median rise is **{rise:.1f}**; at most {allowed:g} is wanted. Of {calls} calls {failures}
failed.
The machine has {cores} cores, and its load before the run was {load:.0f}.
"""


def main() -> int:
    """Run the rounds and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.fairness", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=12.0, help="of each part of a round")
    arguments = parser.parse_args()
    names = [f"calm-{at}" for at in range(CALLERS)]
    load = os.getloadavg()[0]
    tokens = {name: secrets.token_hex(16) for name in (*names, "greedy")}
    settings = {"EDUNN_TOKENS": ",".join(f"{name}={token}" for name, token in tokens.items())}
    calm = [tokens[name] for name in names]
    rounds: list[tuple[Phase, Phase]] = []
    with (
        tempfile.TemporaryDirectory(prefix="edunn-fairness-") as folder,
        Stack(Path(folder), environment=settings) as stack,
    ):
        # The first calls of a stack take longer.
        Phase(stack, calm, arguments.seconds / 4)
        for _ in range(arguments.rounds):
            quiet = Phase(stack, calm, arguments.seconds)
            with attacking(["abuse"], stack.address, {"abuse": tokens["greedy"]}, are_equal=False):
                rounds.append((quiet, Phase(stack, calm, arguments.seconds)))
    rises = [beside.percentile(99) / quiet.percentile(99) for quiet, beside in rounds]
    rise = median(rises)
    phases = [phase for both in rounds for phase in both]
    page = TEXT.format(
        callers=CALLERS, rate=CALLS_A_SECOND, rise=rise, allowed=ALLOWED_RISE, load=load,
        rows="\n".join(_row(*each) for each in enumerate(rounds, 1)), cores=os.cpu_count(),
        failures=sum(phase.failures.total() for phase in phases),
        calls=sum(phase.calls for phase in phases),
    )  # fmt: skip
    print(page)
    PAGE.write_text(page)
    return int(rise > ALLOWED_RISE or any(phase.failures for phase in phases))


def _row(number: int, both: tuple[Phase, Phase]) -> str:
    quiet, beside = both
    times = (quiet.percentile(50), quiet.percentile(99), beside.percentile(50),
             beside.percentile(99), beside.percentile(99) / quiet.percentile(99))  # fmt: skip
    return f"| {number} | " + " | ".join(f"{each:.1f}" for each in times) + " |"


if __name__ == "__main__":
    sys.exit(main())
