"""Reads an assignment from a YAML or JSON document. Errors name the line and the field."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import ValidationError

from edunn_serving.assignments.model import Assignment
from edunn_serving.errors import quoted

MAX_DOCUMENT_CHARACTERS = 256 * 1024
MAX_DEPTH = 20
# Names and values: enough for all students and checks that there can be. Reading more takes long.
MAX_NODES = 20_000

TEXT_TAG = "tag:yaml.org,2002:str"
NO_NAME = "the names of fields are texts: put numbers, dates and truth values in quotes"

# A field's place: names and indices from the document's root.
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is wrong with a document."""

    # From 1; 0 if no line is known.
    line: int
    # Such as `checks[2].points`; empty for the document.
    field: str
    text: str

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line else ""
        return f"{place}{self.field}: {self.text}" if self.field else place + self.text


class DocumentError(ValueError):
    """A document is no assignment. `lines` has everything that is wrong."""

    def __init__(self, lines: list[Line]) -> None:
        super().__init__("; ".join(map(str, lines)))
        self.lines = lines


class _Loader(yaml.SafeLoader):
    """YAML's safe loader, with the numbers of YAML 1.2 and JSON, without aliases and tags."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._nodes = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        events: Any = self
        event = events.peek_event()
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise _malformed(f"expected at most {MAX_NODES} names and values", event)
        if isinstance(event, yaml.AliasEvent):
            raise _malformed("aliases are not allowed", event)
        if event.tag is not None:
            raise _malformed("tags are not allowed", event)
        return super().compose_node(parent, index)

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        """Return a value; the text of what only looks like a number or a date.

        Its field says what it expects.
        """
        try:
            return super().construct_object(node, deep)
        except ValueError:
            return node.value


def _malformed(text: str, where: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(None, None, text, where.start_mark)


# YAML 1.1 takes 1e-3 for a text.
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$"),
    "-+0123456789",
)


def read_assignment(text: str) -> Assignment:
    """Read an assignment.

    Parameters
    ----------
    text
        A YAML document, or a JSON one, which begins with `{`.

    Raises
    ------
    DocumentError
        The document is malformed, or values are missing, unknown or wrong.
    """
    if len(text) > MAX_DOCUMENT_CHARACTERS:
        raise _one(0, "", f"expected at most {MAX_DOCUMENT_CHARACTERS} characters, got {len(text)}")
    values, lines = _load(text)
    if not isinstance(values, dict):
        raise _one(1, "", "expected an object with the fields of an assignment")
    try:
        return Assignment.model_validate(values)
    except ValidationError as error:
        found = [
            Line(_line(lines, tuple(each["loc"])), field_name(each["loc"]), _sentence(each))
            for each in error.errors(include_url=False)
        ]
        raise DocumentError(sorted(found, key=lambda line: line.line)) from None


def lines_of(text: str, paths: Iterable[Path]) -> list[int]:
    """Return the lines of fields in a document that could be read; 0 for those that have none."""
    lines = _load(text)[1]
    return [_line(lines, path) for path in paths]


def field_name(path: Path) -> str:
    """Return a field's name, such as `checks[2].points`."""
    name = ""
    for part in path:
        name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else part
    return name


def _load(text: str) -> tuple[Any, dict[Path, int]]:
    """Return a document's values, and the line of each."""
    lines: dict[Path, int] = {}
    is_json = text.lstrip("\ufeff \t\r\n").startswith("{")
    try:
        # JSON may be indented by tabs, and has none in its texts.
        loader = _Loader(text.replace("\t", " ") if is_json else text)
        node = loader.get_single_node()
        if node is None:
            raise _one(1, "", "the document is empty")
        _note_lines(node, (), lines)
        values = loader.construct_document(node)
        if is_json:
            values = json.loads(text.removeprefix("\ufeff"))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = 0 if mark is None else mark.line + 1
        raise _one(line, "", error.problem or error.context or "malformed") from None
    except json.JSONDecodeError as error:
        raise _one(error.lineno, "", error.msg) from None
    except yaml.reader.ReaderError as error:
        line = 1 + text.count("\n", 0, error.position)
        raise _one(line, "", f"the character U+{error.character:04X} is not allowed") from None
    except RecursionError:
        raise _one(0, "", "nested too deeply") from None
    return values, lines


def _note_lines(node: yaml.Node, path: Path, lines: dict[Path, int]) -> None:
    if len(path) > MAX_DEPTH:
        raise _one(node.start_mark.line + 1, field_name(path), "nested too deeply")
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.tag != TEXT_TAG:
                raise _one(key.start_mark.line + 1, field_name(path), NO_NAME)
            name = (*path, str(key.value))
            if name in lines:
                raise _one(key.start_mark.line + 1, field_name(name), "given twice")
            _note_lines(value, name, lines)
            # The line of its name says more than the line at which a list below it begins.
            lines[name] = key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _note_lines(value, (*path, index), lines)


def _line(lines: Mapping[Path, int], path: Path) -> int:
    """Return the line of a field, or of the nearest thing around it that is there."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 0)


def _one(line: int, field: str, text: str) -> DocumentError:
    return DocumentError([Line(line, field, text)])


def _sentence(error: Any) -> str:
    kind, bounds, given = error["type"], error.get("ctx", {}), error["input"]
    match kind:
        case "value_error":
            return str(bounds["error"])
        case "missing":
            return "must be given"
        case "extra_forbidden":
            return "there is no such field"
        case "string_pattern_mismatch":
            return (
                "expected 1 to 64 characters out of letters, digits, _, ., @, + and -, "
                f"the first a letter or digit, got {quoted(given)}"
            )
    return f"{error['msg'][:1].lower()}{error['msg'][1:]}, got {quoted(given)}"
