"""How many lines of code a source file has: no blank lines, no comments, no doc comments."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable
from pathlib import Path

# Strings first, so that what looks like a comment within one is left alone.
_STRING_OR_COMMENT = re.compile(
    r'"""(?:\\.|.)*?"""|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|`(?:\\.|[^`\\])*`'
    r"|(?P<comment>//[^\n]*|/\*.*?\*/)",
    re.DOTALL,
)
_NO_CODE = frozenset(
    {
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
        tokenize.ENCODING,
    }
)


def lines_of_code(files: Iterable[Path]) -> int:
    """Count the lines of Python files, and of those of languages whose comments are C's."""
    return sum(
        (python_lines if path.suffix == ".py" else c_like_lines)(path.read_text()) for path in files
    )


def python_lines(text: str) -> int:
    """Count the lines of Python that hold more than comments and docstrings."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in _NO_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        # A constant that stands alone is documentation.
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            lines.difference_update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(lines)


def c_like_lines(text: str) -> int:
    """Count the lines of Go, TypeScript or Java that hold more than comments."""
    code = _STRING_OR_COMMENT.sub(
        lambda match: "" if match["comment"] is not None else match[0], text
    )
    return sum(1 for line in code.splitlines() if line.strip())
