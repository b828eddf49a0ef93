"""An optimizer as a value: its numbers and its step, apart from any training loop."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, ClassVar

from edunn.answers import check_gradients
from edunn.arrays import Array, FloatArray, as_floats, quiet
from edunn.derived import derived
from edunn.description import ParameterDescription
from edunn.estimate import FLOAT64, ArraySpec, Cost, work
from edunn.fields import check_arguments
from edunn.model import ParameterSet
from edunn.optimizers.steps import PastState, State, Taken

# How often an update touches each number: once for all rules, and once more for each array of the
# state. A root is taken of each, and so many arrays of a parameter's shape there are on the way.
_PASSES, _STATE_PASSES, _FUNCTIONS, _ARRAYS = 10, 6, 1, 4


class UpdateRule:
    """How an optimizer changes parameters, given their gradients and its own state."""

    #: The arrays that a step leaves for the next one, for each parameter.
    state_descriptions: ClassVar[tuple[ParameterDescription, ...]] = ()
    #: The arguments of the constructor that concern the loop alone.
    loop_arguments: ClassVar[frozenset[str]] = frozenset(
        {"batch_size", "epochs", "shuffle", "rng", "optimizer"}
    )

    def step(self, p: FloatArray, g: FloatArray, state: PastState) -> Taken:
        """Return a parameter after one step, and its state; nothing is changed in place.

        Parameters
        ----------
        p, g : ndarray of floats, the same shape
            The parameter and its gradient.
        state : mapping of str to ndarray
            What the last step returned; empty before the first.
        """
        return self._take(p, g, state, in_place=False)

    def _take(self, p: FloatArray, g: FloatArray, state: PastState, in_place: bool) -> Taken:
        """Take a step as the functions of `steps` do; what has a `step` of its own needs none."""
        raise NotImplementedError(f"{type(self).__name__} has no step of its own")

    @quiet
    def update(
        self,
        parameters: Mapping[str, Array],
        gradients: Mapping[str, Array],
        state: Mapping[str, Array],
    ) -> tuple[ParameterSet, State]:
        """Return all parameters after one step, and the state; nothing is changed in place.

        The numbers are bit for bit those that `optimize_batch` sets in a model.

        Parameters
        ----------
        parameters : mapping of str to ndarray of floats
        gradients : mapping of str to ndarray of numbers
            By parameter name. A parameter without one stays, and so does its state.
        state : mapping of str to ndarray
            What the last update returned; empty before the first. An entry is called by its
            parameter's name, a dot, and its own name: ``dense1(w).m``.

        Returns
        -------
        parameters : dict of str to ndarray
            Those without a gradient are the same arrays.
        state : dict of str to ndarray
            Flat, so that it can be stored; it holds no array of `parameters`.

        Raises
        ------
        LayerError
            If a gradient is of no parameter or of another shape, or an entry of the state has
            another shape than its parameter.
        """
        check_gradients(self, gradients, parameters)
        past: dict[str, State] = {}
        for entry, value in state.items():
            name, _, key = entry.rpartition(".")
            past.setdefault(name, {})[key] = value
        after, left = dict(parameters), dict(state)
        for name, gradient in gradients.items():
            g = as_floats(self.label, name, gradient)
            after[name], new = self.step(parameters[name], g, past.get(name, {}))
            left.update((f"{name}.{key}", value) for key, value in new.items())
        return after, left

    @property
    def label(self) -> str:
        """What an error calls it: its type."""
        return type(self).__name__

    @property
    def state_arrays(self) -> int:
        """How many arrays of a parameter's shape a step leaves for the next one."""
        return sum(each.shape != "()" for each in self.state_descriptions)

    def estimate(self, parameters: Iterable[ArraySpec]) -> Cost:
        """Tell what `update` takes at most, given the parameters that have gradients.

        The memory is that of the new parameters and of the new state, and of what is needed on the
        way, besides the parameters, the gradients and the state before.
        """
        wide = [each._replace(dtype=FLOAT64) for each in parameters]
        numbers = sum(each.size for each in wide)
        largest = max((each.nbytes for each in wide), default=0)
        passes = _PASSES + _STATE_PASSES * self.state_arrays
        return Cost(
            work(
                calls=passes * len(wide),
                elements=passes * numbers,
                functions=_FUNCTIONS * numbers,
            ),
            (1 + self.state_arrays) * FLOAT64.itemsize * numbers + _ARRAYS * largest,
        )

    def _set(self, kind: type, **numbers: object) -> None:
        """Check the numbers of a rule by the signature of its class, and keep them."""
        for name, value in check_arguments(kind, type(self).__name__, **numbers).items():
            setattr(self, name, value)

    @derived
    def config(self) -> dict[str, Any]:
        """The numbers of the rule by the names of its arguments, without those of the loop."""
        kind: Any = type(self)
        return {
            name: getattr(self, name)
            for name in _arguments_of(kind)
            if name not in self.loop_arguments and hasattr(self, name)
        }

    def __repr__(self) -> str:
        numbers = ", ".join(f"{name}={value!r}" for name, value in self.config.items())
        return f"{type(self).__name__}({numbers})"


@cache
def _arguments_of(kind: type) -> tuple[str, ...]:
    """Return the names of a constructor's arguments."""
    return tuple(inspect.signature(kind).parameters)
