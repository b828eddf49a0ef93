"""A network as a sequence of layers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

import numpy as np

from edunn.answers import backward_of, output_of
from edunn.arrays import Array, FloatArray, as_array, own
from edunn.caches import CacheValue
from edunn.composite import Composite, has_brackets_in_pairs, prefixed, walk
from edunn.errors import ConfigError, Fault
from edunn.estimate import ArraySpec, Estimate, Passes, chained, elementwise
from edunn.fields import Field, check_arguments
from edunn.losses.loss import Loss
from edunn.model import Model, ParameterSet


class Sequential(Composite):
    """Run layers one after another.

    Parameters
    ----------
    layers : sequence of Model
        A layer without a name is named after its type and its number among those of that
        type: ``dense1``, ``dense2``. Names are unique within one Sequential only.

    Attributes
    ----------
    layers : list of Model
        The layers in their order. The list may be changed; layers that are put into it are
        checked and named when the model is next used.

    Notes
    -----
    Parameters, gradients, buffers and cache entries are named ``layer(entry)``. A frozen
    layer gives no gradients; a frozen Sequential gives none at all.
    """

    alone = "samples"

    def __init__(
        self,
        layers: Annotated[Sequence[Model], Field("The layers, in the order they run.")],
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self._shapes: list[tuple[int, ...] | None] = []
        #: The layers that have been checked and named.
        self._checked: list[Model] = []
        self.layers: list[Model] = check_arguments(Sequential, self.label, layers=layers)["layers"]
        self._children = self._named_layers()

    @property
    def children(self) -> dict[str, Model]:
        """The layers by name, in the order they run."""
        if self._checked != self.layers:
            self._children = self._named_layers()
        return self._children

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Model]:
        return iter(self.layers)

    def __getitem__(self, key: str | int) -> Model:
        """Return a layer by its name or its place."""
        return self.children[key] if isinstance(key, str) else self.layers[key]

    def forward(self, x: FloatArray) -> FloatArray:
        """Run every layer on the output of the one before.

        Parameters
        ----------
        x : ndarray of floats, as the first layer takes it

        Returns
        -------
        y : ndarray, as the last layer gives it
        """
        # Should a layer refuse, what the layers keep is of two forwards, and no backward's.
        self._cache, self._shapes = None, []
        shapes = self._shapes
        # What the first layer makes of integers is its own affair.
        y: Array = x
        if type(x) is not np.ndarray:
            y = as_array(self.label, "x", x, "an array of numbers")
        if not self.layers:
            y = own(self._input("x", x))
        for layer in self.children.values():
            shapes.append(y.shape)
            y = layer.forward(y)
            if not isinstance(y, np.ndarray):
                y = output_of(layer, y)
        self._cache = {}
        return y

    def backward(self, δEδy: FloatArray) -> tuple[FloatArray, ParameterSet]:
        """Run every layer's backward, the last layer first.

        Parameters
        ----------
        δEδy : ndarray, same shape as the last output

        Returns
        -------
        δEδx : ndarray, same shape as the last input
        δEδp : dict
            The gradients of every layer that is not frozen, named ``layer(parameter)``.
        """
        self._saved()
        given = self._input("δEδy", δEδy)
        δEδx, δEδp = self._back_to(0, given)
        return given.copy() if δEδx is given else δEδx, δEδp

    def parameter_gradients(self, δEδy: FloatArray) -> ParameterSet:
        self._saved()
        δEδx, δEδp = self._back_to(1, self._input("δEδy", δEδy))
        for name, layer in list(self.children.items())[:1]:
            if not (self.frozen or layer.frozen):
                δEδp.update(prefixed(name, layer.parameter_gradients(δEδx)))
        return δEδp

    def _back_to(self, first: int, δEδx: FloatArray) -> tuple[FloatArray, ParameterSet]:
        """Run the backwards of the layers from the last one to the one of this number."""
        δEδp: ParameterSet = {}
        # A cache that was put back does not tell what the layers were given.
        shapes = list(self._shapes) or [None] * len(self.layers)
        children = list(self.children.items())[first:]
        children.reverse()
        for name, layer in children:
            δEδx, gradients = backward_of(layer, δEδx, shapes.pop())
            if gradients and not (self.frozen or layer.frozen):
                for parameter, gradient in gradients.items():
                    δEδp[f"{name}({parameter})"] = gradient
        return δEδx, δEδp

    def _put_back(self, cache: Mapping[str, CacheValue]) -> None:
        self._shapes = []
        super()._put_back(cache)

    def estimate(self, x: ArraySpec) -> Estimate:
        x = self._floats("x", x)
        parts: list[Estimate] = []
        cache: dict[str, ArraySpec] = {}
        for name, layer in self.children.items():
            part = layer.estimate(parts[-1].output if parts else x)
            if self.frozen or layer.frozen:
                part = part._replace(gradients=0)
            parts.append(part)
            cache.update(prefixed(name, part.cache))
        if not parts:
            return elementwise(x, {}, forward=Passes(1, 0), backward=Passes(1, 0))
        return chained(parts, cache)

    def generate_parameter_name(self, l: Model, parameter_name: str) -> str:  # noqa: E741
        """Return the name that a parameter of a layer has in this model."""
        return f"{l.name}({parameter_name})"

    def merge_gradients(self, m_i: Model, δEδp_i: ParameterSet, δEδp: ParameterSet) -> None:
        """Add the gradients of a layer to those of this model, unless the layer is frozen.

        Parameters
        ----------
        m_i : Model
            The layer.
        δEδp_i : dict
            Its gradients.
        δEδp : dict
            Those of this model, to which they are added under the names that they have here.
        """
        if not m_i.frozen:
            for name, gradient in δEδp_i.items():
                δEδp[self.generate_parameter_name(m_i, name)] = gradient

    def summary(self) -> str:
        """Return a table of the layers, their types and how many numbers each trains."""
        rows, total = [("layer", "type", "parameters")], 0
        for name, layer in self.children.items():
            count = 0 if self.frozen else sum(p.size for p in layer.trained_parameters().values())
            total += count
            shown = "frozen" if self.frozen or layer.frozen else str(count)
            rows.append((name, type(layer).__name__, shown))
        rows.append(("total", "", str(total)))
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        return "\n".join(
            f"{name:<{widths[0]}}  {kind:<{widths[1]}}  {count:>{widths[2]}}"
            for name, kind, count in rows
        )

    def _named_layers(self) -> dict[str, Model]:
        """Return the layers by name, or say what is wrong with them."""
        layers = check_arguments(Sequential, self.label, layers=self.layers)["layers"]
        self._check(layers)
        self._checked = list(layers)
        return _named(layers)

    def _check(self, layers: list[Model]) -> None:
        """Refuse layers that cannot stand in one sequence."""
        faults: list[Fault] = []
        names: dict[str, int] = {}
        places: dict[int, int] = {}
        for i, layer in enumerate(layers):
            path = f"layers[{i}]"
            if isinstance(layer, Loss):
                faults.append(Fault(path, "a layer with one input", f"the loss {layer!r}"))
            # A layer keeps one forward: of two places the later would overwrite the earlier's.
            parts = [id(part) for part in walk(layer)]
            first = min((places[part] for part in parts if part in places), default=None)
            if first is not None:
                got = f"layers[{first}], or a layer in it, again"
                faults.append(Fault(path, "a layer of its own", got))
                continue
            places.update(dict.fromkeys(parts, i))
            if layer.auto_named:
                continue
            name = layer.name
            if not name or not has_brackets_in_pairs(name):
                faults.append(Fault(f"{path}.name", "a name with its brackets closed", repr(name)))
            elif name in names:
                faults.append(
                    Fault(f"{path}.name", "unique", f"{name!r}, as layers[{names[name]}] has")
                )
            names.setdefault(name, i)
        if faults:
            raise ConfigError(layer=self.label, faults=faults)


def _named(layers: list[Model]) -> dict[str, Model]:
    """Return the layers by name, naming those that nobody named."""
    taken = {layer.name for layer in layers if not layer.auto_named}
    numbers: dict[str, int] = {}
    named: dict[str, Model] = {}
    for layer in layers:
        # A name from an earlier model is kept unless a layer of this one has it.
        if layer.auto_named and (not layer.has_name or layer.name in taken):
            base = type(layer).__name__.lower()
            while not layer.has_name or layer.name in taken:
                numbers[base] = numbers.get(base, 0) + 1
                layer.auto_name(f"{base}{numbers[base]}")
        taken.add(layer.name)
        named[layer.name] = layer
    return named
