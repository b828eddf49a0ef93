"""The output of a forward, which knows what forward it is of."""

from __future__ import annotations

from typing import Any

import numpy as np

from edunn_client._phase import Phase
from edunn_client._tensors import Array


class Output(np.ndarray[Any, np.dtype[Any]]):
    """An array that knows its forward, so that `layer.backward(g, forward=y)` can name it.

    What is computed from it is a plain array.
    """

    forward_id: str = ""
    """The forward's name; empty for an untracked one, and for a part of an output."""
    phase: Phase | None = None
    """The phase in which it was computed."""

    def __array_wrap__(self, array: Any, *context: Any) -> Any:
        # A reduction gives a number, as of any array.
        return array.view(np.ndarray)[()] if array.ndim == 0 else array.view(np.ndarray)

    def __reduce__(self) -> Any:
        return self.view(np.ndarray).__reduce__()

    def __repr__(self) -> str:
        return repr(self.view(np.ndarray))


def output_of(array: Array, forward_id: str, phase: Phase) -> Output:
    """Return a forward's answer as an Output, without a copy."""
    output = array.view(Output)
    output.forward_id = forward_id
    output.phase = phase
    return output
