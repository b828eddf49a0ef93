"""What counts as a line of code in the table of clients/README.md."""

from __future__ import annotations

from bench.clients import SOURCES
from bench.lines_of_code import c_like_lines, python_lines
from bench.probes import CLIENTS, PROBES

PYTHON = '''"""A module.

Its docstring.
"""

import os  # counted once


class A:
    """One line."""

    x = 1
    """An attribute's."""

    def f(self) -> str:
        # A comment.
        return """two
        lines"""
'''
JAVA = """/** Doc. */
package a; // counted

/* two
   lines */
class A {
  String url = "http://a"; /* gone */ int b;

  // gone
  String text = \"\"\"
      // counted
      \"\"\";
}
"""


def test_python_without_docstrings_and_comments() -> None:
    assert python_lines(PYTHON) == 6


def test_c_like_languages_without_comments() -> None:
    assert c_like_lines(JAVA) == 7


def test_every_client_has_sources() -> None:
    assert SOURCES.keys() == {probe.language for probe in PROBES}
    for language, sources in SOURCES.items():
        assert sources.files(CLIENTS / language), language
