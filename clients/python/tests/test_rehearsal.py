"""What keeps a student's file from beginning is told before an attempt is begun."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from edunn_client.grading._line_program import LineProgram, python_program
from edunn_client.grading._rehearsal import NotReadyError, rehearse

RIGHT = "class Dropout:\n    def __init__(self, p): ...\n    def forward(self, x): return x\n"
# Long enough for a slow machine; no test waits for it.
SECONDS = 300.0


def check(type_: str = "Dropout", **config: Any) -> dict[str, Any]:
    return {"id": "c", "title": "", "points": 1.0, "kind": "layer", "type": type_, "config": config}


def rehearsed(path: Path, text: str, *checks: dict[str, Any], partial: bool = False) -> None:
    file = path / "my_layers.py"
    file.write_text(text, encoding="utf-8")
    with LineProgram(python_program(file), SECONDS) as program:
        rehearse(checks or [check(p=0.5)], program.begin, partial=partial)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("class Droput: pass", "there is no class Dropout"),
        ("Dropout = 3", "Dropout is no class"),
        ("class Dropout(:", "SyntaxError"),
        ("import a_module_that_is_nowhere", "a_module_that_is_nowhere"),
        ("raise SystemExit(3)", "my_layers.py cannot be imported: SystemExit"),
        ("class Dropout: pass", r"takes no arguments \(making Dropout\(p=0.5\)\)"),
        (RIGHT.replace("forward", "forwards"), "no method forward"),
    ],
)
def test_a_file_that_cannot_begin_is_told_by_its_cause(
    tmp_path: Path, text: str, cause: str
) -> None:
    with pytest.raises(NotReadyError, match=f"{cause}.*No attempt was begun"):
        rehearsed(tmp_path, text)


def test_a_file_that_can_begin_has_nothing_to_tell(tmp_path: Path) -> None:
    # A layer that is named without its configuration may need one.
    rehearsed(tmp_path, RIGHT, check(p=0.5), check("Sequential", layers=["TanH"]))


def test_a_part_of_the_classes_is_enough_where_that_is_asked_for(tmp_path: Path) -> None:
    checks = [check(p=0.5), check("TanH")]
    rehearsed(tmp_path, RIGHT, *checks, partial=True)
    with pytest.raises(NotReadyError, match="there is no class TanH"):
        rehearsed(tmp_path, RIGHT, *checks)
