"""Run the notebooks of a course on this library: `python -m tests.course PATH`.

PATH is a folder with notebooks, such as a checked-out copy of the course's repository. Every
notebook runs from its first cell to its last, in a kernel and a folder of its own. The table lists
the notebooks that ran whole, and the failed cells and errors of the others.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

ROOT = Path(__file__).resolve().parent.parent
# Cells that install packages would replace the tried library.
_INSTALLERS = ("%pip", "!pip", "%conda", "!conda")


@dataclass(frozen=True)
class Failure:
    """A cell that failed: its number among the cells of code, and the error."""

    cell: int
    error: str


@dataclass(frozen=True)
class Result:
    """The result of one notebook."""

    name: str
    cells: int
    seconds: float
    failures: tuple[Failure, ...]

    @property
    def whole(self) -> bool:
        """Whether every cell ran."""
        return not self.failures

    def __str__(self) -> str:
        failed = f"{len(self.failures)} of {self.cells} cells failed"
        lines = [f"{'whole' if self.whole else failed:>24}  {self.seconds:7.1f} s  {self.name}"]
        lines += [f"{'':26}cell {failure.cell}: {failure.error}" for failure in self.failures]
        return "\n".join(lines)


def run_notebook(
    path: Path, name: str, library: Path = ROOT, data: Path | None = None, timeout: int = 600
) -> Result:
    """Run one notebook cell by cell. After a failed cell the next one runs all the same.

    Parameters
    ----------
    path : Path
    name : str
        The notebook's name in the result.
    library : Path
        The folder with the `edunn` to import.
    data : Path, optional
        The folder where the library looks for data sets.
    timeout : int
        Seconds that one cell may take.
    """
    started = time.monotonic()
    try:
        notebook = nbformat.read(path, as_version=4)
    except (ValueError, nbformat.reader.NotJSONError) as error:
        reason = " ".join(str(error).split())[-100:]
        return Result(name, 0, 0.0, (Failure(0, f"the file is no notebook: {reason}"),))
    notebook = _without_installers(notebook)
    failures: list[Failure] = []
    numbers = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    environment = {**os.environ, "PYTHONPATH": str(library)}
    if data is not None:
        environment.setdefault("EDUNN_DATASETS", str(data))
    with _folder_of_kernel(path) as folder:
        client = NotebookClient(
            notebook, timeout=timeout, resources={"metadata": {"path": str(folder)}}
        )
        with client.setup_kernel(env=environment):
            for number, index in enumerate(numbers, start=1):
                try:
                    client.execute_cell(notebook.cells[index], index)
                except CellExecutionError as error:
                    failures.append(Failure(number, f"{error.ename}: {_first_line(error.evalue)}"))
                except (CellTimeoutError, DeadKernelError) as error:
                    failures.append(Failure(number, _first_line(str(error))))
                    break
    return Result(name, len(numbers), time.monotonic() - started, tuple(failures))


def find_notebooks(path: Path, chosen: Sequence[str] = ()) -> list[Path]:
    """Return the sorted notebooks of a folder: all, or those with a chosen word in their path."""
    found = (p for p in path.rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts)
    return sorted(p for p in found if not chosen or any(word in str(p) for word in chosen))


@contextmanager
def _folder_of_kernel(path: Path) -> Iterator[Path]:
    # Notebooks put `../..` on the path of imports, where the course keeps its own library.
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / path.parent.parent.name / path.parent.name
        folder.mkdir(parents=True)
        yield folder


def _without_installers(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    for cell in notebook.cells:
        if cell.cell_type == "code":
            lines = cell.source.splitlines()
            kept = [line for line in lines if not line.lstrip().startswith(_INSTALLERS)]
            cell.source = "\n".join(kept)
    return notebook


def _first_line(text: str) -> str:
    return next((line for line in text.splitlines() if line.strip()), "")[:200]


def main() -> int:
    """Run the notebooks that the command line names, and print the result of each."""
    parser = argparse.ArgumentParser(prog="python -m tests.course", description=__doc__)
    parser.add_argument("path", type=Path, help="a folder with notebooks")
    parser.add_argument("words", nargs="*", help="only notebooks with one of these in their path")
    parser.add_argument(
        "--library", type=Path, default=ROOT, help="the folder with the edunn to import"
    )
    parser.add_argument("--timeout", type=int, default=600, help="seconds for one cell")
    options = parser.parse_args()
    path = options.path.resolve()
    data = path / "edunn" / "datasets"
    results: list[Result] = []
    for notebook in find_notebooks(path, options.words):
        name = str(notebook.relative_to(path))
        library = options.library.resolve()
        result = run_notebook(
            notebook, name, library, data if data.is_dir() else None, options.timeout
        )
        results.append(result)
        print(result, flush=True)
    whole = sum(result.whole for result in results)
    print(f"{whole} of {len(results)} notebooks ran whole")
    return 0 if results and whole == len(results) else 1


if __name__ == "__main__":
    sys.exit(main())
