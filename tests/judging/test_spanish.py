"""What a message tells of an answer is told in Spanish too."""

from __future__ import annotations

import re

import pytest

from worker.judging.functions import FUNCTIONS, OTHER_FUNCTIONS
from worker.judging.mistakes import another_error, other_pools, other_products
from worker.judging.spanish import in_spanish

NAMES = sorted(
    {
        *FUNCTIONS,
        *OTHER_FUNCTIONS,
        *other_pools._FUNCTIONS,
        *(
            form.format(numbers)
            for form in another_error._OVER_SAMPLES
            for numbers in another_error._OF_NUMBERS
        ),
        *another_error._OF_PROBABILITIES,
        *another_error._OF_TRUTHS,
        *another_error._MEANS,
        *another_error._OF_SEQUENCES,
        *other_products._WITH_CONSTANT,
        *other_products._WITH_WEIGHTS,
        "the sum divided by 4",
        "3x2 pixels, +1 down and -1 right",
    }
)
ENGLISH = re.compile(
    r"\b(the|of|and|with|over|all|where|its|their|mean|sum|each|times|half|first|last|by)\b"
)


def test_no_english_is_left() -> None:
    left = [name for name in NAMES if ENGLISH.search(in_spanish(name))]
    assert left == []


@pytest.mark.parametrize(
    ("english", "spanish"),
    [
        ("the sum of (y - t)⁴", "la suma de (y - t)⁴"),
        ("half the mean of |y - t|", "la mitad del promedio de |y - t|"),
        ("the product of the positive inputs", "el producto de las entradas positivas"),
        (
            "3x2 pixels, +1 down and -1 right",
            "de 3x2 píxeles, +1 hacia abajo y -1 hacia la derecha",
        ),
        ("1, 1.9, 2.71", "1, 1.9, 2.71"),
    ],
)
def test_phrases_are_put_together(english: str, spanish: str) -> None:
    assert in_spanish(english) == spanish
