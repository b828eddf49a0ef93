"""`python -m bench.clients`: the clients beside each other, into clients/README.md."""

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

from bench.lines_of_code import lines_of_code
from bench.probes import CLIENTS, PROBES, Probe
from standalone.stack import Stack

README = CLIENTS / "README.md"
BEGIN = "<!-- The table is written by `make bench-clients`. -->\n"
END = "<!-- End of the table. -->\n"


@dataclass(frozen=True)
class Sources:
    """The files of a client's library: no tests, no generated code, no example or command."""

    include: tuple[str, ...]
    exclude: tuple[str, ...] = ()

    def files(self, folder: Path) -> list[Path]:
        left_out = {path for pattern in self.exclude for path in folder.glob(pattern)}
        return sorted(
            {path for pattern in self.include for path in folder.glob(pattern)} - left_out
        )


SOURCES = {
    "python": Sources(
        ("src/edunn_client/**/*.py",),
        (
            "src/edunn_client/_stubs/*",
            "src/edunn_client/_cli/*",
            "src/edunn_client/__main__.py",
            "src/edunn_client/torch.py",
            "src/edunn_client/walkthrough.py",
        ),
    ),
    "go": Sources(("*.go",), ("*_test.go",)),
    "typescript": Sources(("src/**/*.ts",), ("src/stubs/**/*.ts",)),
    "java": Sources(("src/main/java/**/*.java",), ("src/main/java/**/Layers.java",)),
}
VERSIONS = {
    "python": (sys.executable, "--version"),
    "go": ("go", "version"),
    "typescript": ("node", "--version"),
    "java": ("java", "--version"),
}
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
    """Return the table as Markdown: each figure the median of interleaved rounds."""
    for probe in PROBES:
        logging.info("making %s ready", probe.language)
        probe.make_ready()
    found: dict[str, list[dict[str, float]]] = {probe.language: [] for probe in PROBES}
    with tempfile.TemporaryDirectory(prefix="edunn-bench-") as folder, Stack(Path(folder)) as stack:
        for number in range(rounds):
            for probe in PROBES:
                found[probe.language].append(_bench(probe, stack.address, seconds))
                logging.info("round %d: %s", number + 1, found[probe.language][-1])
    lines = [
        "| | lines of code | p50, one caller | 64 callers | stream, 64 in flight |",
        "| --- | ---: | ---: | ---: | ---: |",
        *(_row(probe.language, found[probe.language]) for probe in PROBES),
        "",
        f"Medians of {rounds} rounds of {seconds:g} s; {_machine()}.",
    ]
    return "\n".join(lines) + "\n"


def _bench(probe: Probe, address: str, seconds: float) -> dict[str, float]:
    process = probe.start(address, "bench", f"{seconds:g}")
    output, errors = process.communicate(timeout=60 + 10 * seconds)
    if process.returncode != 0:
        raise SystemExit(f"the probe of {probe.language} failed:\n{output}{errors}")
    measured: dict[str, float] = json.loads(output)
    return measured


def _row(language: str, rounds: list[dict[str, float]]) -> str:
    def median(name: str) -> float:
        return statistics.median(measured[name] for measured in rounds)

    lines = lines_of_code(SOURCES[language].files(CLIENTS / language))
    return (
        f"| {NAMES[language]} | {lines} | {median('p50_ms'):.2f} ms "
        f"| {median('unary_per_second'):.0f} /s | {median('stream_per_second'):.0f} /s |"
    )


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
    parser.add_argument("--seconds", type=float, default=3.0, help="how long each load lasts")
    return parser.parse_args()


if __name__ == "__main__":
    main()
