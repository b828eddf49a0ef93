"""Each client against one more real server, with TLS and a token.

Java's whole suite knows that server (test_java_client.py): Maven is slow to start.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import pytest
from suite import require_tools, run_in_client

from standalone.stack import Stack


@dataclass(frozen=True)
class Suite:
    """The tests of one client that need such a server, and what they print when all have run."""

    language: str
    tools: tuple[str, ...]
    command: tuple[str, ...]
    passed: str


PREPARE_TYPESCRIPT = "{ [ -d node_modules ] || npm ci; } && npm run build"
SUITES = (
    Suite(
        "python", (), (sys.executable, "-m", "pytest", "-q", "tests/test_secured.py"), "5 passed"
    ),
    Suite(
        "go",
        ("go",),
        ("go", "test", "-count=1", "-v", "-run", "^TestASecuredService$", "."),
        "--- PASS: TestASecuredService",
    ),
    Suite(
        "typescript",
        ("node", "npm"),
        ("sh", "-c", f"{PREPARE_TYPESCRIPT} && node --test build/tests/secured.test.js"),
        "# pass 3",
    ),
)


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.language)
def test_who_has_the_token_is_served_through_tls(
    suite: Suite, stack: Stack, secured: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    require_tools(*suite.tools)
    for name, value in secured.items():
        monkeypatch.setenv(name, value)
    printed = run_in_client(stack, suite.language, suite.command)
    assert suite.passed in printed, printed
