"""For test cells of nbgrader."""

from __future__ import annotations

import contextlib
import io
from typing import Any

from edunn_client._errors import EdunnError
from edunn_client.grading._notebook import check


def points(layer_class: Any, assignment: str, *, course: str = "", maximum: float) -> float:
    """Attempt an assignment, and return the points for a test cell's last line.

    Nothing is written to the error stream, for which nbgrader would give no points. The result is a
    plain float: the text of a NumPy number would have all points. Where the service is away it
    raises, so that nbgrader marks the cell as failed, and it can be graded again.

    Parameters
    ----------
    maximum : float
        The points of the cell. The score is scaled to it.
    """
    silence = io.StringIO()
    with contextlib.redirect_stderr(silence):
        try:
            report = check(layer_class, assignment, course=course)
        except EdunnError as error:
            raise RuntimeError(f"the grading service could not grade this: {error}") from None
    for result in report.checks:
        print(f"{result.verdict.value}: {result.title} {result.message}")
    if not report.max_score:
        return 0.0
    return min(float(maximum), float(maximum) * float(report.score) / float(report.max_score))
