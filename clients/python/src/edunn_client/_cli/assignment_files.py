"""Assignments for every layer, loss, optimizer and initializer, to begin with.

`checks/` has a file for each type, with its checks as YAML.
"""

from __future__ import annotations

from importlib.resources import files

_CHECKS = {
    file.name.removesuffix(".yaml"): file
    for file in files("edunn_client").joinpath("_cli", "checks").iterdir()
    if file.name.endswith(".yaml")
}
#: The types of the catalogue that there is an assignment for.
NAMES = sorted(_CHECKS)

_HEAD = """\
# Put it with `edunn grading put FILE`. docs/grading.md explains every field.
course: {course}
assignment: {assignment}
title: {title}
# Times that name no zone are of this one.
time_zone: UTC
# opens: 2030-03-01 08:00:00
# due: 2030-03-15 23:59:00
# late: {{penalty_per_day: 0.1, days: 3}}
attempts: {{rate: 20, every: 1h, expire_after: 1h}}
# How much a student is told: verdict, bug, error or expected.
feedback: error
checks:
"""


def assignment_text(type_name: str, course: str) -> str:
    """Return a YAML document for a type of the catalogue."""
    head = _HEAD.format(course=course, assignment=f"{type_name.lower()}-1", title=type_name)
    return head + _CHECKS[type_name].read_text("utf-8")
