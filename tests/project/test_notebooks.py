"""The notebooks run from the first cell to the last, against the real stack."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from standalone.stack import Stack

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "docs" / "notebooks").glob("*.ipynb"))


def test_there_are_notebooks() -> None:
    assert [path.name for path in NOTEBOOKS] == ["dropout.ipynb", "training.ipynb"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
# The notebook tools warn of each other; what counts is that every cell runs.
@pytest.mark.filterwarnings("default")
def test_notebook_runs(path: Path, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDUNN_TARGET", stack.address)
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120).execute()
    results = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in results)
