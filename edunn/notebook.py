"""What a notebook shows: each result once, whether it is printed, plotted or returned."""

from __future__ import annotations

import sys
from typing import Self


def running_cell() -> int | None:
    """Return the number of the notebook's cell that runs, or None outside a notebook."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return None if shell is None else int(shell.execution_count)


class Printable:
    """A result that says itself in text: in a notebook it is shown as it is printed.

    Where a cell both prints and returns it, the notebook shows it once.
    """

    _printed_in: int | None = None

    @property
    def line(self) -> str:
        """What is printed: all that it has to say, unless a class says less."""
        return str(self)

    def printed(self) -> Self:
        """Print it, and return it."""
        print(self.line)
        # Results are frozen, and where one was printed is not part of it.
        object.__setattr__(self, "_printed_in", running_cell())
        return self

    def _ipython_display_(self) -> None:
        if self._printed_in is None or self._printed_in != running_cell():
            print(self.line)
