"""What is wrong with a variable of the environment, in a sentence."""

from __future__ import annotations

from typing import get_args

from pydantic_core import ErrorDetails

from edunn_serving.callers import any_of
from edunn_serving.errors import quoted
from edunn_serving.setting_types import LogLevel
from edunn_serving.variables import PREFIX


def variable(name: str) -> str:
    """Return the environment variable of a settings field."""
    return PREFIX + name.upper()


def sentence(error: ErrorDetails) -> str:
    """Return a sentence that says what is wrong with a variable's value."""
    place, bounds = error["loc"], error.get("ctx", {})
    if error["type"] == "value_error":
        return " ".join([*map(_variable_at, place), str(bounds["error"])])
    wanted = {
        "int_parsing": "a whole number",
        "int_parsing_size": "a whole number with fewer digits",
        "int_from_float": "a whole number",
        "float_parsing": "a number",
        "finite_number": "a finite number",
        "greater_than_equal": f"at least {bounds.get('ge')}",
        "less_than_equal": f"at most {bounds.get('le')}",
        "bool_parsing": "1 or 0",
        "literal_error": any_of(get_args(LogLevel)),
    }[error["type"]]
    return f"{_variable_at(place[0])} must be {wanted}, got {quoted(error['input'])}"


def _variable_at(place: int | str) -> str:
    return variable(str(place))
