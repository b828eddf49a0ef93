"""Challenges and answers as lines of JSON, for programs in any language.

One line goes in, one line comes out: docs/grading.md describes them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from edunn_client._phase import Phase
from edunn_client._tensors import Array
from edunn_client.grading._challenges import (
    BackwardStep,
    Challenge,
    Failure,
    ForwardStep,
    ParametersStep,
    PhaseStep,
    Step,
    StepAnswer,
)

_DTYPES = ("bool", "int32", "int64", "float16", "float32", "float64")
# JSON has no such numbers, so they are spelt as protobuf does.
_NOT_FINITE = {"NaN": np.nan, "Infinity": np.inf, "-Infinity": -np.inf}


def challenge_line(challenge: Challenge) -> dict[str, Any]:
    """Return the line that begins a challenge."""
    return {
        "do": "begin",
        "challenge": challenge.challenge_id,
        "kind": challenge.kind,
        "type": challenge.layer_type,
        "config": challenge.config,
        "parameters": _arrays(challenge.parameters),
    }


def step_line(step: Step) -> dict[str, Any]:
    """Return the line of a step."""
    match step:
        case PhaseStep():
            return {"do": "set_phase", "step": step.step_id, "phase": step.phase.value}
        case ParametersStep():
            values = _arrays(step.parameters)
            return {"do": "set_parameters", "step": step.step_id, "parameters": values}
        case ForwardStep():
            inputs = [array_to_json(each) for each in step.inputs]
            return {"do": "forward", "step": step.step_id, "inputs": inputs}
        case BackwardStep():
            gradient = array_to_json(step.output_gradient)
            return {"do": "backward", "step": step.step_id, "output_gradient": gradient}


def challenge_of(line: Mapping[str, Any]) -> Challenge:
    """Return the challenge, without steps, that `challenge_line` was given."""
    return Challenge(
        challenge_id=line["challenge"],
        title="",
        points=0.0,
        kind=line["kind"],
        layer_type=line["type"],
        config=line["config"],
        parameters={name: array_of(each) for name, each in line["parameters"].items()},
        steps=(),
    )


def step_of(line: Mapping[str, Any]) -> Step:
    """Return the step that `step_line` was given."""
    match line["do"]:
        case "set_phase":
            return PhaseStep(line["step"], Phase.of(line["phase"]))
        case "set_parameters":
            values = {name: array_of(each) for name, each in line["parameters"].items()}
            return ParametersStep(line["step"], values)
        case "forward":
            return ForwardStep(line["step"], tuple(array_of(each) for each in line["inputs"]))
    return BackwardStep(line["step"], array_of(line["output_gradient"]))


def answer_line(answer: StepAnswer | None) -> dict[str, Any]:
    """Return the line that answers a step."""
    if answer is None:
        return {}
    if isinstance(answer, Failure):
        return {"failure": answer.text}
    if isinstance(answer, tuple):
        input_gradient, parameter_gradients = answer
        of_input = None if input_gradient is None else array_to_json(input_gradient)
        return {"input_gradient": of_input, "parameter_gradients": _arrays(parameter_gradients)}
    return {"output": array_to_json(answer)}


def answer_of(line: Mapping[str, Any], step: Step) -> StepAnswer | None:
    """Return the answer to a step that a program's line has.

    Raises
    ------
    ValueError
        The line is no answer to this step.
    """
    if "failure" in line:
        return Failure(str(line["failure"]))
    if isinstance(step, PhaseStep | ParametersStep):
        return None
    if isinstance(step, ForwardStep):
        if "output" not in line:
            raise ValueError("expected an object with `output` or `failure`")
        return array_of(line["output"])
    if "input_gradient" not in line:
        raise ValueError("expected an object with `input_gradient` or `failure`")
    of_input = line["input_gradient"]
    gradients = line.get("parameter_gradients") or {}
    if not isinstance(gradients, Mapping):
        raise ValueError("`parameter_gradients` must be an object")
    return (
        None if of_input is None else array_of(of_input),
        {str(name): array_of(each) for name, each in gradients.items()},
    )


def array_to_json(array: Array) -> dict[str, Any]:
    """Return an array as JSON has it. Every float is written so that it is read as the same."""
    data = array.astype(np.float64).ravel() if array.dtype.kind == "f" else array.ravel()
    values: list[Any] = data.tolist()
    if array.dtype.kind == "f" and not np.isfinite(data).all():
        values = [value if np.isfinite(value) else _spelt(value) for value in values]
    return {"dtype": array.dtype.name, "shape": list(array.shape), "data": values}


def array_of(value: Any) -> Array:
    """Return the array that `array_to_json` was given.

    Raises
    ------
    ValueError
        It is no such object.
    """
    if not isinstance(value, Mapping) or not isinstance(value.get("data"), list):
        raise ValueError('expected an array such as {"dtype": "float64", "shape": [2], "data": []}')
    dtype = value.get("dtype", "float64")
    if dtype not in _DTYPES:
        raise ValueError(f"expected a dtype out of {', '.join(_DTYPES)}, got {dtype!r}")
    numbers = [_NOT_FINITE.get(each, each) if isinstance(each, str) else each
               for each in value["data"]]  # fmt: skip
    try:
        # What is null, as some languages write NaN, is not a number.
        filled = [np.nan if each is None else each for each in numbers]
        return np.array(filled, dtype=dtype).reshape(value.get("shape", [len(numbers)]))
    except (TypeError, OverflowError) as error:
        raise ValueError(f"the array cannot be read: {error}") from None


def dumps(line: Mapping[str, Any]) -> str:
    """Return a line's text, without a line break."""
    return json.dumps(line, allow_nan=False, separators=(",", ":"))


def _arrays(arrays: Mapping[str, Array]) -> dict[str, Any]:
    return {name: array_to_json(each) for name, each in arrays.items()}


def _spelt(value: float) -> str:
    return "NaN" if np.isnan(value) else "Infinity" if value > 0 else "-Infinity"
