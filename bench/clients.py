"""`python -m bench.clients`: compares the clients, and writes the table into clients/README.md."""

from __future__ import annotations

import argparse
import json
import logging
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from edunn_client import __version__

from bench.probes import CLIENTS, PROBES, Probe
from standalone.stack import Stack

README = CLIENTS / "README.md"
BEGIN = "<!-- The table is written by `make bench-clients`. -->\n"
END = "<!-- End of the table. -->\n"


VERSIONS = {
    "python": (sys.executable, "--version"),
    "go": ("go", "version"),
    "typescript": ("node", "--version"),
    "java": ("java", "--version"),
}
# The output of a probe's `bench`.
Figures = dict[str, float]
NAMES = {"python": "Python", "go": "Go", "typescript": "TypeScript", "java": "Java"}


def main() -> None:
    """Measure every client that this machine can run and write the table."""
    arguments = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    missing = sorted({tool for probe in PROBES for tool in probe.missing_tools})
    if missing:
        raise SystemExit(f"not on this machine: {', '.join(missing)}")
    text = measure(arguments.rounds, arguments.seconds)
    print(text)
    before, _, rest = README.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    README.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")


def measure(rounds: int, seconds: float) -> str:
    """Return the table as Markdown. Each figure is the median of interleaved rounds."""
    for probe in PROBES:
        logging.info("making %s ready", probe.language)
        probe.make_ready()
    alone: dict[str, list[Figures]] = {probe.language: [] for probe in PROBES}
    shared: dict[str, list[Figures]] = {probe.language: [] for probe in PROBES}
    load_before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="edunn-bench-") as folder, Stack(Path(folder)) as stack:
        for number in range(rounds):
            for probe in PROBES:
                for figures, share in ((alone, False), (shared, True)):
                    figures[probe.language].append(_bench(probe, stack.address, seconds, share))
                    logging.info("round %d: %s", number + 1, figures[probe.language][-1])
    columns = [
        Column("one caller, p50", alone, "p50_ms", "ms"),
        Column("the same, calls share a stream", shared, "p50_ms", "ms"),
        Column("64 callers", alone, "unary_per_second", "/s"),
        Column("the same, calls share a stream", shared, "unary_per_second", "/s"),
        Column("stream, 64 in flight", alone, "stream_per_second", "/s"),
    ]
    lines = [
        f"| | {' | '.join(column.title for column in columns)} |",
        f"| --- |{' ---: |' * len(columns)}",
        *(_row(probe.language, columns) for probe in PROBES),
        "",
        "In brackets: the ratio to the best of the column. "
        f"Of version {__version__}. Medians of {rounds} rounds of {seconds:g} s; {_machine()}; "
        f"load average {load_before:.1f} before.",
    ]
    return "\n".join(lines) + "\n"


def _bench(probe: Probe, address: str, seconds: float, share_stream: bool) -> Figures:
    process = probe.start(address, "bench", f"{seconds:g}", share_stream=share_stream)
    output, errors = process.communicate(timeout=60 + 10 * seconds)
    if process.returncode != 0:
        raise SystemExit(f"the probe of {probe.language} failed:\n{output}{errors}")
    measured: Figures = json.loads(output)
    return measured


@dataclass(frozen=True)
class Column:
    """One figure of all clients."""

    title: str
    rounds: dict[str, list[Figures]]
    name: str
    unit: str

    def median(self, language: str) -> float:
        return statistics.median(measured[self.name] for measured in self.rounds[language])

    def cell(self, language: str) -> str:
        """Return a client's figure and its ratio to the best."""
        value, all_of_them = self.median(language), [self.median(each) for each in self.rounds]
        if self.unit == "ms":
            return f"{value:.2f} ms ({value / min(all_of_them):.2f})"
        return f"{value:.0f} /s ({value / max(all_of_them):.2f})"


def _row(language: str, columns: list[Column]) -> str:
    return f"| {NAMES[language]} | {' | '.join(column.cell(language) for column in columns)} |"


def _machine() -> str:
    found = [
        subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own
        .stdout.splitlines()[0]
        .replace("go version ", "")
        for language, command in VERSIONS.items()
        if shutil.which(command[0])
    ]
    return f"{os.cpu_count()} cores ({platform.machine()}), {', '.join(found)}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.clients", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often each figure is measured")
    parser.add_argument("--seconds", type=float, default=1.5, help="how long each load lasts")
    return parser.parse_args()


if __name__ == "__main__":
    main()
