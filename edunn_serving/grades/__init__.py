"""The database of grades, for server and workers: assignments, attempts, answers and reports."""

from edunn_serving.grades.database import Database
from edunn_serving.grades.tables import (
    AssignmentHead,
    AssignmentVersion,
    Attempt,
    Course,
    Notice,
    Report,
    Secret,
)

__all__ = [
    "AssignmentHead",
    "AssignmentVersion",
    "Attempt",
    "Course",
    "Database",
    "Notice",
    "Report",
    "Secret",
]
