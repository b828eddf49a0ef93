"""Runs the scripts of challenges on a student's classes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any

import numpy as np

from edunn_client._phase import Phase
from edunn_client._tensors import Array
from edunn_client.grading._challenges import (
    Attempt,
    BackwardStep,
    Challenge,
    ChallengeAnswer,
    Failure,
    ForwardStep,
    ParametersStep,
    PhaseStep,
    Step,
    StepAnswer,
)
from edunn_client.grading._limits import within_limits
from edunn_client.grading._scripts import failed_challenge, run_script

# What a student's code may raise. Only Ctrl-C ends more than a step.
OF_STUDENTS = (Exception, SystemExit, GeneratorExit)
# Finds the student's class of a type's name. None if there is none.
FindClass = Callable[[str], Any]


def answer_attempt(attempt: Attempt, classes: FindClass) -> dict[str, ChallengeAnswer]:
    """Run all challenges of an attempt, and return the answers by challenge id."""
    return within_limits(
        attempt, {each.challenge_id: answer_challenge(each, classes) for each in attempt.challenges}
    )


def answer_challenge(challenge: Challenge, classes: FindClass) -> dict[str, StepAnswer]:
    """Run the script of a challenge.

    Parameters
    ----------
    challenge : Challenge
    classes : callable
        Returns the student's class of a type's name, or None.

    Returns
    -------
    dict
        The answers by step id: the output of each forward, and the gradients of each backward. A
        step that raises an error has a `Failure`, and the script goes on.
    """
    try:
        program = StudentProgram(challenge, classes)
    except OF_STUDENTS as error:
        return failed_challenge(challenge, failure_of(error))
    return run_script(challenge, program.run)


def failure_of(error: BaseException) -> Failure:
    """Return an error's words."""
    notes = "".join(f" ({note})" for note in getattr(error, "__notes__", ()))
    return Failure(f"{type(error).__name__}: {error}{notes}")


class StudentProgram:
    """A student's layer, loss, optimizer or initializer, made for a challenge.

    Classes follow edunn's conventions: `forward(*inputs)`, `backward(output_gradient)` that returns
    the gradient of the input and a dictionary of those of the parameters, and `set_phase`. An
    optimizer has `step(p, g, state)`, or `optimize_batch` as in the course; an initializer
    `initialize(p)`.
    """

    def __init__(self, challenge: Challenge, classes: FindClass) -> None:
        self._kind = challenge.kind
        self._state: Any = {}
        self._steps = 0
        self._model = _OneParameter()
        self._layer = _make(challenge, classes)
        _set_parameters(self._layer, challenge.parameters)

    def check_methods(self, names: Sequence[str]) -> None:
        """Raise an AttributeError if there is none of these methods."""
        if names and not any(callable(getattr(self._layer, name, None)) for name in names):
            kind = type(self._layer).__name__
            raise AttributeError(f"the class {kind} has no method {' or '.join(names)}")

    def run(self, step: Step) -> StepAnswer | None:
        """Run a step, and return its answer; None if there is nothing to answer."""
        try:
            match step:
                case PhaseStep():
                    self._set_phase(step.phase)
                    return None
                case ParametersStep():
                    _set_parameters(self._layer, step.parameters)
                    return None
                case ForwardStep():
                    # A student's layer may write to what it is given.
                    return self._forward(*(each.copy() for each in step.inputs))
                case BackwardStep():
                    return self._backward(step.output_gradient.copy())
        except OF_STUDENTS as error:
            return failure_of(error)

    def _set_phase(self, phase: Phase) -> None:
        if hasattr(self._layer, "set_phase"):
            self._layer.set_phase(_own_phase(self._layer, phase))

    def _forward(self, *inputs: Array) -> Array:
        if self._kind == "optimizer":
            return self._optimize(*inputs)
        if self._kind == "initializer":
            (p,) = inputs
            made = self._layer.initialize(p)
            return _output(p if made is None else made)
        return _output(self._layer.forward(*inputs))

    def _backward(self, output_gradient: Array) -> tuple[Array | None, dict[str, Array]]:
        given = self._layer.backward(output_gradient)
        if not isinstance(given, tuple | list) or len(given) != 2:
            raise TypeError(
                "backward returns the gradient of the input and a dictionary of those of the "
                f"parameters, got {type(given).__name__}"
            )
        input_gradient, parameter_gradients = given
        # A layer may return an array that it changes later.
        return (
            None if input_gradient is None else np.array(input_gradient),
            {str(name): np.array(each) for name, each in dict(parameter_gradients or {}).items()},
        )

    def _optimize(self, p: Array, g: Array) -> Array:
        step = self._steps
        self._steps += 1
        if _has_own_step(self._layer):
            after, self._state = self._layer.step(p, g, self._state)
            return _output(after)
        self._model.p = p
        self._layer.optimize_batch(self._model, {"p": g}, 0, step)
        return _output(self._model.p)


class _OneParameter:
    """The model that an optimizer of the course's form is given."""

    frozen = False

    def __init__(self) -> None:
        self.p: Any = None

    def get_parameters(self) -> dict[str, Any]:
        return {"p": self.p}


def _has_own_step(optimizer: Any) -> bool:
    return callable(getattr(optimizer, "step", None)) and not _is_abstract_step(optimizer)


def _is_abstract_step(optimizer: Any) -> bool:
    """Tell whether `step` is the one of edunn's base class, which only raises."""
    return str(type(optimizer).step.__qualname__) == "BatchedGradientOptimizer.step"


def _output(value: Any) -> Array:
    if value is None:
        raise TypeError("forward returned None")
    # A layer may return an array that it changes later.
    return np.array(value)


def _make(challenge: Challenge, classes: FindClass) -> Any:
    config = dict(challenge.config)
    cls = _class_of(challenge.layer_type, classes)
    arguments = {name: _argument(value, classes) for name, value in config.items()}
    if challenge.kind == "optimizer":
        taken = inspect.signature(cls).parameters
        for name in ("batch_size", "epochs"):
            if name in taken and taken[name].default is inspect.Parameter.empty:
                arguments.setdefault(name, 1)
    try:
        return cls(**arguments)
    except Exception as error:
        given = ", ".join(f"{name}={value!r}" for name, value in config.items())
        error.add_note(f"making {challenge.layer_type}({given})")
        raise


def _class_of(name: str, classes: FindClass) -> Any:
    found = classes(name)
    if found is None:
        raise LookupError(f"there is no class {name}")
    if not callable(found):
        raise TypeError(f"{name} is no class but of the type {type(found).__name__}")
    return found


def _argument(value: Any, classes: FindClass) -> Any:
    """Return an argument, in which layers within are objects of the student's classes."""
    if isinstance(value, list):
        return [_argument(item, classes) for item in value]
    if isinstance(value, Mapping) and "type" in value:
        cls = _class_of(str(value["type"]), classes)
        inner = dict(value.get("config") or {})
        return cls(**{name: _argument(item, classes) for name, item in inner.items()})
    return value


class PhaseName(str):
    """A phase for classes of no library: its name, equal to members of enums of that name too."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Enum):
            return other.name.lower() == str(self)
        return str.__eq__(self, other) is True

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return str.__hash__(self)


def _own_phase(layer: Any, phase: Phase) -> Any:
    """Return the phase as the layer's own library has it, or its name if there is no library."""
    found = getattr(type(getattr(layer, "phase", None)), phase.name, None)
    return found if isinstance(found, Enum) else PhaseName(phase.value)


def _set_parameters(layer: Any, values: Mapping[str, Array]) -> None:
    for name, value in values.items():
        _set_array(layer, name, value.copy())


def _set_array(layer: Any, name: str, value: Array) -> None:
    for kind in ("parameters", "buffers"):
        arrays = _arrays_of(layer, f"get_{kind}")
        if name not in arrays:
            continue
        if hasattr(layer, f"set_{kind}"):
            getattr(layer, f"set_{kind}")({name: value})
        else:
            arrays[name][...] = value
        return
    if not hasattr(layer, name):
        raise AttributeError(f"{type(layer).__name__} has no parameter {name}")
    setattr(layer, name, value)


def _arrays_of(layer: Any, getter: str) -> Mapping[str, Any]:
    found = getattr(layer, getter, None)
    arrays: Mapping[str, Any] = found() if callable(found) else {}
    return arrays
