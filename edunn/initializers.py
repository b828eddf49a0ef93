"""How parameters start."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt

from edunn.arrays import as_floats, describe, own
from edunn.description import FieldType
from edunn.errors import LayerError
from edunn.fields import Field, check_arguments, rules
from edunn.parameter_memory import reserve

Floats = npt.NDArray[np.float64]


class Initializer:
    """A rule for the first values of a parameter.

    Parameters
    ----------
    rng : numpy.random.Generator, optional
        Where random numbers come from. None is NumPy's global generator.
    """

    field_type: ClassVar[FieldType] = "initializer"
    #: Where random numbers come from, also where one's own calls no constructor of this class.
    rng: np.random.Generator | None = None

    def __init__(self, rng: np.random.Generator | None = None) -> None:
        self.rng = rng

    @staticmethod
    def by_name(name: str) -> Initializer | None:
        """Return the initializer of that type name, or None if it needs arguments or is unknown."""
        kind = INITIALIZER_TYPES.get(name)
        if kind is None or any(rule.description.required for rule in rules(kind).values()):  # type: ignore[arg-type]
            return None
        return kind()

    def create(
        self, shape: tuple[int, ...], fan_in: int | None = None, fan_out: int | None = None
    ) -> Floats:
        """Make the values of a new parameter.

        An initializer of one's own gives this, or `initialize` alone.

        Parameters
        ----------
        shape : tuple of int
        fan_in, fan_out : int, optional
            How many inputs each output sums, and how many outputs each input reaches. Without
            them they are read off the shape, as `fans` tells.

        Returns
        -------
        ndarray of float64, of that shape

        Raises
        ------
        LayerError
            If an `initialize` of one's own returns values rather than fills the parameter.
        """
        if type(self).initialize is Initializer.initialize:
            raise NotImplementedError(
                f"{type(self).__name__} has neither initialize(p) nor create(shape) of its own"
            )
        p = np.zeros(reserve(shape))
        fill: Callable[[Floats], object] = self.initialize
        returned = fill(p)
        if returned is not None and returned is not p:
            raise LayerError(
                layer=type(self).__name__,
                argument="initialize(p)",
                expected="filling p in place, as p[:] = ... does",
                got=f"one that returns a {type(returned).__name__}",
            )
        return p

    def initialize(self, p: Floats) -> None:
        """Fill an existing parameter in place."""
        p[...] = self.create(p.shape)

    def _uniform(self, bound: float, shape: tuple[int, ...]) -> Floats:
        # np.random, the module, draws from the global generator under the same names.
        source = np.random if self.rng is None else self.rng
        return np.asarray(source.uniform(-bound, bound, reserve(shape)))

    def _normal(self, std: float, shape: tuple[int, ...]) -> Floats:
        source = np.random if self.rng is None else self.rng
        return np.asarray(source.normal(0.0, std, reserve(shape)))


class Constant(Initializer):
    """The same value everywhere.

    Parameters
    ----------
    c : float or ndarray of numbers
        An array is broadcast to the shape of the parameter.
    """

    def __init__(
        self,
        c: Annotated[float, Field("The value of every element.", formerly="value")],
        rng: np.random.Generator | None = None,
    ) -> None:
        super().__init__(rng)
        self.c: float | Floats
        if isinstance(c, list | tuple) or np.ndim(c) > 0:
            self.c = own(as_floats("Constant", "c", c), np.dtype(np.float64))
        else:
            self.c = check_arguments(Constant, "Constant", c=c)["c"]

    def create(
        self, shape: tuple[int, ...], fan_in: int | None = None, fan_out: int | None = None
    ) -> Floats:
        p = np.empty(reserve(shape))
        try:
            p[...] = self.c
        except ValueError:
            raise LayerError(
                layer="Constant",
                argument="c",
                expected=f"a number or an array that broadcasts to the shape {shape}",
                got=describe(np.asarray(self.c)),
            ) from None
        return p


class Zero(Constant):
    """Zero everywhere."""

    def __init__(self, rng: np.random.Generator | None = None) -> None:
        super().__init__(0.0, rng)


class One(Constant):
    """One everywhere."""

    def __init__(self, rng: np.random.Generator | None = None) -> None:
        super().__init__(1.0, rng)


class RandomUniform(Initializer):
    """Uniform between -a and a."""

    def __init__(
        self,
        a: Annotated[float, Field("The largest magnitude.", minimum=0)] = 0.05,
        rng: np.random.Generator | None = None,
    ) -> None:
        super().__init__(rng)
        self.a: float = check_arguments(RandomUniform, "RandomUniform", a=a)["a"]

    def create(
        self, shape: tuple[int, ...], fan_in: int | None = None, fan_out: int | None = None
    ) -> Floats:
        return self._uniform(self.a, shape)


class RandomNormal(Initializer):
    """Normal around zero with standard deviation std."""

    def __init__(
        self,
        std: Annotated[float, Field("The standard deviation.", minimum=0)] = 0.05,
        rng: np.random.Generator | None = None,
    ) -> None:
        super().__init__(rng)
        self.std: float = check_arguments(RandomNormal, "RandomNormal", std=std)["std"]

    def create(
        self, shape: tuple[int, ...], fan_in: int | None = None, fan_out: int | None = None
    ) -> Floats:
        return self._normal(self.std, shape)


class XavierUniform(Initializer):
    """Uniform with bound sqrt(6 / (fan_in + fan_out)).

    Notes
    -----
    Glorot and Bengio, Understanding the difficulty of training deep feedforward neural
    networks, AISTATS 2010, equation 16.
    """

    def create(
        self, shape: tuple[int, ...], fan_in: int | None = None, fan_out: int | None = None
    ) -> Floats:
        inputs, outputs = fans(shape, fan_in, fan_out)
        return self._uniform(math.sqrt(6 / (inputs + outputs)), shape)


class XavierNormal(Initializer):
    """Normal with standard deviation sqrt(2 / (fan_in + fan_out)).

    Notes
    -----
    Glorot and Bengio 2010, equation 12 averaged over both directions.
    """

    def create(
        self, shape: tuple[int, ...], fan_in: int | None = None, fan_out: int | None = None
    ) -> Floats:
        inputs, outputs = fans(shape, fan_in, fan_out)
        return self._normal(math.sqrt(2 / (inputs + outputs)), shape)


class KaimingUniform(Initializer):
    """Uniform with bound sqrt(6 / fan_in), for layers before a ReLU.

    Notes
    -----
    He, Zhang, Ren and Sun, Delving deep into rectifiers, ICCV 2015, equation 10; a uniform
    distribution of that variance.
    """

    def create(
        self, shape: tuple[int, ...], fan_in: int | None = None, fan_out: int | None = None
    ) -> Floats:
        inputs, _ = fans(shape, fan_in, fan_out)
        return self._uniform(math.sqrt(6 / inputs), shape)


class KaimingNormal(Initializer):
    """Normal with standard deviation sqrt(2 / fan_in), for layers before a ReLU.

    Notes
    -----
    He, Zhang, Ren and Sun 2015, equation 10.
    """

    def create(
        self, shape: tuple[int, ...], fan_in: int | None = None, fan_out: int | None = None
    ) -> Floats:
        inputs, _ = fans(shape, fan_in, fan_out)
        return self._normal(math.sqrt(2 / inputs), shape)


#: What a layer's constructor takes for one: None is the default.
Start = Initializer | str | None


def first_values(
    initializer: Initializer,
    shape: tuple[int, ...],
    fan_in: int | None = None,
    fan_out: int | None = None,
) -> Floats:
    """Return the first values of a parameter, as `Initializer.create` gives them.

    Raises
    ------
    LayerError
        If an initializer of one's own gives other than numbers of that shape.
    """
    if type(initializer) in INITIALIZER_TYPES.values():
        return initializer.create(shape, fan_in, fan_out)
    # One's own may know of the shape alone, and may keep the array that it gives.
    name = type(initializer).__name__
    values = own(as_floats(name, "what it creates", initializer.create(shape)))
    if values.shape != shape:
        raise LayerError(
            layer=name,
            argument="what it creates",
            expected=f"of the parameter's shape {shape}",
            got=describe(values),
        )
    return values


def fans(
    shape: tuple[int, ...], fan_in: int | None = None, fan_out: int | None = None
) -> tuple[int, int]:
    """Return how many inputs an output sums and how many outputs an input reaches.

    What is not given is read off the shape: (inputs, outputs) for a matrix,
    (outputs, inputs, height, width) for a convolution, (n,) for a vector with n of both.
    Never less than one, so that the rules above have something to divide by.
    """
    if len(shape) == 2:
        inputs, outputs = shape
    elif len(shape) > 2:
        window = math.prod(shape[2:])
        inputs, outputs = shape[1] * window, shape[0] * window
    else:
        inputs = outputs = math.prod(shape)
    return (
        max(1, inputs if fan_in is None else fan_in),
        max(1, outputs if fan_out is None else fan_out),
    )


#: Every initializer by its type name.
INITIALIZER_TYPES: dict[str, type[Initializer]] = {
    kind.__name__: kind
    for kind in (
        Zero,
        One,
        Constant,
        RandomUniform,
        RandomNormal,
        XavierUniform,
        XavierNormal,
        KaimingUniform,
        KaimingNormal,
    )
}
