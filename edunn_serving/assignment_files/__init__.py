"""Assignments for every type of the library, as documents to start with."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from edunn_serving.assignments import read_assignment


@cache
def documents() -> dict[str, str]:
    """Return the documents by the type that their checks are about, such as `Dropout`."""
    found = {}
    for file in files(__name__).iterdir():
        if file.name.endswith(".yaml"):
            text = file.read_text("utf-8")
            found[read_assignment(text).checks[0].type] = text
    return dict(sorted(found.items()))
