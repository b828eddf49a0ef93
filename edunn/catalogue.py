"""Every layer type by name: its description, and how to build one from plain values."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from edunn.description import LayerDescription
from edunn.errors import ConfigError, Fault
from edunn.fields import Rule, check_value, near, rules, shown
from edunn.initializers import INITIALIZER_TYPES, Zero
from edunn.layers.activations import ReLU, Sigmoid, TanH
from edunn.layers.batchnorm import BatchNorm
from edunn.layers.constants import AddConstant, Identity, MultiplyConstant
from edunn.layers.convolution import Conv2d
from edunn.layers.dense import Dense, LinearRegression, LogisticRegression
from edunn.layers.dropout import Dropout
from edunn.layers.flatten import Flatten
from edunn.layers.gelu import GELU
from edunn.layers.linear import Bias, Linear
from edunn.layers.pooling import AvgPool2d, MaxPool2d
from edunn.layers.rnn import RNN
from edunn.layers.softmax import Softmax
from edunn.losses.cross_entropy import BinaryCrossEntropy, CrossEntropyWithLabels
from edunn.losses.mean_error import MeanError
from edunn.losses.sequence_cross_entropy import SequenceCrossEntropyWithLabels
from edunn.losses.squared_error import SquaredError
from edunn.model import Model
from edunn.parameter_memory import at_most
from edunn.sequential import Sequential

Kind = TypeVar("Kind")


def told(kind: type[Model]) -> type[Model]:
    """Return a class of which it is known what its passes take.

    Raises
    ------
    TypeError
        If it has no `estimate`, or computes something else than the class whose `estimate` it has.
    """
    places = {
        name: next(at for at, cls in enumerate(kind.__mro__) if name in vars(cls))
        for name in ("estimate", "forward", "backward")
    }
    if places["estimate"] > min(places["forward"], places["backward"]):
        raise TypeError(f"{kind.__name__} needs an estimate of its own of what its passes take")
    return kind


#: Every layer and loss by its type name. One line here makes a class known to the service.
LAYER_TYPES: dict[str, type[Model]] = {
    kind.__name__: told(kind)
    for kind in (
        AddConstant,
        AvgPool2d,
        BatchNorm,
        Bias,
        BinaryCrossEntropy,
        Conv2d,
        CrossEntropyWithLabels,
        Dense,
        Dropout,
        Flatten,
        GELU,
        Identity,
        Linear,
        LinearRegression,
        LogisticRegression,
        MaxPool2d,
        MeanError,
        MultiplyConstant,
        RNN,
        ReLU,
        Sequential,
        SequenceCrossEntropyWithLabels,
        Sigmoid,
        Softmax,
        SquaredError,
        TanH,
    )
}


def describe(layer_type: str) -> LayerDescription:
    """Describe a layer type, as read from the class itself.

    Raises
    ------
    ConfigError
        If there is no such type.
    """
    cls = of_type(layer_type, LAYER_TYPES, "a layer type")
    return LayerDescription(
        type=layer_type,
        summary=summary(cls),
        fields=tuple(rule.description for rule in rules(cls).values()),
        inputs=cls.input_names,
        parameters=cls.parameter_descriptions,
        buffers=cls.buffer_descriptions,
    )


def summary(cls: type) -> str:
    """Return the first sentence of a class's docstring."""
    paragraph = " ".join((inspect.getdoc(cls) or "").split("\n\n")[0].split())
    return paragraph.split(". ")[0].rstrip(".") + "."


def build(
    layer_type: str,
    config: Mapping[str, object],
    name: str | None = None,
    rng: np.random.Generator | None = None,
    max_bytes: int | None = None,
    blank: bool = False,
) -> Model:
    """Build a layer from plain values, such as JSON has.

    Parameters
    ----------
    layer_type : str
        A key of `LAYER_TYPES`.
    config : mapping of str to object
        The fields that `describe` names. Integers may come as floats such as 4.0. A layer
        within is ``{"type": ..., "name": ..., "config": {...}, "frozen": ...}`` or the name
        of its type; so is an initializer, which has no name.
    name : str, optional
        The layer's name.
    rng : numpy.random.Generator, optional
        Where the first parameters come from, and where the layer will draw from: one seed
        gives one layer. None is NumPy's global generator.
    max_bytes : int, optional
        How many bytes its parameters and buffers may take. None is as many as there are.
    blank : bool
        Start what would be drawn at zero, for parameters that are set at once.

    Returns
    -------
    Model

    Raises
    ------
    ConfigError
        With every field at fault in `violations`.
    TooLargeError
        If the parameters are larger than allowed; the one that is too many is never drawn.
    """
    faults: list[Fault] = []
    entry = {"type": layer_type, "config": config, "name": name}
    plan = _plan(entry, LAYER_TYPES, "", faults)
    if plan is None or faults:
        raise ConfigError(layer=name or str(layer_type), faults=faults)
    with at_most(max_bytes):
        model: Model = plan.make(rng, blank)
    model.rng = rng
    return model


@dataclass
class _Plan:
    """Something checked and not yet made, so that all faults are found before any drawing."""

    cls: Any
    path: str
    arguments: dict[str, Any] = field(default_factory=dict)
    frozen: bool = False

    def make(self, rng: np.random.Generator | None, blank: bool) -> Any:
        arguments = {key: _made(value, rng, blank) for key, value in self.arguments.items()}
        if not issubclass(self.cls, Model):
            return Zero() if blank else self.cls(**arguments, rng=rng)
        try:
            model = self.cls(**arguments)
        except ConfigError as error:
            raise error.under(self.path) from None
        model.frozen = self.frozen
        return model


def _made(value: Any, rng: np.random.Generator | None, blank: bool) -> Any:
    if isinstance(value, _Plan):
        return value.make(rng, blank)
    if isinstance(value, list):
        return [_made(item, rng, blank) for item in value]
    return value


def _plan(entry: object, types: Mapping[str, Any], path: str, faults: list[Fault]) -> _Plan | None:
    """Plan what an entry describes; `path` ends where the entry's own fields begin."""
    place = path.rstrip(".")
    if isinstance(entry, str):
        entry, type_path = {"type": entry}, place
    else:
        type_path = f"{path}type"
    if not isinstance(entry, Mapping):
        faults.append(Fault(place, "a type name or an object with a type", shown(entry)))
        return None
    is_layer = types is LAYER_TYPES
    allowed = ("type", "config", "name", "frozen") if is_layer else ("type", "config")
    faults.extend(
        Fault(path + str(key), f"one of {', '.join(allowed)}", "an unknown field")
        for key in entry
        if key not in allowed
    )
    name, frozen, config = entry.get("name"), entry.get("frozen"), entry.get("config")
    if name is not None and not isinstance(name, str):
        faults.append(Fault(f"{path}name", "a string", shown(name)))
    if frozen is not None and not isinstance(frozen, bool):
        faults.append(Fault(f"{path}frozen", "true or false", shown(frozen)))
    noun = "a layer type" if is_layer else "an initializer"
    cls = _find(entry.get("type"), types, type_path, noun)
    if isinstance(cls, Fault):
        faults.append(cls)
        return None
    # The fields of the outermost layer are called by their names alone.
    inside = f"{path}config." if path else ""
    if config is None:
        config = {}
    if not isinstance(config, Mapping):
        faults.append(Fault(inside.rstrip(".") or "config", "an object", shown(config)))
        return None
    plan = _Plan(cls, inside, frozen=bool(frozen))
    plan.arguments = _arguments(cls, config, inside, faults)
    if is_layer:
        plan.arguments["name"] = name
    return plan


def _arguments(
    cls: type, config: Mapping[str, object], inside: str, faults: list[Fault]
) -> dict[str, Any]:
    known = rules(cls)
    arguments = check_fields(cls.__name__, known, config, faults, inside, _argument)
    for name, rule in known.items():
        if rule.description.type == "initializer" and name not in arguments:
            # Named here rather than by the constructor, so that it draws from `rng`.
            arguments[name] = _argument(rule, rule.description.default, inside + name, faults)
    return arguments


def _argument(rule: Rule, value: object, path: str, faults: list[Fault]) -> Any:
    match rule.description.type:
        case "initializer":
            return _plan(value, INITIALIZER_TYPES, f"{path}.", faults)
        case "layer":
            plan = _plan(value, LAYER_TYPES, f"{path}.", faults)
            if plan is not None and not issubclass(plan.cls, rule.kind):
                expected = f"a {rule.kind.__name__}"
                faults.append(Fault(path, expected, f"the type {plan.cls.__name__}"))
            return plan
        case "layers":
            if not isinstance(value, list | tuple):
                faults.append(Fault(path, "a list of layers", shown(value)))
                return None
            return [
                _plan(item, LAYER_TYPES, f"{path}[{i}].", faults) for i, item in enumerate(value)
            ]
    return _checked(rule, value, path, faults)


def _checked(rule: Rule, value: object, path: str, faults: list[Fault]) -> Any:
    result = check_value(rule, value, path)
    if isinstance(result, Fault):
        faults.append(result)
        return None
    return result.value


def check_fields(
    owner: str,
    known: Mapping[str, Rule],
    config: Mapping[str, object],
    faults: list[Fault],
    inside: str = "",
    check: Callable[[Rule, object, str, list[Fault]], Any] = _checked,
) -> dict[str, Any]:
    """Check the fields of a configuration by their rules.

    Parameters
    ----------
    owner : str
        The type that is configured, for the errors.
    known : mapping of str to Rule
    config : mapping of str to object
    faults : list of Fault
        What is wrong is added here.
    inside : str
        Where the fields are, for the errors: empty, or a path that ends with a dot.
    check : callable
        Returns one value as the constructor wants it, adding to `faults` what is wrong.

    Returns
    -------
    dict
        The arguments that were given.
    """
    # What the configuration calls each field: by its name, or by the name that it had before.
    called = {
        name: next((key for key in (name, rule.field.formerly or name) if key in config), name)
        for name, rule in known.items()
    }
    for key in config:
        if key not in called.values():
            takes = f"one of {', '.join(known)}" if known else f"absent, {owner} has no fields"
            faults.append(
                Fault(inside + str(key), takes, f"an unknown field{near(str(key), known)}")
            )
    arguments: dict[str, Any] = {}
    for name, rule in known.items():
        key = called[name]
        if key in config:
            arguments[name] = check(rule, config[key], inside + key, faults)
        elif rule.description.required:
            faults.append(Fault(inside + key, f"given, {owner} needs it", "nothing"))
    return arguments


def of_type(name: str, types: Mapping[str, Kind], noun: str) -> Kind:
    """Return the class of that name among `types`.

    Raises
    ------
    ConfigError
        If there is none.
    """
    cls: Any = _find(name, types, "type", noun)
    if isinstance(cls, Fault):
        raise ConfigError(layer=str(name), faults=[cls])
    return cls  # type: ignore[no-any-return]


def _find(name: object, types: Mapping[str, Any], path: str, noun: str) -> Any:
    """Return the class of that name among `types`, or the fault."""
    if isinstance(name, str) and name in types:
        return types[name]
    hint = near(name, types) if isinstance(name, str) else ""
    return Fault(path, f"the name of {noun}", shown(name) + hint)
