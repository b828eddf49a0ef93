"""Assignments: what a grader asks for, as a YAML or JSON document and as a validated model."""

from edunn_serving.assignments.check import KINDS, Check, Feedback, Tolerance, Visibility
from edunn_serving.assignments.document import DocumentError, Line, read_assignment
from edunn_serving.assignments.model import Assignment, Attempts, Late

__all__ = [
    "KINDS",
    "Assignment",
    "Attempts",
    "Check",
    "DocumentError",
    "Feedback",
    "Late",
    "Line",
    "Tolerance",
    "Visibility",
    "read_assignment",
]
