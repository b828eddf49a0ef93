"""`python -m tests.fuzz`: fuzzes each target in turn, with atheris (libFuzzer for Python).

The corpus lies in tests/fuzz/corpus. What breaks a target is written to the present folder. Move it
into the corpus once it is mended, so that every run begins with it.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import atheris

CORPUS = Path(__file__).parent / "corpus"
ROOT = Path(__file__).resolve().parents[2]
# Half of the mutations keep to the structure of messages. The others are libFuzzer's.
STRUCTURED_SHARE = 0.5
MAX_BYTES = 4096
# libFuzzer ends a target that takes longer for one input, or more memory.
INPUT_SECONDS, MEBIBYTES = 20, 3000


def main() -> int:
    """Fuzz the targets, each in a process of its own."""
    arguments = _arguments()
    if arguments.only:
        _fuzz(arguments.only, arguments)
    with atheris.instrument_imports(include=["tests.fuzz.targets"]):
        from tests.fuzz.targets import TARGETS
    failed = []
    for name in TARGETS:
        command = [sys.executable, "-m", "tests.fuzz", "--only", name]
        command += [f"--inputs={arguments.inputs}", f"--seconds={arguments.seconds}"]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        last = [line for line in ended.stderr.splitlines() if "exec/s" in line or "Done" in line]
        print(f"{name}: {last[-1] if last else ended.stderr[-2000:]}", flush=True)
        if ended.returncode:
            print(ended.stdout[-3000:], ended.stderr[-6000:], sep="\n", flush=True)
            failed.append(name)
    if failed:
        print(f"broken: {', '.join(failed)}")
    return len(failed)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_100_000, help="inputs of each target")
    parser.add_argument("--seconds", type=int, default=0, help="seconds of each target; 0: no end")
    parser.add_argument("--only", help="the target to fuzz, in this process")
    return parser.parse_args()


def _fuzz(name: str, arguments: argparse.Namespace) -> None:
    """Fuzz one target. libFuzzer ends the process."""
    packages = ["edunn_serving", "server", "worker"]
    with atheris.instrument_imports(include=packages):
        from tests.fuzz.structure import mutate
        from tests.fuzz.targets import TARGETS

    target = TARGETS[name]

    def custom_mutator(data: bytes, max_size: int, seed: int) -> bytes:
        rng = random.Random(seed)  # noqa: S311  # no secret
        if rng.random() >= STRUCTURED_SHARE:
            mutated: bytes = atheris.Mutate(data, max_size)
            return mutated
        head, message = data[: target.prefix], data[target.prefix :]
        return (head.ljust(target.prefix, b"\0") + mutate(message, rng))[:max_size]

    with tempfile.TemporaryDirectory() as found:
        seeds = CORPUS / name
        options = [
            f"-runs={arguments.inputs}", f"-max_total_time={arguments.seconds}",
            f"-max_len={MAX_BYTES}", f"-timeout={INPUT_SECONDS}", f"-rss_limit_mb={MEBIBYTES}",
            found, str(seeds),
        ]  # fmt: skip
        atheris.Setup([sys.argv[0], *options], target.run, custom_mutator=custom_mutator)
        atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
