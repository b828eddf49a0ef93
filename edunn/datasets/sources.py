"""The data sets by name: what each is, and where it may come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from edunn.datasets import made_up

Kind = Literal["classification", "regression"]
#: Rows of numbers, the target in the last column or columns, and the names of the columns.
Table = tuple[npt.NDArray[np.float64], tuple[str, ...]]


@dataclass(frozen=True)
class OpenML:
    """A data set of openml.org: its name and version there."""

    name: str
    version: int
    #: How many of its rows are taken, from the first on. None is all.
    rows: int | None = None
    #: What its smallest target is, where OpenML has renumbered targets. None leaves them.
    lowest: float | None = None


@dataclass(frozen=True)
class Source:
    """A data set: its shape in words, and the ways to it, which are tried in this order.

    The first way to every data set is its file, which `edunn.datasets.files` finds.
    """

    name: str
    kind: Kind
    features: int
    targets: int = 1
    #: The columns of its file, for who has to make the file.
    columns: tuple[str, ...] = ()
    #: What the labels of a classification mean.
    classes: tuple[str, ...] = ()
    #: What the course calls the file, where that is not the name.
    file: str = ""
    #: The function of scikit-learn that reads it from what scikit-learn brings.
    scikit_learn: str = ""
    made_up: Callable[[], Table] | None = None
    openml: OpenML | None = None

    @property
    def layout(self) -> str:
        """The file that it may be read from, in words."""
        if self.columns:
            return f"a header row, then rows of numbers: {', '.join(self.columns)}"
        targets = "target" if self.targets == 1 else f"{self.targets} targets"
        columns = "column" if self.targets == 1 else "columns"
        return (
            f"a header row, then {self.features} features and the {targets} in the last {columns}"
        )


_STUDENTS = ("Failed", "Passed")

CLASSIFICATION: dict[str, Source] = {
    source.name: source
    for source in (
        Source(
            "mnist",
            "classification",
            features=784,
            classes=tuple("0123456789"),
            openml=OpenML("mnist_784", version=1, rows=1200),
        ),
        Source(
            "iris",
            "classification",
            features=4,
            classes=("setosa", "versicolor", "virginica"),
            scikit_learn="load_iris",
        ),
        Source("study1d", "classification", 1, classes=_STUDENTS, made_up=made_up.study1d),
        Source("study2d", "classification", 2, classes=_STUDENTS, made_up=made_up.study2d),
        Source(
            "study2d_easy", "classification", 2, classes=_STUDENTS, made_up=made_up.study2d_easy
        ),
        Source(
            "wine",
            "classification",
            features=13,
            classes=("class_0", "class_1", "class_2"),
            scikit_learn="load_wine",
        ),
        Source(
            "digits",
            "classification",
            features=64,
            classes=tuple("0123456789"),
            scikit_learn="load_digits",
        ),
        Source(
            "breast_cancer",
            "classification",
            features=30,
            classes=("malignant", "benign"),
            scikit_learn="load_breast_cancer",
        ),
    )
}

REGRESSION: dict[str, Source] = {
    source.name: source
    for source in (
        Source("study1d", "regression", 1, made_up=made_up.study1d_grades),
        Source("study2d", "regression", 1, targets=2, made_up=made_up.study2d_grades),
        Source(
            "boston",
            "regression",
            features=13,
            file="boston_housing",
            openml=OpenML("boston", version=1),
        ),
        Source(
            "wine_red",
            "regression",
            features=11,
            openml=OpenML("wine-quality-red", version=1, lowest=3),
        ),
        Source(
            "wine_white",
            "regression",
            features=11,
            openml=OpenML("wine-quality-white", version=1, lowest=3),
        ),
        Source(
            "insurance",
            "regression",
            features=9,
            columns=(
                *("age", "sex (1 is female)", "bmi", "children", "smoker (1 is yes)"),
                *("southwest", "southeast", "northwest", "northeast", "charges"),
            ),
        ),
        Source(
            "real_state",
            "regression",
            features=7,
            columns=(
                *("number", "transaction date", "house age", "distance to the nearest station"),
                *("convenience stores", "latitude", "longitude", "price of unit area"),
            ),
        ),
        Source("diabetes", "regression", features=10, scikit_learn="load_diabetes"),
    )
}
