"""The examples of clients/README.md: Python's runs here, the others' run in their own suites."""

from __future__ import annotations

import re

import pytest

from bench.probes import CLIENTS
from server.stack import Stack

README = (CLIENTS / "README.md").read_text()
FOLDERS = {"go": "go", "ts": "typescript", "java": "java"}


def blocks(fence: str, text: str = README) -> list[str]:
    return re.findall(rf"^```{fence}\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)


def test_the_python_example_prints_what_the_text_says(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    (example,) = blocks("python")
    exec(compile(example.replace("localhost:50051", stack.address), "README.md", "exec"), {})  # noqa: S102
    assert f"prints `{capsys.readouterr().out.strip()}`" in README.replace("\n", " ")


@pytest.mark.parametrize("fence", [fence for fence in FOLDERS if blocks(fence)])
def test_the_others_stand_in_their_own_readme_where_their_suite_runs_them(fence: str) -> None:
    own = (CLIENTS / FOLDERS[fence] / "README.md").read_text()
    (example,) = blocks(fence)
    assert example in blocks(fence, own)
