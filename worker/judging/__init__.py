"""Judging what a student's layer answers, by its values: no input or output, no state."""

from __future__ import annotations

import numpy as np

import edunn as nn
from edunn_serving.assignments import Check
from worker.judging.challenges import (
    Answer,
    Backward,
    Challenge,
    ChallengeError,
    CheckOutcome,
    Failure,
    Forward,
    Gradients,
    Output,
    Place,
    SetParameters,
    SetPhase,
    Step,
    StepAnswer,
    Verdict,
)
from worker.judging.diagnosis import diagnosed
from worker.judging.draws import Draws
from worker.judging.dropout import draw_dropout
from worker.judging.dropout_judge import judge_dropout
from worker.judging.formulas import formula_of
from worker.judging.initializers import draw_initializer, judge_initializer
from worker.judging.own_layers import draw_own, judge_own
from worker.judging.parts import Part, outcome, ungradable
from worker.judging.scripts import Script
from worker.judging.subjects import initializer_of, model_of, optimizer_of
from worker.judging.values import (
    draw_layer,
    draw_optimizer,
    judge_values,
)

__all__ = [
    "Answer",
    "Backward",
    "Challenge",
    "ChallengeError",
    "CheckOutcome",
    "Failure",
    "Forward",
    "Gradients",
    "Output",
    "Place",
    "SetParameters",
    "SetPhase",
    "Step",
    "StepAnswer",
    "Verdict",
    "draw_challenge",
    "judge",
]


def draw_challenge(check: Check, secret: bytes, place: Place) -> Challenge:
    """Draw the challenge of a check: the same for the same secret and place.

    Raises
    ------
    ChallengeError
        If the check asks for what cannot be: an unknown type, a configuration that it does not
        take, or a shape that the layer does not bear. Who stores an assignment tries this first.
    """
    with np.errstate(all="ignore"):
        return _drawn(check, Draws(secret, place))


def judge(check: Check, challenge: Challenge, answer: Answer, language: str) -> CheckOutcome:
    """Judge an answer to a challenge.

    Nothing that is answered raises. What cannot be graded, through no fault of the student's, is
    UNGRADABLE.

    Parameters
    ----------
    check : Check
        The one that the challenge was drawn of.
    challenge : Challenge
    answer : Answer
    language : str
        `en` or `es`.

    Returns
    -------
    CheckOutcome
        Its details are plain values: `categories`, the share of each kind of part that is right;
        and of a failed check `step` and `part`, the first of the bug; `bugs`, the other ones;
        `answered` and `expected`, the two numbers at the largest error, of which the second is
        not for students unless the feedback policy says so; `times_tolerance`, how many times
        the tolerance the error is. Of an ungradable one, `reason`, for the grader.
    """
    try:
        with np.errstate(all="ignore"):
            parts = _parts(check, challenge, answer)
        return outcome(parts, language, check.partial_credit)
    except Exception as error:
        return ungradable(f"{type(error).__name__}: {error}")


def _drawn(check: Check, draws: Draws) -> Challenge:
    if check.kind == "optimizer":
        return draw_optimizer(check, draws)
    if check.kind == "initializer":
        initializer_of(check)
        return draw_initializer(check, draws)
    if check.kind == "own":
        return draw_own(check, draws)
    model = model_of(check)
    if isinstance(model, nn.Dropout):
        script = Script(draws, check.dtypes[0], check.backward)
        draw_dropout(check, model.p, script)
        return Challenge(check.kind, check.type, check.config, {}, tuple(script.steps))
    return draw_layer(check, model, draws)


def _parts(check: Check, challenge: Challenge, answer: Answer) -> list[Part]:
    if check.kind == "initializer":
        return judge_initializer(check, initializer_of(check), challenge, answer)
    if check.kind == "own":
        return judge_own(check, challenge, answer)
    subject = optimizer_of(check) if check.kind == "optimizer" else model_of(check)
    if isinstance(subject, nn.Dropout):
        return judge_dropout(check, subject.p, challenge, answer)
    if isinstance(subject, nn.Model):
        subject.set_parameters(challenge.parameters)
    parts = judge_values(check, formula_of(subject), challenge, answer)
    return diagnosed(parts, subject, challenge, answer)
