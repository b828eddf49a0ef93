"""A class of 200 at the deadline: `python -m bench.grading`.

All students begin an attempt at once and submit its answers. Answers are computed before the clock
of a submission starts. The figures are of this machine, with everything on it: clients, server,
workers, database and Redis.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from edunn_client import Client
from edunn_client.grading import Grading, answer_attempt
from edunn_client.grading.walkthrough import RightDropout

from standalone.stack import Stack

CHECKS = "\n".join(
    f"  - {{id: d{number}, layer: Dropout, config: {{p: {rate}}}}}"
    for number, rate in enumerate(np.round(np.linspace(0.2, 0.75, 12), 2))
)
DOCUMENT = f"course: bench\nassignment: deadline\nchecks:\n{CHECKS}\n"


class Submission(NamedTuple):
    """How one student fared."""

    begin_seconds: float
    submit_seconds: float
    passed: bool


def main() -> int:
    """Print the figures, and return 0 if they are within their marks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=200)
    parser.add_argument("--connections", type=int, default=8)
    arguments = parser.parse_args()
    students = arguments.students
    with tempfile.TemporaryDirectory(prefix="edunn-bench-") as folder, Stack(Path(folder)) as stack:
        clients = [Client(stack.address, timeout=60.0) for _ in range(arguments.connections)]
        teacher = Grading(clients[0])
        teacher.put_assignment(DOCUMENT)

        def attend(number: int) -> Submission:
            grading = Grading(clients[number % len(clients)])
            begun = time.perf_counter()
            attempt = grading.start_attempt("deadline", student=f"student-{number}")
            started = time.perf_counter()
            answers = answer_attempt(attempt, lambda name: RightDropout)
            answered = time.perf_counter()
            report = grading.submit_answers(attempt.attempt_id, answers)
            return Submission(started - begun, time.perf_counter() - answered, report.passed)

        attend(students)
        began = time.perf_counter()
        with ThreadPoolExecutor(students) as threads:
            found = list(threads.map(attend, range(students)))
        seconds = time.perf_counter() - began
        kept = {report.student for report in teacher.list_reports("deadline")}
        for client in clients:
            client.close()
    p50, p99 = np.percentile([each.submit_seconds for each in found], [50, 99])
    begin99 = np.percentile([each.begin_seconds for each in found], 99)
    passed = sum(each.passed for each in found)
    print(f"{students} attempts of 12 Dropout checks begun and answered in {seconds:.1f} s")
    print(f"a submission: p50 {p50:.2f} s, p99 {p99:.2f} s; a beginning: p99 {begin99:.2f} s")
    print(f"{passed} passed, {len(kept) - 1} reports are kept")
    complete = passed == students and len(kept) == students + 1
    return 0 if complete and seconds < 30.0 and p99 < 2.0 else 1


if __name__ == "__main__":
    sys.exit(main())
