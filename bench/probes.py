"""Starts the probe of each client. clients/conformance/README.md describes the probes."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

CLIENTS = Path(__file__).resolve().parents[1] / "clients"


@dataclass(frozen=True)
class Probe:
    """One client's probe. Its commands run in the client's folder."""

    language: str
    tools: tuple[str, ...]
    """The programs that must be on the machine."""
    prepare: tuple[str, ...]
    """Installs the probe's dependencies and compiles it. Empty if there is nothing to do."""
    command: tuple[str, ...]
    """Runs the probe. The probe's arguments follow."""

    @property
    def missing_tools(self) -> list[str]:
        return [tool for tool in self.tools if shutil.which(tool) is None]

    @functools.cache  # noqa: B019 - there are four of them
    def make_ready(self) -> None:
        """Install and compile once, so that later only the probe itself is started or measured.

        Raises
        ------
        subprocess.CalledProcessError
            A command failed. The error has its output.
        """
        if self.prepare:
            subprocess.run(  # noqa: S603 - the table's own command
                self.prepare,
                cwd=CLIENTS / self.language,
                check=True,
                capture_output=True,
                text=True,
            )

    def start(
        self, address: str, *arguments: str, share_stream: bool = False
    ) -> subprocess.Popen[str]:
        """Start the probe against the service at `address`. Its output is piped."""
        environment = {
            **os.environ,
            "EDUNN_TARGET": address,
            "EDUNN_SHARE_STREAM": "1" if share_stream else "",
        }
        return subprocess.Popen(  # noqa: S603 - the table's own command
            [*self.command, *arguments],
            cwd=CLIENTS / self.language,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


# Maven writes the class path of the Java dependencies here.
JAVA_CLASSPATH = "target/probe.classpath"

PROBES = (
    Probe("python", (), (), (sys.executable, "tests/probe.py")),
    Probe(
        "go", ("go",), ("go", "build", "-o", "build/probe", "./internal/probe"), ("build/probe",)
    ),
    Probe(
        "typescript",
        ("node", "npm"),
        ("sh", "-c", "{ [ -d node_modules ] || npm ci; } && npm run build"),
        ("./probe",),
    ),
    Probe(
        "java",
        ("java", "mvn"),
        (
            *("mvn", "--quiet", "test-compile", "dependency:build-classpath"),
            f"-Dmdep.outputFile={JAVA_CLASSPATH}",
        ),
        # Not ./probe, because that runs Maven first.
        (
            "sh",
            "-c",
            f'exec java -cp "target/test-classes:target/classes:$(cat {JAVA_CLASSPATH})" '
            'org.edunn.client.probe.Probe "$@"',
            "probe",
        ),
    ),
)
