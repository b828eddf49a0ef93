"""The README's Python runs as it stands, against the real stack."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from standalone.stack import Stack

ROOT = Path(__file__).resolve().parents[2]
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)


def test_readme_shows_python() -> None:
    assert len(BLOCKS) >= 2


@pytest.mark.parametrize("block", BLOCKS)
def test_python_of_the_readme_runs(
    block: str, own_stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Some of it writes files.
    monkeypatch.chdir(tmp_path)
    exec(compile(block.replace("localhost:50051", own_stack.address), "README.md", "exec"), {})  # noqa: S102
