"""The commands of docs/grading.md run as they stand, from nothing to grades."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from standalone.stack import Stack

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "grading.md").read_text()


def test_the_chapter_s_commands_lead_to_grades(tmp_path: Path, own_stack: Stack) -> None:
    blocks = re.findall(r"```(sh|python)\n(.*?)```", TEXT, re.DOTALL)
    (student,) = [text for language, text in blocks if language == "python"]
    (tmp_path / "my_layers.py").write_text(student)
    commands = "\n".join(text for language, text in blocks if language == "sh")
    assert commands.count("edunn ") > 10
    program = "set -eu\n" + commands.replace("localhost:50051", own_stack.address)
    done = subprocess.run(
        ["sh", "-c", program],
        cwd=tmp_path,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "COLUMNS": "120",
        },
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "somebody" in (tmp_path / "grades.csv").read_text()
    assert '"score": 9.0' in done.stdout
