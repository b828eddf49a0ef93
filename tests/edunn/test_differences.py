"""The page on differences from the course's library says what is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "differences.md").read_text()


def test_the_examples_of_the_page_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EDUNN_DATASETS", str(tmp_path))
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == len(re.findall("^## ", PAGE, re.MULTILINE)) + 1
    exec(compile("\n".join(blocks), "differences.md", "exec"), {})  # noqa: S102


@pytest.mark.parametrize("word", ["Dropout", "1.5", "Adam", "rmse", "Kaiming", "ntegers"])
def test_every_agreed_difference_is_on_the_page(word: str) -> None:
    assert word in PAGE
