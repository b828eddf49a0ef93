from __future__ import annotations

from enum import Enum

import pytest
from edunn_client import Phase
from edunn_client._phase import decode_phase, encode_phase
from edunn_client._stubs import layer_pb2


class LibraryPhase(Enum):
    """Stands for `edunn.model.Phase`, which this package does not import."""

    Training = 1
    Test = 2


class Colour(Enum):
    Red = 1


@pytest.mark.parametrize("value", [Phase.Test, LibraryPhase.Test, "test", "Test", "TEST"])
def test_phase_is_taken_by_name(value: Enum | str) -> None:
    assert Phase.of(value) is Phase.Test


@pytest.mark.parametrize("value", [Colour.Red, "trainig", 1, None])
def test_anything_else_is_no_phase(value: object) -> None:
    with pytest.raises(ValueError, match="phase must be"):
        Phase.of(value)  # type: ignore[arg-type]


def test_phases_go_over_the_wire_and_back() -> None:
    assert encode_phase(None) == layer_pb2.PHASE_UNSPECIFIED
    for phase in Phase:
        assert decode_phase(encode_phase(phase)) is phase
