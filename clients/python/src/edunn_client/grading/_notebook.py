"""Checks a class from a notebook."""

from __future__ import annotations

from typing import Any

from edunn_client._client import Client
from edunn_client.grading._classes import classes_of
from edunn_client.grading._rehearsal import begin_with, rehearse
from edunn_client.grading._reports import Report
from edunn_client.grading._running import answer_attempt
from edunn_client.grading._service import Grading


def check(
    layer_class: Any,
    assignment: str,
    *,
    course: str = "",
    client: Client | None = None,
    language: str = "",
) -> Report:
    """Attempt an assignment with a class, and return the report, which a notebook shows as a table.

    Parameters
    ----------
    layer_class
        The class that answers every challenge; of an assignment of several types a mapping from
        their names to classes, or a module.
    assignment : str
    course : str, optional
        Needed if several courses have an assignment of this name.
    client : Client, optional
        Otherwise one is made, as `EDUNN_TARGET` and `EDUNN_TOKEN` of the environment say.
    language : str, optional
        Of the messages: `en` or `es`.

    Raises
    ------
    ValueError
        None of the challenges can be begun with these classes: no attempt is begun.
    """
    if client is None:
        with Client() as made:
            return check(layer_class, assignment, course=course, client=made, language=language)
    grading = Grading(client)
    classes = classes_of(layer_class)
    rehearse(grading.get_assignment(assignment, course).checks, begin_with(classes), partial=True)
    attempt = grading.start_attempt(assignment, course, language=language)
    answers = answer_attempt(attempt, classes)
    return grading.submit_answers(attempt.attempt_id, answers)
