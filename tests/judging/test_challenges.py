"""Challenges are drawn from a secret: the same for the same place, and of use to nobody else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from checks import SECRET, SHIPPED, drawn, make_check, place

from worker.judging import ChallengeError, Forward, draw_challenge
from worker.judging.challenges import Backward, Challenge, SetPhase
from worker.judging.draws import Draws

LINEAR = make_check("layer", "Linear", {"input_size": 5, "output_size": 3})


def numbers(challenge: Challenge) -> list[np.ndarray]:
    arrays = list(challenge.parameters.values())
    for step in challenge.steps:
        if isinstance(step, Forward):
            arrays.extend(step.inputs)
        elif isinstance(step, Backward):
            arrays.append(step.output_gradient)
    return arrays


@pytest.mark.parametrize("name", SHIPPED)
def test_the_same_place_gives_the_same_challenge(name: str) -> None:
    check = SHIPPED[name]
    first, second = drawn(check), drawn(check)
    assert [step.step_id for step in first.steps] == [step.step_id for step in second.steps]
    for left, right in zip(numbers(first), numbers(second), strict=True):
        assert left.dtype == right.dtype
        assert np.array_equal(left, right)


@pytest.mark.parametrize(
    "other",
    [
        replace(place(), course="another"),
        replace(place(), assignment="another"),
        replace(place(), student="another"),
        replace(place(), attempt="another"),
        replace(place(), check="another"),
        # The same letters in a row, divided elsewhere.
        replace(place(), course="cours", assignment="eassignment"),
    ],
    ids=lambda other: str(other),
)
def test_another_place_gives_other_numbers(other: object) -> None:
    mine = numbers(draw_challenge(LINEAR, SECRET, place()))
    theirs = numbers(draw_challenge(LINEAR, SECRET, other))  # type: ignore[arg-type]
    assert not any(
        np.isin(left, right).any()
        for left, right in zip(mine, theirs, strict=True)
        if left.any() or right.any()
    )


def test_another_secret_gives_other_numbers() -> None:
    mine = numbers(draw_challenge(LINEAR, SECRET, place()))
    theirs = numbers(draw_challenge(LINEAR, SECRET + b"!", place()))
    assert not np.array_equal(mine[0], theirs[0])


def test_the_numbers_are_those_of_this_version_for_ever() -> None:
    """A grader replays an old attempt: a change of these numbers needs another version."""
    draws = Draws(b"secret", place())
    assert draws.uniform((3,)).tolist() == pytest.approx(
        [0.06654859962873161, 0.9666388060431927, 0.6344503029249609], rel=0, abs=1e-12
    )


def test_every_step_has_an_id_of_its_own() -> None:
    for check in SHIPPED.values():
        ids = [step.step_id for step in drawn(check).steps]
        assert len(set(ids)) == len(ids)


def test_inputs_keep_away_from_kinks_and_ties() -> None:
    pooling = drawn(make_check("layer", "MaxPool2d", {"kernel_size": 2}, dtypes=["float32"]))
    forwards = [step for step in pooling.steps if isinstance(step, Forward)]
    for step in forwards[:4]:
        (x,) = step.inputs
        assert np.unique(x).size == x.size
    rectified = drawn(make_check("layer", "ReLU"))
    (x,) = next(step for step in rectified.steps if isinstance(step, Forward)).inputs
    assert np.abs(x).min() >= 0.25


def test_hard_values_are_among_the_inputs() -> None:
    softmax = numbers(drawn(make_check("layer", "Softmax")))
    assert any(array.max() > 900 for array in softmax)
    assert any(len(array) == 1 for array in softmax)
    sigmoid = numbers(drawn(make_check("layer", "Sigmoid")))
    assert any((array == 0).any() for array in sigmoid)
    tied = numbers(drawn(make_check("layer", "MaxPool2d", {"kernel_size": 2})))
    assert any(np.unique(array).size < array.size / 2 for array in tied)


def test_phases_go_back_and_forth_where_they_matter() -> None:
    steps = drawn(make_check("layer", "BatchNorm", {"num_features": 3})).steps
    phases = [step.phase for step in steps if isinstance(step, SetPhase)]
    assert phases == ["training", "test", "training", "test"]


@pytest.mark.parametrize(
    ("kind", "type_", "config", "rest"),
    [
        ("layer", "Dropuot", {}, {}),
        ("layer", "Dropout", {"p": 1.5}, {}),
        ("layer", "SquaredError", {}, {}),
        ("loss", "Softmax", {}, {}),
        ("optimizer", "Adamm", {}, {}),
        ("optimizer", "Adam", {"lr": -1}, {}),
        ("optimizer", "Adam", {"nonsense": 1}, {}),
        ("initializer", "Uniform", {}, {}),
        ("initializer", "RandomNormal", {"std": -1}, {}),
        ("layer", "Linear", {"input_size": 5, "output_size": 3}, {"shapes": [[4, 6]]}),
        ("layer", "Linear", {"input_size": 100_000, "output_size": 100_000}, {}),
        ("layer", "ReLU", {}, {"shapes": [[1000, 1000]], "repetitions": 64}),
        ("layer", "Dropout", {}, {"shapes": [[1000, 1000]], "repetitions": 64}),
        ("layer", "Conv2d", {"in_channels": 1, "out_channels": 1, "kernel_size": 3},
         {"shapes": [[2, 1, 2, 2]]}),
    ],
)  # fmt: skip
def test_a_check_that_cannot_be_drawn_says_why(
    kind: str, type_: str, config: dict[str, object], rest: dict[str, object]
) -> None:
    with pytest.raises(ChallengeError, match=r"\w+"):
        drawn(make_check(kind, type_, config, **rest))


@pytest.mark.parametrize(
    ("type_", "config", "shape"),
    [
        ("Linear", {"input_size": 1, "output_size": 1_000_000}, [10_000, 1]),
        ("MaxPool2d", {"kernel_size": 3000}, None),
        ("AvgPool2d", {"kernel_size": 60}, [1, 1, 900, 900]),
        ("RNN", {"input_dim": 1, "hidden_dim": 2, "output_dim": 1}, [1, 20_000, 1]),
        ("RNN", {"input_dim": 1, "hidden_dim": 2, "output_dim": 1}, [1, 1000, 1]),
    ],
)
def test_what_would_take_minutes_or_gigabytes_is_not_drawn(
    type_: str, config: dict[str, object], shape: list[int] | None
) -> None:
    rest = {} if shape is None else {"shapes": [shape], "repetitions": 1}
    with pytest.raises(ChallengeError, match="ask for"):
        drawn(make_check("layer", type_, config, **rest))
