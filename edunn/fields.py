"""The fields of a configuration: read from a constructor's signature, and checked.

A constructor says all there is to know of an argument in one place::

    def __init__(self, p: Annotated[float, Field("Drop probability.", minimum=0, below=1)] = 0.5)
"""

from __future__ import annotations

import difflib
import functools
import inspect
import math
import types
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import numpy as np

from edunn.description import FieldDescription, FieldType
from edunn.errors import ConfigError, Fault

# Every layer has a name; where random numbers come from, and what a training loop steps with,
# is not configuration.
_NOT_FIELDS = frozenset({"self", "name", "rng", "optimizer"})

_PLAIN: dict[object, FieldType] = {
    float: "float",
    int: "integer",
    bool: "boolean",
    str: "string",
}

_NOUNS: dict[FieldType, str] = {
    "float": "a finite number",
    "integer": "an integer",
    "integer or pair": "an integer or a pair of them",
    "pair of floats": "a pair of finite numbers",
}


@dataclass(frozen=True)
class Field:
    """What a constructor argument means and which values it takes."""

    doc: str
    minimum: float | None = None
    above: float | None = None
    maximum: float | None = None
    below: float | None = None
    choices: tuple[str, ...] = ()
    #: A name that the field had before. Configurations may go on using it.
    formerly: str | None = None


@dataclass(frozen=True)
class Rule:
    """A field as described, with what is needed to check a value."""

    description: FieldDescription
    field: Field
    #: The class whose instances the field takes, for initializers and layers.
    kind: Any = None
    #: Whether None stands for the default, which is something else.
    none_is_default: bool = False


@functools.cache
def rules(cls: type) -> dict[str, Rule]:
    """Return the rules of a class's constructor arguments, in their order."""
    hints = get_type_hints(cls.__init__, include_extras=True)  # type: ignore[misc]
    found: dict[str, Rule] = {}
    for name, parameter in inspect.signature(cls).parameters.items():
        if name not in _NOT_FIELDS:
            found[name] = _rule(name, hints[name], parameter.default)
    return found


def check_arguments(cls: type, label: str, /, **values: object) -> dict[str, Any]:
    """Check the arguments of a constructor against its own annotations.

    Parameters
    ----------
    cls : type
        The class whose signature says what the arguments take.
    label : str
        The name of the layer, for the error.
    **values
        Some or all of the arguments.

    Returns
    -------
    dict
        The same arguments, numbers as Python's own int and float.

    Raises
    ------
    ConfigError
        With every argument that will not do.
    """
    known = rules(cls)
    checked: dict[str, Any] = {}
    faults: list[Fault] = []
    for name, value in values.items():
        result = check_value(known[name], value, name)
        if isinstance(result, Fault):
            faults.append(result)
        else:
            checked[name] = result.value
    if faults:
        raise ConfigError(layer=label, faults=faults)
    return checked


@dataclass(frozen=True)
class Checked:
    """A value that will do, as the constructor wants it."""

    value: Any


def check_value(rule: Rule, value: object, path: str) -> Checked | Fault:
    """Check one value; numbers that protobuf turned into floats are turned back."""
    description = rule.description
    if value is None and rule.none_is_default:
        value = description.default
    if value is None and description.nullable:
        return Checked(None)
    match description.type:
        case "float" | "integer":
            return _number(rule, value, path)
        case "integer or pair":
            both = isinstance(value, list | tuple)
            return _pair(rule, value, path) if both else _number(rule, value, path)
        case "pair of floats":
            return _pair(rule, value, path)
        case "boolean":
            good = isinstance(value, bool | np.bool_)
            return Checked(bool(value)) if good else Fault(path, "true or false", shown(value))
        case "string":
            return _string(rule, value, path)
        case "initializer":
            return _initializer(rule, value, path)
        case "layer":
            if isinstance(value, rule.kind):
                return Checked(value)
            return Fault(path, f"a {rule.kind.__name__}", shown(value))
        case "layers":
            return _layers(rule, value, path)


def near(word: str, known: Iterable[str]) -> str:
    """Return ``" (did you mean ...?)"`` where a known name is near the word, else nothing."""
    lower = {name.lower(): name for name in known}
    matches = difflib.get_close_matches(word.lower(), lower, n=3, cutoff=0.6)
    return f" (did you mean {' or '.join(lower[match] for match in matches)}?)" if matches else ""


def shown(value: object) -> str:
    """Return a value as an error shows it: its repr, cut short."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _rule(name: str, hint: Any, default: object) -> Rule:
    field = Field("")
    if get_origin(hint) is Annotated:
        hint, *extras = get_args(hint)
        field = next((extra for extra in extras if isinstance(extra, Field)), field)
    field_type, kind, nullable = _field_type(hint)
    required = default is inspect.Parameter.empty
    description = FieldDescription(
        name=name,
        type=field_type,
        required=required,
        default=None if required else default,
        doc=field.doc,
        bounds=_bounds(name, field),
        nullable=nullable and default is None,
        choices=field.choices,
    )
    return Rule(description, field, kind, none_is_default=nullable and default is not None)


def _field_type(hint: Any) -> tuple[FieldType, Any, bool]:
    union = get_origin(hint) in (Union, types.UnionType)
    parts = set(get_args(hint)) if union else {hint}
    nullable = type(None) in parts
    parts.discard(type(None))
    if parts == {int, tuple[int, int]}:
        return "integer or pair", None, nullable
    if parts == {tuple[float, float]}:
        return "pair of floats", None, nullable
    # `Initializer | str`: the string is a type's name.
    classes = [part for part in parts if hasattr(part, "field_type")]
    if classes:
        return classes[0].field_type, classes[0], nullable
    (only,) = parts
    if get_origin(only) is Sequence:
        return "layers", get_args(only)[0], nullable
    return _PLAIN[only], None, nullable


def _bounds(name: str, field: Field) -> str:
    if field.choices:
        return f"one of {', '.join(field.choices)}"
    text = name
    if field.minimum is not None:
        text = f"{field.minimum:g} <= {text}"
    if field.above is not None:
        text = f"{field.above:g} < {text}"
    if field.maximum is not None:
        text = f"{text} <= {field.maximum:g}"
    if field.below is not None:
        text = f"{text} < {field.below:g}"
    return "" if text == name else text


def _expected_number(rule: Rule) -> str:
    noun = _NOUNS[rule.description.type]
    bounds = f" with {rule.description.bounds}" if rule.description.bounds else ""
    return noun + bounds + (", or null" if rule.description.nullable else "")


def _number(rule: Rule, value: object, path: str) -> Checked | Fault:
    fault = Fault(path, _expected_number(rule), shown(value))
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        return fault
    try:
        number = float(value)
    except OverflowError:
        return fault
    if not (math.isfinite(number) and _within(rule.field, number)):
        return fault
    if rule.description.type in ("float", "pair of floats"):
        return Checked(number)
    # No size is larger, and a product of two such sizes is still a number that NumPy knows.
    whole = number.is_integer() and abs(number) < 2**31
    return Checked(int(value)) if whole else fault


def _within(field: Field, number: float) -> bool:
    return (
        (field.minimum is None or number >= field.minimum)
        and (field.above is None or number > field.above)
        and (field.maximum is None or number <= field.maximum)
        and (field.below is None or number < field.below)
    )


def _pair(rule: Rule, value: object, path: str) -> Checked | Fault:
    if not isinstance(value, list | tuple) or len(value) != 2:
        return Fault(path, _expected_number(rule), shown(value))
    pair: list[float] = []
    for i, part in enumerate(value):
        result = _number(rule, part, f"{path}[{i}]")
        if isinstance(result, Fault):
            return result
        pair.append(result.value)
    return Checked(tuple(pair))


def _string(rule: Rule, value: object, path: str) -> Checked | Fault:
    choices = rule.field.choices
    if isinstance(value, str) and (not choices or value in choices):
        return Checked(value)
    hint = near(value, choices) if isinstance(value, str) else ""
    return Fault(path, rule.description.bounds or "a string", shown(value) + hint)


def _initializer(rule: Rule, value: object, path: str) -> Checked | Fault:
    if isinstance(value, rule.kind):
        return Checked(value)
    named = rule.kind.by_name(value) if isinstance(value, str) else None
    if named is not None:
        return Checked(named)
    return Fault(path, "an Initializer or the name of one", shown(value))


def _layers(rule: Rule, value: object, path: str) -> Checked | Fault:
    expected = f"a list of {rule.kind.__name__}"
    if not isinstance(value, Sequence) or isinstance(value, str):
        return Fault(path, expected, shown(value))
    for i, layer in enumerate(value):
        if not isinstance(layer, rule.kind):
            return Fault(f"{path}[{i}]", f"a {rule.kind.__name__}", shown(layer))
    return Checked(list(value))
