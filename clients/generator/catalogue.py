"""The catalogue as the writers take it: layers, initializers and optimizers with their fields."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass

from edunn.catalogue import LAYER_TYPES, describe
from edunn.description import FieldDescription, ParameterDescription
from edunn.fields import rules
from edunn.initializers import INITIALIZER_TYPES
from edunn.optimizers.catalogue import OPTIMIZER_TYPES, describe_optimizer


@dataclass(frozen=True)
class Entry:
    """A layer type, an initializer or an optimizer type."""

    type: str
    summary: str
    fields: tuple[FieldDescription, ...]
    python_class: type
    inputs: tuple[str, ...] = ()
    parameters: tuple[ParameterDescription, ...] = ()
    buffers: tuple[ParameterDescription, ...] = ()

    @property
    def required(self) -> list[FieldDescription]:
        return [field for field in self.fields if field.required]

    @property
    def optional(self) -> list[FieldDescription]:
        return [field for field in self.fields if not field.required]

    @property
    def is_loss(self) -> bool:
        return "y_true" in self.inputs


@dataclass(frozen=True)
class Catalogue:
    layers: tuple[Entry, ...]
    initializers: tuple[Entry, ...]
    optimizers: tuple[Entry, ...]


def read() -> Catalogue:
    return Catalogue(
        tuple(_layer(name) for name in sorted(LAYER_TYPES)),
        tuple(_initializer(name) for name in sorted(INITIALIZER_TYPES)),
        tuple(_optimizer(name) for name in sorted(OPTIMIZER_TYPES)),
    )


def _layer(name: str) -> Entry:
    found = describe(name)
    return Entry(
        name,
        found.summary,
        found.fields,
        LAYER_TYPES[name],
        found.inputs,
        found.parameters,
        found.buffers,
    )


def _initializer(name: str) -> Entry:
    kind = INITIALIZER_TYPES[name]
    summary = " ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split())
    fields = tuple(rule.description for rule in rules(kind).values())
    return Entry(name, summary, fields, kind)


def _optimizer(name: str) -> Entry:
    found = describe_optimizer(name)
    return Entry(name, found.summary, found.fields, OPTIMIZER_TYPES[name])


def camel(name: str, *, first_upper: bool = False) -> str:
    """Return a snake_case name in camelCase."""
    words = [word for word in name.split("_") if word]
    first = words[0][0].upper() + words[0][1:] if first_upper else words[0]
    return first + "".join(word[0].upper() + word[1:] for word in words[1:])


def lower_first(type_name: str) -> str:
    """Return a type's name as a method is called: `maxPool2d`, `relu`, `gelu`, `tanH`."""
    if type_name == "RMSprop":
        return "rmsprop"  # Its abbreviation ends within the word.
    start = re.match(r"[A-Z]+(?=[A-Z][a-z]|$)|[A-Z]", type_name)
    if start is None:
        return type_name
    return start[0].lower() + type_name[start.end() :]


def meaning(field: FieldDescription) -> str:
    """Say in a line what a field means, which values it takes, and what it is otherwise."""
    said = field.doc.rstrip(".")
    if field.bounds:
        said += f"; {field.bounds}"
    if not field.required:
        said += f"; {shown_default(field)} unless given"
    return said + "."


def shown_default(field: FieldDescription) -> str:
    if field.default is None:
        return "null"
    if isinstance(field.default, bool):
        return str(field.default).lower()
    return str(field.default)
