"""One check of an assignment: a layer, loss or optimizer, and what is asked of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, field_validator, model_validator

from edunn_serving.assignments.fields import Fields, Name, NotEmpty, Shape, Text

# What a check can be about. Each is a field of `Check`, and one of them is given.
Kind = Literal["layer", "loss", "optimizer", "initializer", "own"]
KINDS: tuple[Kind, ...] = get_args(Kind)
DataTypeName = Literal["float32", "float64"]
PhaseName = Literal["training", "test"]


class Feedback(StrEnum):
    """How much a student is told of a check. Each tells what the one before tells, and more."""

    # Whether it passed, and the points.
    VERDICT = "verdict"
    # Which mistake it is, in a sentence.
    BUG = "bug"
    # The size of the largest error, and its index.
    ERROR = "error"
    # The value that is right there.
    EXPECTED = "expected"


class Visibility(StrEnum):
    """When a student sees a result."""

    VISIBLE = "visible"
    AFTER_DUE_DATE = "after_due_date"
    HIDDEN = "hidden"


class Tolerance(Fields):
    """How far a value may be from the reference.

    An error bound that follows the computation decides. It can be widened here.
    """

    # The bound is multiplied by this.
    factor: float = Field(default=1.0, gt=0.0, le=1e6)
    # An error below this share of the reference is none.
    relative: float = Field(default=0.0, ge=0.0, le=1.0)
    # An error below this is none.
    absolute: float = Field(default=0.0, ge=0.0)


class Check(Fields):
    """One check.

    Exactly one of `layer`, `loss`, `optimizer`, `initializer` and `own` is given: a type of the
    catalogue, or for `own` the name of a layer that only the student has.
    """

    id: Name
    title: Text = ""
    layer: Name | None = None
    loss: Name | None = None
    optimizer: Name | None = None
    initializer: Name | None = None
    own: Name | None = None
    # As in `LayerSpec.config`.
    config: Mapping[str, Any] = Field(default_factory=dict)
    dtypes: Annotated[tuple[DataTypeName, ...], NotEmpty] = ("float64",)
    # The shapes of the inputs, one batch each. Of a loss: of `y`. Of an optimizer: of a parameter.
    # Empty: the service chooses some that the layer can bear, a batch of one among them.
    shapes: tuple[Shape, ...] = Field(default=(), max_length=16)
    # Of a layer of the student's own, the shapes of its outputs, one for each of `shapes`. Empty:
    # an output has the shape of its input.
    output_shapes: tuple[Shape, ...] = Field(default=(), max_length=16)
    # Of a layer of the student's own, its parameters and their shapes.
    parameters: Mapping[Name, Shape] = Field(default_factory=dict, max_length=64)
    phases: Annotated[tuple[PhaseName, ...], NotEmpty] = ("training", "test")
    # Whether the gradients are asked for too.
    backward: bool = True
    # How often the script is run with new inputs. Of an optimizer: its steps.
    repetitions: Annotated[int, Field(ge=1, le=64)] = 2
    tolerance: Tolerance = Tolerance()
    # Whether an answer that is right in part has a part of the points.
    partial_credit: bool = True
    points: float = Field(default=1.0, ge=0.0, le=1e6)
    # Checks that must have passed. Otherwise this one is skipped.
    depends_on: tuple[Name, ...] = Field(default=(), max_length=64)
    # Left out, the assignment's.
    feedback: Feedback | None = None
    visibility: Visibility | None = None

    @field_validator("config")
    @classmethod
    def _as_json_has_it(cls, config: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            json.dumps(config, allow_nan=False, ensure_ascii=False).encode()
        except (TypeError, ValueError):
            raise ValueError(
                "expected texts, finite numbers, truth values, lists and objects"
            ) from None
        return config

    @model_validator(mode="after")
    def _one_kind(self) -> Check:
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            raise ValueError(
                f"expected one of {', '.join(KINDS)}, got {' and '.join(given) or 'none'}"
            )
        if self.output_shapes and (self.own is None or len(self.output_shapes) != len(self.shapes)):
            raise ValueError("output_shapes are for own, one for each of shapes")
        if self.parameters and self.own is None:
            raise ValueError("parameters are for own: those of the catalogue are known")
        for name in ("dtypes", "phases", "depends_on"):
            values = getattr(self, name)
            if len(set(values)) < len(values):
                raise ValueError(f"{name} has a value twice")
        if self.id in self.depends_on:
            raise ValueError("the check depends on itself")
        return self

    @property
    def kind(self) -> Kind:
        """Which of `KINDS` the check is about."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def type(self) -> str:
        """The type's name in the catalogue, or the name of the student's own layer."""
        return str(getattr(self, self.kind))
