"""The phase in which a layer computes."""

from __future__ import annotations

from enum import Enum

from edunn_client._stubs import layer_pb2

# What callers may give for a phase: this module's Phase, a member of another enum that has the same
# names (such as `edunn.model.Phase`, which this package must not import), or a name.
PhaseLike = Enum | str


class Phase(Enum):
    """Whether a layer is being trained or used: Dropout drops units only in training."""

    Training = "training"
    Test = "test"

    @classmethod
    def of(cls, value: PhaseLike) -> Phase:
        """Return the phase that `value` names: a Phase, another enum's member, or a string."""
        name = value.name if isinstance(value, Enum) else value
        if isinstance(name, str):
            for phase in cls:
                if phase.value == name.lower():
                    return phase
        raise ValueError(f"phase must be Phase.Training or Phase.Test, not {value!r}")


def encode_phase(phase: PhaseLike | None) -> layer_pb2.Phase:
    """Return the phase's number on the wire; None leaves the choice to the session."""
    if phase is None:
        return layer_pb2.PHASE_UNSPECIFIED
    if Phase.of(phase) is Phase.Training:
        return layer_pb2.PHASE_TRAINING
    return layer_pb2.PHASE_TEST


def decode_phase(phase: layer_pb2.Phase) -> Phase:
    """Return the phase that the service named. It always names one."""
    return Phase.Test if phase == layer_pb2.PHASE_TEST else Phase.Training
