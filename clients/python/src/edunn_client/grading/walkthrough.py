"""Grades a right and a wrong Dropout: `python -m edunn_client.grading.walkthrough ADDRESS`.

The caller must be a grader, or anybody if the service asks nobody who calls.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

import numpy as np

from edunn_client._client import Client
from edunn_client._errors import EdunnError
from edunn_client._tensors import Array
from edunn_client.grading._html import MARKS, explanation, score_text
from edunn_client.grading._notebook import check
from edunn_client.grading._reports import Report
from edunn_client.grading._service import Grading

ASSIGNMENT = """\
course: walkthrough
assignment: walkthrough-dropout
title: Dropout
feedback: error
checks:
  - {id: half, title: "Dropout, p = 0.5", layer: Dropout, config: {p: 0.5}, points: 3}
  - {id: fifth, title: "Dropout, p = 0.2", layer: Dropout, config: {p: 0.2}, points: 2,
     depends_on: [half]}
  - {id: none, title: "Dropout, p = 0", layer: Dropout, config: {p: 0}}
"""


class RightDropout:
    """Divides what it keeps by 1 - p."""

    def __init__(self, p: float = 0.5) -> None:
        self.p = p
        self.phase = "training"
        self.mask: Array = np.empty(0)

    def set_phase(self, phase: str) -> None:
        self.phase = phase

    def forward(self, x: Array) -> Array:
        drawn = np.random.default_rng().random(x.shape) >= self.p
        self.mask = self._scaled(drawn) if self.phase == "training" else np.ones_like(x)
        output: Array = x * self.mask
        return output

    def backward(self, output_gradient: Array) -> tuple[Array, dict[str, Array]]:
        return output_gradient * self.mask, {}

    def _scaled(self, kept: Array) -> Array:
        scaled: Array = kept / (1 - self.p)
        return scaled


class WrongDropout(RightDropout):
    """Forgets to."""

    def _scaled(self, kept: Array) -> Array:
        return kept * 1.0


def report_text(report: Report) -> str:
    """Return a report as a table of plain text."""
    rows = [
        (MARKS[each.verdict], each.title, f"{each.score:g}/{each.max_score:g}", each.bug)
        for each in report.checks
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row, result in zip(rows, report.checks, strict=True):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        lines.append(f"  {'  '.join(cells)}".rstrip())
        if told := explanation(result):
            lines.append(f"       {told}")
    return "\n".join([*lines, f"  {score_text(report)}"])


def walkthrough(client: Client) -> tuple[Report, Report]:
    """Put an assignment, and attempt it with a right and with a wrong Dropout."""
    Grading(client).put_assignment(ASSIGNMENT)
    classes: tuple[Any, ...] = (RightDropout, WrongDropout)
    right, wrong = (check(each, "walkthrough-dropout", client=client) for each in classes)
    return right, wrong


def main() -> int:
    """Print both reports, and return 0 if they are as they should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address", nargs="?", default="localhost:50051")
    try:
        with Client(parser.parse_args().address) as client:
            right, wrong = walkthrough(client)
    except EdunnError as error:
        print(f"grading walk-through: {error}", file=sys.stderr)
        return 1
    print(f"\nA right Dropout, graded\n{report_text(right)}")
    print(f"\nA Dropout that does not scale what it keeps\n{report_text(wrong)}")
    return 0 if right.passed and not wrong.passed else 1


if __name__ == "__main__":
    sys.exit(main())
