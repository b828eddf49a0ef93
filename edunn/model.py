"""The contract of every layer: forward, backward, parameters, buffers and cache."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Mapping
from enum import Enum
from typing import Any, ClassVar

import numpy as np

from edunn.arrays import (
    FLOAT_DTYPES,
    FLOATS_EXPECTED,
    Array,
    FloatArray,
    as_floats,
    describe,
    own,
)
from edunn.caches import Cache as Cache
from edunn.caches import CacheValue, Entry, kept, read_only
from edunn.description import FieldType, ParameterDescription
from edunn.errors import NoForwardError
from edunn.estimate import ArraySpec, Estimate
from edunn.live_arrays import live
from edunn.names import Named

#: Parameters, their gradients, or buffers, by name.
ParameterSet = dict[str, Array]


class Phase(Enum):
    """What the model is being used for. Dropout and BatchNorm differ between the two."""

    Training = "Training"
    Test = "Test"

    @classmethod
    def _missing_(cls, value: object) -> Phase | None:
        """Find a phase by its value in any case, such as ``Phase("training")``."""
        name = value.title() if isinstance(value, str) else value
        return next((phase for phase in cls if phase.value == name), None)


class Model(Named, ABC):
    """Something with a forward and a backward pass: a layer, a loss, a whole network.

    A model holds the last forward's cache, so one model serves one thread at a time. Different
    models share nothing and may run in different threads.

    Parameters
    ----------
    name : str, optional
        Kept exactly as given. A Sequential names a layer that has none.

    Attributes
    ----------
    frozen : bool
        A frozen model gives no gradients for its parameters.
    """

    #: What a constructor argument that takes a model is called in a catalogue.
    field_type: ClassVar[FieldType] = "layer"
    #: What `forward` takes.
    input_names: ClassVar[tuple[str, ...]] = ("x",)
    #: The parameters and buffers, in the terms of the constructor's arguments.
    parameter_descriptions: ClassVar[tuple[ParameterDescription, ...]] = ()
    buffer_descriptions: ClassVar[tuple[ParameterDescription, ...]] = ()
    #: The sets of entries that a cache may have; None leaves them unchecked.
    cache_entries: ClassVar[tuple[frozenset[str], ...] | None] = None

    #: Whether a forward draws random numbers, in some phase.
    draws: ClassVar[bool] = False
    #: What a forward answers whatever the others are: "samples", "features" (axes 0, 1), or None.
    alone: str | None = None
    frozen = False
    _phase = Phase.Training
    _rng: np.random.Generator | None = None
    #: A dictionary in the layers here, a tuple in one's own, None before a forward.
    _cache: Any = None

    # Made when they are needed: a model of one's own may forget to call the constructor.
    @functools.cached_property
    def _parameters(self) -> ParameterSet:
        return {}

    @functools.cached_property
    def _buffers(self) -> ParameterSet:
        return {}

    @abstractmethod
    def forward(self, *x: Any, **named: Any) -> Array:
        """Compute the output of one or more inputs, and keep what `backward` needs."""

    @abstractmethod
    def backward(self, δEδy: FloatArray) -> tuple[FloatArray, ParameterSet]:
        """Compute the gradients of the last forward.

        Parameters
        ----------
        δEδy : ndarray, same shape as the last output

        Returns
        -------
        δEδx : ndarray, same shape as the last input, of the dtype of `δEδy`
        δEδp : dict of str to ndarray
            The gradient of each parameter, in the dtype in which the forward was computed.

        Raises
        ------
        NoForwardError
            If there was no forward.
        """

    def parameter_gradients(self, δEδy: FloatArray) -> ParameterSet:
        """Return the `δEδp` of `backward`; what only `δEδx` needs may stay uncomputed."""
        return self.backward(δEδy)[1]

    def estimate(self, *inputs: Any, **named: Any) -> Estimate:
        """Tell what a forward takes and leaves, and what its backward takes, before they run.

        Parameters
        ----------
        inputs : ArraySpec
            The shapes and dtypes of what `forward` takes.

        Raises
        ------
        LayerError
            If `forward` refuses such inputs.
        NotImplementedError
            If the model does not tell. Every layer of the catalogue does.
        """
        raise NotImplementedError(f"{type(self).__name__} does not tell what it takes")

    # What the model is in: its phase and its source of randomness.

    @property
    def phase(self) -> Phase:
        """The phase that the next forward runs in."""
        return self._phase

    @phase.setter
    def phase(self, phase: Phase) -> None:
        self.set_phase(phase)

    def set_phase(self, phase: Phase) -> None:
        """Set the phase of this model and of all within it.

        Raises
        ------
        LayerError
            If it is not a `Phase`.
        """
        if not isinstance(phase, Phase):
            raise self.refusal("phase", "Phase.Training or Phase.Test", repr(phase))
        self._phase = phase

    @property
    def rng(self) -> np.random.Generator | None:
        """Where random numbers come from. None is NumPy's global generator."""
        return self._rng

    @rng.setter
    def rng(self, rng: np.random.Generator | None) -> None:
        if rng is not None and not isinstance(rng, np.random.Generator):
            raise self.refusal("rng", "a numpy.random.Generator or None", repr(rng))
        self._rng = rng

    # Parameters and buffers.

    def register_parameter(self, name: str, value: Array) -> None:
        """Make `value` a parameter of this model: kept and not copied where it is floats.

        Raises
        ------
        LayerError
            If it is no array of numbers.
        """
        self._parameters[name] = as_floats(self.label, name, value)

    @property
    def parameters(self) -> ParameterSet:
        """The model's own parameters by name; one that is set here is registered."""
        return live(self._parameters, self._register)

    @parameters.setter
    def parameters(self, parameters: Mapping[str, Array]) -> None:
        self._parameters = {}
        for name, value in parameters.items():
            self.register_parameter(name, value)

    def get_parameters(self) -> ParameterSet:
        """Return the parameters by name: the arrays themselves, to be updated in place.

        To set an entry is to set that parameter, as `set_parameters` does.
        """
        return live(self._parameters, self._set_parameter)

    def trained_parameters(self) -> ParameterSet:
        """Return the parameters that `backward` gives gradients for: none if frozen."""
        return {} if self.frozen else dict(self.get_parameters())

    def set_parameters(self, parameters: Mapping[str, Array]) -> None:
        """Copy new values into the parameters named; the others stay.

        Parameters
        ----------
        parameters : mapping of str to ndarray of numbers
            Each of the shape that the parameter has. Its dtype becomes the parameter's, float64
            for integers.

        Raises
        ------
        LayerError
            If a name is unknown, a shape differs, or it is no array of numbers. Then nothing is
            changed.
        """
        checked = self._check_arrays(parameters, self.get_parameters(), "parameters")
        for name, value in checked.items():
            self._assign_parameter(name, value)

    def n_parameters(self) -> int:
        """Count the numbers in all parameters, frozen ones too."""
        return sum(parameter.size for parameter in self.get_parameters().values())

    def get_buffers(self) -> ParameterSet:
        """Return the arrays that are state but not trained, by name, as `get_parameters` does."""
        return live(self._buffers, self._set_buffer)

    def set_buffers(self, buffers: Mapping[str, Array]) -> None:
        """Copy new values into the buffers named, under the rules of `set_parameters`."""
        checked = self._check_arrays(buffers, self.get_buffers(), "buffers")
        for name, value in checked.items():
            self._assign_buffer(name, value)

    def _set_parameter(self, name: str, value: Any) -> Array:
        self.set_parameters({name: value})
        return self.get_parameters()[name]

    def _set_buffer(self, name: str, value: Any) -> Array:
        self.set_buffers({name: value})
        return self.get_buffers()[name]

    def _register(self, name: str, value: Any) -> Array:
        self.register_parameter(name, value)
        return self._parameters[name]

    def _assign_parameter(self, name: str, value: Array) -> None:
        if name in self._parameters:
            _assign(self._parameters, name, value)
        else:
            # A model of one's own that keeps its parameters itself.
            self.get_parameters()[name][...] = value

    def _assign_buffer(self, name: str, value: Array) -> None:
        _assign(self._buffers, name, value)

    def _check_arrays(
        self, new: Mapping[str, Array], current: ParameterSet, what: str
    ) -> ParameterSet:
        checked: ParameterSet = {}
        for name, value in new.items():
            if name not in current:
                known = ", ".join(current) or f"none, it has no {what}"
                raise self.refusal(name, f"one of its {what} ({known})", "an unknown name")
            array = as_floats(self.label, name, value)
            if array.shape != current[name].shape:
                raise self.refusal(name, f"of shape {current[name].shape}", describe(array))
            checked[name] = array
        return checked

    # The cache of the last forward.

    def get_cache(self) -> Any:
        """Return what the last forward left for its backward, and nothing wider.

        Returns
        -------
        dict of str to ndarray or number
            Flat. The arrays cannot be written to: they are the model's own. Of a forward that
            called `set_cache(a, b)`, the tuple (a, b).

        Raises
        ------
        NoForwardError
            If there was no forward, or one that kept nothing.
        """
        if self._cache is None:
            raise self._no_forward("cache")
        if not (self._keeps_by_name() and isinstance(self._cache, dict)):
            return self._cache
        return {name: read_only(value) for name, value in self._cache.items()}

    def set_cache(self, *values: Any) -> None:
        """Keep what the backward will need, or put back what an earlier forward kept.

        Parameters
        ----------
        *values
            In a layer of one's own, whatever `get_cache` is to return as a tuple. In the layers
            here, one mapping of str to ndarray or number, as `get_cache` gave it, of this model or
            of one made like it. Arrays in it that can be written to are copied.

        Raises
        ------
        LayerError
            If the entries are not those of this kind of model.
        """
        if not (self._keeps_by_name() and len(values) == 1 and isinstance(values[0], Mapping)):
            self._cache = values
            return
        self._put_back(values[0])

    def _put_back(self, cache: Mapping[str, CacheValue]) -> None:
        if self.cache_entries is not None and frozenset(cache) not in self.cache_entries:
            sets = " or ".join(str(sorted(entries)) for entries in self.cache_entries)
            raise self.refusal("cache", f"a cache with the entries {sets}", str(sorted(cache)))
        self._cache = {name: kept(value) for name, value in cache.items()}

    @property
    def cache(self) -> Any:
        """What the last forward kept, None before one."""
        return None if self._cache is None else self.get_cache()

    @cache.setter
    def cache(self, cache: Any) -> None:
        self._cache = cache

    def _keeps_by_name(self) -> bool:
        """Tell whether this kind of model keeps entries with names, as the layers here do."""
        return self.cache_entries is not None

    def _save(self, **entries: Entry) -> None:
        """Keep what the backward of this forward will need."""
        self._cache = entries

    def _saved(self) -> dict[str, Any]:
        cache = self._cache
        if type(cache) is dict:
            return cache
        if cache is None:
            raise self._no_forward("δEδy")
        raise self.refusal("cache", "as this type's own forward keeps it", "one of set_cache")

    def _no_forward(self, argument: str) -> NoForwardError:
        hint = "" if self._keeps_by_name() else ", or one that called no set_cache"
        return NoForwardError(layer=self.label, argument=argument, hint=hint)

    def _saved_array(self, entry: str) -> Array:
        """Return an array of the cache, C ordered, or refuse a backward without forward."""
        value = self._saved()[entry]
        return value if type(value) is np.ndarray else np.asarray(value)

    def _saved_shape(self) -> tuple[int, ...]:
        """Return the shape in the cache, which is an array where it was put back."""
        shape = self._saved()["shape"]
        return shape if type(shape) is tuple else tuple(np.asarray(shape).tolist())

    # What comes from outside.

    def _input(self, argument: str, x: object) -> FloatArray:
        """Return an input as an array of floats, or say what is wrong with it."""
        if type(x) is np.ndarray and x.dtype in FLOAT_DTYPES:
            return x
        return as_floats(self.label, argument, x)

    def _floats(self, argument: str, x: ArraySpec) -> ArraySpec:
        """Return the spec of an input of floats, or say what is wrong with it."""
        if x.dtype not in FLOAT_DTYPES:
            raise self.refusal(argument, FLOATS_EXPECTED, describe(x))
        return x

    def _gradient(self, δEδy: object, shape: tuple[int, ...]) -> FloatArray:
        """Return an output gradient, checked against the shape of the output."""
        # As in `_input`, which a call would take as long to reach as to run.
        if type(δEδy) is not np.ndarray or δEδy.dtype not in FLOAT_DTYPES:
            δEδy = as_floats(self.label, "δEδy", δEδy)
        if δEδy.shape != shape:
            raise self.refusal("δEδy", f"of the output's shape {shape}", describe(δEδy))
        return δEδy


class ModelWithParameters(Model):
    """A base for layers of one's own that have parameters: see `register_parameter`."""


class ModelWithoutParameters(Model):
    """A base for layers of one's own that have no parameters."""


def _assign(arrays: ParameterSet, name: str, value: Array) -> None:
    current = arrays[name]
    if current.dtype == value.dtype:
        # In place, so that whoever holds the live array goes on holding it.
        current[...] = value
    else:
        arrays[name] = own(value)
