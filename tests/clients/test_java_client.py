"""The Java client: its own suite, by Maven, and the freshness of its stubs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from suite import CLIENTS, require_tools, run_in_client

from standalone.stack import Stack

STUBS = Path("src/generated/java")
MAVEN = ["mvn", "--batch-mode", "--no-transfer-progress"]


def test_suite_passes(
    stack: Stack, secured: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    require_tools("javac", "mvn")
    for name, value in secured.items():
        monkeypatch.setenv(name, value)
    # `verify` checks the format, compiles with all lints and runs the tests. The javadoc is built
    # in test_packages.py.
    output = run_in_client(stack, "java", [*MAVEN, "verify", "-Dmaven.javadoc.skip"])
    totals = re.findall(
        r"Tests run: (\d+), Failures: 0, Errors: 0, Skipped: (\d+)\s*$", output, re.M
    )
    assert totals, output[-2000:]
    ran, skipped = map(int, totals[-1])
    print(f"Java client: tests run: {ran}, skipped: {skipped}")
    assert ran > 100
    assert skipped == 0


def test_stubs_are_fresh(stack: Stack, tmp_path: Path) -> None:
    require_tools("javac", "mvn")
    run_in_client(stack, "java", ["./generate", str(tmp_path)])
    committed, fresh = contents(CLIENTS / "java"), contents(tmp_path)
    assert committed.keys() == fresh.keys()
    stale = [str(path) for path, text in committed.items() if text != fresh[path]]
    assert not stale, f"run `make proto`: {stale}"


def contents(root: Path) -> dict[Path, bytes]:
    return {
        path.relative_to(root): path.read_bytes()
        for path in (root / STUBS).rglob("*")
        if path.is_file()
    }
