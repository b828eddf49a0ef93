"""The same example in four languages, as clients/README.md has it, run against the real stack."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from suite import require_tools

from bench.probes import CLIENTS, JAVA_CLASSPATH, PROBES, Probe
from standalone.stack import Stack

README = (CLIENTS / "README.md").read_text()
# A guard against hanging, not against slowness.
TIMEOUT_SECONDS = 600

GO_PROGRAM = """
package main

import (
	"context"
	"fmt"
	"log"

	{imports}
)

func example(ctx context.Context) error {{
	{code}
	return nil
}}

func main() {{
	if err := example(context.Background()); err != nil {{
		log.Fatal(err)
	}}
}}
"""
JAVA_PROGRAM = """
{imports}
class Example {{
  public static void main(String[] arguments) throws Exception {{
    {code}
  }}
}}
"""


def run_python(example: str, folder: Path) -> str:
    return run("python", [sys.executable, "-c", example])


def run_go(example: str, folder: Path) -> str:
    imports, code = split_imports(example)
    program = folder / "main.go"
    names = imports.replace("import ", "")
    program.write_text(GO_PROGRAM.format(imports=names, code=code))
    return run("go", ["go", "run", str(program)])


def run_typescript(example: str, _folder: Path) -> str:
    # Within the package, which so finds itself by its name.
    folder = CLIENTS / "typescript" / "build" / "clients-readme"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "example.ts").write_text(example)
    config = {"extends": "../../tsconfig.base.json", "files": ["example.ts"]}
    (folder / "tsconfig.json").write_text(json.dumps(config))
    run("typescript", ["node", "node_modules/typescript/bin/tsc", "--project", str(folder)])
    return run("typescript", ["node", str(folder / "example.js")])


def run_java(example: str, folder: Path) -> str:
    imports, code = split_imports(example)
    program = folder / "Example.java"
    program.write_text(JAVA_PROGRAM.format(imports=imports, code=code))
    dependencies = (CLIENTS / "java" / JAVA_CLASSPATH).read_text().strip()
    return run("java", ["java", "-cp", f"target/classes:{dependencies}", str(program)])


def split_imports(example: str) -> tuple[str, str]:
    """Return the lines that import, and the others, which stand in a function."""
    lines = example.splitlines()
    imports = [line for line in lines if line.startswith("import ")]
    return "\n".join(imports), "\n".join(line for line in lines if line not in imports)


def run(language: str, command: list[str]) -> str:
    done = subprocess.run(
        command,
        cwd=CLIENTS / language,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


LANGUAGES: dict[str, tuple[str, Callable[[str, Path], str]]] = {
    "python": ("python", run_python),
    "go": ("go", run_go),
    "typescript": ("ts", run_typescript),
    "java": ("java", run_java),
}


# Compiling the client may come on top, where no test of its own has run before.
@pytest.mark.timeout(900)
@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.language)
def test_the_example_prints_the_same_in_every_language(
    probe: Probe, stack: Stack, tmp_path: Path
) -> None:
    require_tools(*probe.tools)
    probe.make_ready()
    fence, run_example = LANGUAGES[probe.language]
    (example,) = re.findall(rf"^```{fence}\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)
    printed = run_example(example.replace("localhost:50051", stack.address), tmp_path)
    # Go prints data types and shapes too.
    without_types = re.sub(r"float\d+", "", printed)
    numbers = [float(number) for number in re.findall(r"\d+(?:\.\d*)?", without_types)]
    shown = " ".join(f"{number:g}" for number in numbers)
    assert re.fullmatch(r"(1 4 )?0 4 6 0 (1 4 )?0 2 2 0", shown), printed
    assert "`0 4 6 0`" in README
    assert "`0 2 2 0`" in README
