"""`python -m bench.siege`: attacks a stack, each way alone and all together, beside calm callers.

It exits with 1 if a well-behaved call fails, if their p99 under all attacks together rises beyond
three times the quiet one, or if the server's memory goes beyond its bound.
"""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.attacks import ATTACKS
from bench.calm import CALLS_A_SECOND, Phase
from edunn_serving.setting_types import MEBIBYTE
from standalone.stack import Stack

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "siege.md"
CALLERS = 20
# What arrives, what waits in the queue, what is unread, and what the server takes besides.
SERVER_BYTES = (1024 + 512 + 512 + 512) * MEBIBYTE
ALLOWED_RISE = 3.0
TEXT = """\
# Under siege

`make siege` lets twenty well-behaved callers call at a steady rate: first alone, then beside each
attack of [bench/attacks.py](../bench/attacks.py), then beside all of them at once. Each attack is a
process of its own, and has an address of its own.

A real attacker has a machine of its own. Here the attackers and the stack share {cores} cores, and
the processor time that an attacker takes is not the server's to defend. So the attackers run under
Linux's idle policy: they get the time that nobody else wants, which is most of it. The last row has
them at the same priority as the stack instead. There the scheduler gives them their equal part of
the cores, whatever the server does.

{note}

| beside | calls | failed | p50, ms | p99, ms | rise | longest, ms | server, MiB | Redis, MiB |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
{rows}

`abuse` is one caller over fifty connections, with large tensors and slow layers: its row shows how
fairly callers share the workers.

What is left: a flood of calls that are opened and reset, or have no body, costs the server those
that a connection may have at a time, a quarter more than `EDUNN_MAX_CONNECTION_CALLS`: gRPC hands
over the calls of all connections in the order in which they came. Then the connection is cut and
its address shut out, for longer each time (`EDUNN_SHUT_OUT_SECONDS`). An attacker with many
addresses has as many such floods. And gRPC copies a whole message on the thread that serves all
calls. One of 90 MiB keeps the others waiting for as long as the row `oversize` shows. A caller gets
two of them for nothing. After that the server reads it more slowly.

Times are those of the well-behaved callers, {callers} of them with {rate:g} calls a second each.
Memory is the most that was seen. {lengths}

{rounds}

{failures}
"""


def main() -> int:
    """Run the siege and return the exit code."""
    arguments = _arguments()
    attacks = arguments.attacks or list(ATTACKS)
    names = [f"calm-{at}" for at in range(CALLERS)]
    load = os.getloadavg()[0]
    # Each attack has a caller of its own, or the server would blame one for the other.
    tokens = {name: secrets.token_hex(16) for name in (*names, *map(_caller_of, ATTACKS))}
    settings = {"EDUNN_TOKENS": ",".join(f"{name}={token}" for name, token in tokens.items())}
    with (
        tempfile.TemporaryDirectory(prefix="edunn-siege-") as folder,
        Stack(Path(folder), environment=settings) as stack,
    ):
        calm = [tokens[name] for name in names]
        siege = Siege(stack, calm, {name: tokens[_caller_of(name)] for name in ATTACKS})
        siege.phase("nothing", [], arguments.quiet)
        for name in attacks if arguments.alone else []:
            siege.phase(_words(name), [name], arguments.alone)
        siege.phase("all together", attacks, arguments.seconds)
        if arguments.equal:
            siege.phase("all, at equal priority", attacks, arguments.equal, are_equal=True)
    note = "Nothing else ran on the machine."
    if load >= 1:
        note = f"The machine's load was {load:.0f} before the run already, by other programs."
    page = siege.page(note, arguments)
    print(page)
    if arguments.attacks is None:
        PAGE.write_text(page)
    return int(not siege.is_withstood())


class Siege:
    """The phases of a siege, each with its calls and its attacks."""

    def __init__(self, stack: Stack, calm: Sequence[str], attackers: Mapping[str, str]) -> None:
        self._stack, self._calm, self._attackers = stack, calm, attackers
        self._phases: dict[str, Phase] = {}
        self._rounds: dict[str, dict[str, int]] = {}

    def phase(
        self, name: str, attacks: Sequence[str], seconds: float, *, are_equal: bool = False
    ) -> None:
        """Let the well-behaved callers call beside attacks."""
        with attacking(attacks, self._stack.address, self._attackers, are_equal) as rounds:
            self._phases[name] = Phase(self._stack, self._calm, seconds)
        self._rounds[name] = rounds
        print(self._row(name), flush=True)

    def is_withstood(self) -> bool:
        """Tell whether the calls beside all attacks were as they should be, and the memory."""
        together = self._phases["all together"]
        rise = together.percentile(99) / self._phases["nothing"].percentile(99)
        memory = max(phase.server_bytes for phase in self._phases.values())
        failed = any(phase.failures for phase in self._phases.values())
        return not failed and rise <= ALLOWED_RISE and memory <= SERVER_BYTES

    def page(self, note: str, arguments: argparse.Namespace) -> str:
        """Return the page with the figures."""
        together = self._rounds["all together"]
        lengths = (
            f"The rows took {arguments.quiet:g} s (nothing), {arguments.alone:g} s (each attack), "
            f"{arguments.seconds:g} s (all together) and {arguments.equal:g} s (equal priority)."
        )
        rounds = ", ".join(f"{_words(name)} {number}" for name, number in together.items())
        return TEXT.format(
            note=note, cores=os.cpu_count(), callers=CALLERS, rate=CALLS_A_SECOND,
            rows="\n".join(self._row(name) for name in self._phases),
            lengths=lengths,
            rounds=f"Rounds while all ran together, with those that were shut out: {rounds}.",
            failures=self._failures(),
        )  # fmt: skip

    def _row(self, name: str) -> str:
        is_quiet = name == "nothing"
        quiet = self._phases["nothing"].percentile(99)
        return self._phases[name].row(name, None if is_quiet else quiet)

    def _failures(self) -> str:
        lines = [
            f"- beside {name}, {number} times: {what}"
            for name, phase in self._phases.items()
            for what, number in phase.failures.most_common()
        ]
        return "\n".join(["What failed:", "", *lines]) if lines else "No well-behaved call failed."


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.siege", description=__doc__)
    parser.add_argument("--quiet", type=float, default=60.0, help="seconds without attacks")
    parser.add_argument("--alone", type=float, default=15.0, help="seconds of each attack; 0: none")
    parser.add_argument("--seconds", type=float, default=600.0, help="seconds of all together")
    parser.add_argument(
        "--equal", type=float, default=30.0, help="seconds of all at equal priority; 0: none"
    )
    parser.add_argument(
        "--attacks", nargs="+", choices=ATTACKS, help="only these, and do not write the page"
    )
    return parser.parse_args()


@contextmanager
def attacking(
    attacks: Sequence[str], address: str, tokens: Mapping[str, str], are_equal: bool
) -> Iterator[dict[str, int]]:
    """Run each attack in a process of its own until the block ends; then give their rounds."""
    rounds: dict[str, int] = {}
    with ExitStack() as stack:
        several = {}
        for name in attacks:
            log = stack.enter_context(tempfile.TemporaryFile())
            command = [sys.executable, "-m", "bench.attacks", name, address, tokens[name]]
            if not are_equal:
                command.append("--idle")
            process = subprocess.Popen(command, cwd=ROOT, stdout=log)  # noqa: S603  # our module
            stack.callback(process.wait)
            stack.callback(process.kill)
            several[name] = log
        yield rounds
        # The attacks write a byte at the end of each round.
        rounds |= {name: os.fstat(log.fileno()).st_size for name, log in several.items()}


def _caller_of(attack: str) -> str:
    return attack.replace("_", "-")


def _words(name: str) -> str:
    return name.replace("_", " ")


if __name__ == "__main__":
    sys.exit(main())
