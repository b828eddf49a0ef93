"""The samples of an array whose elements come in pieces of any length."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edunn_serving.grades.digests import Floats

# Raises if samples, one in each row, must not be in a data set.
CheckSamples = Callable[[Floats], None]


class Samples:
    """Has whole samples checked.

    Parameters
    ----------
    size
        The numbers of a sample.
    most
        Larger samples are not looked at.
    check
        Takes a matrix, with a sample in each row.
    """

    def __init__(self, size: int, most: int, check: CheckSamples) -> None:
        self._size = size
        self._is_checked = size <= most
        self._check = check
        # The beginning of a sample whose end is still to come.
        self._pieces: list[Floats] = []
        self._held = 0

    def take(self, numbers: Floats) -> None:
        """Take the next numbers, which do not change until all of them are checked."""
        if not self._is_checked:
            return
        if self._held:
            missing = self._size - self._held
            self._keep(numbers[:missing])
            numbers = numbers[missing:]
            if self._held < self._size:
                return
            self._check(np.concatenate(self._pieces).reshape(1, -1))
            self._pieces, self._held = [], 0
        whole = len(numbers) - len(numbers) % self._size
        if whole:
            self._check(numbers[:whole].reshape(-1, self._size))
        if whole < len(numbers):
            self._keep(numbers[whole:])

    def _keep(self, numbers: Floats) -> None:
        self._pieces.append(numbers.copy())
        self._held += len(numbers)
