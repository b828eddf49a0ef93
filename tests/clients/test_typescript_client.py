"""The TypeScript client's own suite, its linters, and whether its stubs are those of proto/."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from suite import CLIENTS, require_tools, run_in_client

from standalone.stack import Stack

FOLDER = CLIENTS / "typescript"
LOCK = FOLDER / "package-lock.json"
INSTALLED = FOLDER / "node_modules" / ".package-lock.json"

pytestmark = pytest.mark.usefixtures("installed")


@pytest.fixture(scope="module")
def installed() -> None:
    """Install what the lock file says, unless that has been done."""
    require_tools("node", "npm")
    if not INSTALLED.exists() or INSTALLED.stat().st_mtime < LOCK.stat().st_mtime:
        subprocess.run(["npm", "ci"], cwd=FOLDER, check=True)


def test_suite_passes(stack: Stack) -> None:
    run_in_client(stack, "typescript", ["npm", "test"])


def test_linters_find_nothing(stack: Stack) -> None:
    run_in_client(stack, "typescript", ["npm", "run", "lint"])


def test_stubs_are_fresh(tmp_path: Path) -> None:
    subprocess.run(
        [FOLDER / "generate", tmp_path], check=True, env={**os.environ, "PYTHON": sys.executable}
    )
    assert tree(tmp_path / "src" / "stubs") == tree(FOLDER / "src" / "stubs")


def tree(folder: Path) -> dict[str, str]:
    """The files below a folder, and what is in them."""
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }
