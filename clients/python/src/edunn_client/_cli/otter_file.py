"""A test file for Otter-Grader."""

from __future__ import annotations

from edunn_client.grading._service import Assignment

_HEAD = '''\
"""{title}: written by `edunn grading otter`."""

from edunn_client.grading.otter import outcome
from otter.test_files import test_case

OK_FORMAT = False

name = {name!r}
points = None
'''
_CASE = '''

@test_case(name={check!r}, points={points!r}, hidden=False)
def test_{number}(env):
    """{title}"""
    outcome(env, {assignment!r}, {course!r}, {check!r})
'''


def otter_file(assignment: Assignment) -> str:
    """Return the file: one test case a check, because Otter has no points between none and all."""
    text = _HEAD.format(title=_harmless(assignment.title), name=assignment.assignment)
    for number, check in enumerate(assignment.checks, start=1):
        text += _CASE.format(
            check=check["id"],
            points=check["points"],
            number=number,
            title=_harmless(check["title"]),
            assignment=assignment.assignment,
            course=assignment.course,
        )
    return text


def _harmless(text: str) -> str:
    """Return a text that cannot end a docstring."""
    return text.replace("\\", "").replace('"', "'")
