"""What a notebook shows: every plot and every result once."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

SETUP = """
import numpy as np
import edunn as nn
from edunn import utils
x, labels, other = np.ones((3, 2)), np.array([0, 1, 1]), np.array([0, 1, 0])
model = nn.LogisticRegression(2, 2)
"""
#: Cells, with how many lines and how many figures each shows.
CELLS = [
    ("nn.plot.plot_history([3.0, 2.0])", 0, 1),
    ("nn.plot.plot_activation_function(nn.ReLU())\nnn.plot.plot_history([1.0])\nNone", 0, 2),
    ("figure = nn.plot.plot_model_dataset_2d_classification(x, labels, model)", 0, 1),
    ("nn.plot.plot_history([1.0], filepath='history.png')", 0, 0),
    ("import os; os.path.getsize('history.png') > 0", 1, 0),
    ("utils.check_same(x, x)", 1, 0),
    ("answer = utils.check_same(x, x + 1)\nNone", 1, 0),
    ("answer", 1, 0),
    ("nn.metrics.regression_summary(x, x)", 1, 0),
    ("nn.metrics.regression_summary(x, x, verbose=False)", 1, 0),
    ("nn.metrics.classification_summary(labels, other)", 7, 0),
    ("utils.check_gradient.common_layer(nn.Linear(2, 3), (4, 2), samples=50)", 1, 0),
    ("utils.check_mean(x, 1.0)\nutils.check_std(x, 0.0)", 2, 0),
]


# The notebook tools warn of each other; what counts is what the cells show.
@pytest.mark.filterwarnings("default")
def test_every_plot_and_every_result_is_shown_once(tmp_path: Path) -> None:
    cells = [nbformat.v4.new_code_cell(source) for source in (SETUP, *(c[0] for c in CELLS))]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": tmp_path}}).execute()
    shown = []
    for cell in notebook.cells[1:]:
        figures = [output for output in cell.outputs if "image/png" in output.get("data", {})]
        texts = [
            output.get("text") or output.data["text/plain"]
            for output in cell.outputs
            if output not in figures
        ]
        lines = "\n".join(text.rstrip("\n") for text in texts).splitlines()
        shown.append((cell.source, len(lines), len(figures)))
    assert shown == CELLS
