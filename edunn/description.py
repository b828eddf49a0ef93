"""Descriptions of layers and optimizers as plain data, for a catalogue to show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FieldType = Literal[
    "float",
    "integer",
    "boolean",
    "string",
    "integer or pair",
    "pair of floats",
    "initializer",
    "layer",
    "layers",
]


@dataclass(frozen=True)
class ParameterDescription:
    """One trained array of a layer, one buffer, or one array of an optimizer's state."""

    name: str
    #: The shape in the terms of the fields, such as ``"(input_size, output_size)"``.
    shape: str
    doc: str = ""


@dataclass(frozen=True)
class FieldDescription:
    """One argument of a constructor, besides a layer's name and an optimizer's loop."""

    name: str
    type: FieldType
    required: bool
    #: A plain JSON value. None where the field is required, or where None is the default.
    default: object
    doc: str
    #: In words, such as ``"0 <= p < 1"``. Empty where every value of the type will do.
    bounds: str
    #: Whether None may be given.
    nullable: bool = False
    #: The only strings that will do, where the field is one of few.
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class LayerDescription:
    """What there is to know of a layer type before making one."""

    type: str
    summary: str
    fields: tuple[FieldDescription, ...]
    #: The arguments of ``forward``: ``("x",)``, or ``("y_true", "y")`` of a loss.
    inputs: tuple[str, ...]
    parameters: tuple[ParameterDescription, ...]
    buffers: tuple[ParameterDescription, ...]


@dataclass(frozen=True)
class OptimizerDescription:
    """What there is to know of an optimizer type before making one."""

    type: str
    summary: str
    fields: tuple[FieldDescription, ...]
    #: The arrays that a step leaves for the next one, for each parameter.
    state: tuple[ParameterDescription, ...]
