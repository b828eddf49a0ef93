"""How the probe of each client is started (clients/conformance/README.md says what it does)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

CLIENTS = Path(__file__).resolve().parents[1] / "clients"


@dataclass(frozen=True)
class Probe:
    """One client's probe; its commands run in the client's folder."""

    language: str
    tools: tuple[str, ...]
    """The programs that must be on the machine."""
    prepare: tuple[str, ...]
    """Installs what the probe needs and compiles it; empty where nothing is to be done."""
    command: tuple[str, ...]
    """Runs the probe, with its arguments behind."""

    @property
    def missing_tools(self) -> list[str]:
        return [tool for tool in self.tools if shutil.which(tool) is None]

    def make_ready(self) -> None:
        """Install and compile, so that what is started or measured later is the probe alone.

        Raises
        ------
        subprocess.CalledProcessError
            With what the command printed.
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
        """Start the probe against the service at `address`; its output is piped."""
        environment = {
            **os.environ,
            "EDUNN_ADDRESS": address,
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


# Where Maven writes the class path of Java's dependencies.
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
        # Not ./probe, which would have Maven look through everything first.
        (
            "sh",
            "-c",
            f'exec java -cp "target/test-classes:target/classes:$(cat {JAVA_CLASSPATH})" '
            'org.edunn.client.probe.Probe "$@"',
            "probe",
        ),
    ),
)
