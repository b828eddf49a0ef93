"""`python -m tests.course` runs a course's notebooks on this library and says which ran whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]

SMALL = [
    "import sys\nsys.path.insert(0, '../..')",
    "%load_ext autoreload\n%autoreload 2\n%pip install a-package-that-is-not-there\n"
    "import numpy as np\nimport edunn as nn\nfrom edunn import utils",
    'x, y, classes = nn.datasets.load_classification("study2d")\nassert x.tolist() == [[1, 2]]',
    """class Double(nn.ModelWithoutParameters):
    def forward(self, x):
        return 2 * x

    def backward(self, δEδy):
        return 2 * δEδy, {}
""",
    "utils.check_gradient.common_layer(Double(), (3, 2), samples=10)",
    "nn.plot.plot_activation_function(Double())",
]
BROKEN = ["1 / 0", "print('goes on')", "import edunn\nedunn.there_is_no_such_layer"]


def write(path: Path, cells: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    nbformat.write(notebook, path)


def run(*arguments: str | Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.course", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """Make a repository as a course has it: its library, data sets and notebooks."""
    own = tmp_path / "edunn" / "__init__.py"
    own.parent.mkdir()
    own.write_text("raise ImportError('this is the library of the course')\n")
    data = tmp_path / "edunn" / "datasets" / "classification_data" / "study2d.csv"
    data.parent.mkdir(parents=True)
    data.write_text("hours,average,passed\n1,2,0\n")
    write(tmp_path / "guides" / "en" / "01. Small.ipynb", SMALL)
    write(tmp_path / "guides" / "es" / "02. Broken.ipynb", BROKEN)
    (tmp_path / "guides" / "es" / "03. Text.ipynb").write_text("{")
    return tmp_path


def test_the_table_says_which_notebooks_ran_whole_and_where_and_why_the_others_did_not(
    course: Path,
) -> None:
    code, table = run(course)
    assert code == 1
    lines = table.splitlines()
    assert lines[0].split()[0] == "whole"
    assert lines[0].endswith("guides/en/01. Small.ipynb")
    assert "2 of 3 cells failed" in lines[1]
    assert lines[2].strip() == "cell 1: ZeroDivisionError: division by zero"
    assert lines[3].strip().startswith("cell 3: AttributeError")
    assert "the file is no notebook" in lines[5]
    assert lines[-1] == "1 of 3 notebooks ran whole"


def test_some_notebooks_may_be_chosen_and_another_library_may_be_tried(course: Path) -> None:
    assert run(course, "01.")[0] == 0
    code, table = run(course, "01.", "--library", course)
    assert code == 1
    assert "this is the library of the course" in table


def test_a_folder_without_notebooks_is_no_success(tmp_path: Path) -> None:
    assert run(tmp_path)[0] == 1
