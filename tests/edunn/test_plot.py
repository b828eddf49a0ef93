"""Plots are drawn and saved, and matplotlib is otherwise left alone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

import edunn as nn
from edunn.arrays import Array
from edunn.model import Phase

RNG = np.random.default_rng(0)
LABELS = np.array([0, 1, 2, 2, 1, 0])
LINE, PLANE = RNG.standard_normal((6, 1)), RNG.standard_normal((6, 2))


@pytest.fixture
def pyplot() -> Iterator[ModuleType]:
    matplotlib = pytest.importorskip("matplotlib", reason="plots need matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    yield pyplot
    pyplot.close("all")


def draw(name: str, path: Path | None) -> Figure:
    plots: dict[str, Callable[[], Any]] = {
        "history": lambda: nn.plot.plot_history([3.0, 2.0, 1.0], filepath=path),
        "line": lambda: nn.plot.plot_model_dataset_1d(LINE, LINE, nn.Linear(1, 1), path),
        "line classes": lambda: nn.plot.plot_model_dataset_1d_classification(
            LINE, LABELS, nn.LogisticRegression(1, 3), path
        ),
        "plane classes": lambda: nn.plot.plot_model_dataset_2d_classification(
            PLANE, LABELS, nn.LogisticRegression(2, 3), path
        ),
        "confusion": lambda: nn.plot.plot_confusion(LABELS, LABELS[::-1], "abc", path),
        "predictions": lambda: nn.plot.regression1d_predictions(LINE, LINE + 1, path),
        "activation": lambda: nn.plot.plot_activation_function(nn.ReLU(), (-2, 2), True, path),
        "activations": lambda: nn.plot.plot_activation_functions(
            [nn.ReLU(), nn.TanH()], filepath=path
        ),
    }
    figure: Figure = plots[name]()
    return figure


NAMES = ["history", "line", "line classes", "plane classes", "confusion", "predictions"]


EVERY = [*NAMES, "activation", "activations"]


@pytest.mark.parametrize("name", EVERY)
def test_a_plot_is_drawn_with_its_axes_labelled_then_saved_and_closed(
    pyplot: ModuleType, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "plot.png"
    figure = draw(name, path)
    assert path.read_bytes().startswith(b"\x89PNG")
    axes = figure.axes[0]
    assert axes.has_data()
    assert all([axes.get_xlabel(), axes.get_ylabel(), axes.get_title()])
    assert pyplot.get_fignums() == []


@pytest.mark.parametrize("name", EVERY)
def test_a_plot_that_is_not_saved_is_one_figure_shown_once(
    pyplot: ModuleType, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    shown = []
    monkeypatch.setattr(pyplot, "show", lambda: shown.append(pyplot.get_fignums()))
    figure = draw(name, None)
    assert shown == [[figure.number]]


def test_the_style_is_left_as_it_was(pyplot: ModuleType) -> None:
    before = dict(pyplot.rcParams)
    for name in NAMES:
        draw(name, None)
    assert dict(pyplot.rcParams) == before


def test_a_model_is_drawn_as_it_is_used_and_its_phase_is_put_back(pyplot: ModuleType) -> None:
    seen = []

    class Spy(nn.Identity):
        def forward(self, x: Array) -> Array:
            seen.append(self.phase)
            return super().forward(x)

    model = nn.Sequential([Spy()])
    nn.plot.plot_model_dataset_1d(LINE, LINE, model)
    assert seen == [Phase.Test]
    assert model.phase is Phase.Training


def test_a_plot_leaves_the_last_forward_of_a_model_as_it_was(pyplot: ModuleType) -> None:
    x, ones = RNG.standard_normal((3, 1)), np.ones((3, 1))
    model = nn.Sequential([nn.GELU(), nn.BatchNorm(1), nn.Dropout()])
    model.forward(x)
    before, _ = model.backward(ones)
    buffers = {name: value.copy() for name, value in model.get_buffers().items()}
    nn.plot.plot_activation_functions([model, model.layers[0]], backward=True)
    nn.plot.plot_model_dataset_1d(x, x, model)
    np.testing.assert_array_equal(model.backward(ones)[0], before)
    assert {name: value.tolist() for name, value in model.get_buffers().items()} == {
        name: value.tolist() for name, value in buffers.items()
    }


def test_the_regions_are_asked_for_in_the_detail_and_under_the_title_given(
    pyplot: ModuleType,
) -> None:
    points = []

    class Spy(nn.Identity):
        def forward(self, x: Array) -> Array:
            points.append(len(x))
            return super().forward(x)

    def plot(scale: float, **given: Any) -> Figure:
        x = np.array([[0.0, 0.0], [10.0, 10.0]]) * scale
        labels: Any = [0, 1]
        figure: Figure = nn.plot.plot_model_dataset_2d_classification(x, labels, Spy(), **given)
        return figure

    # 11 wide with the margins: the square of 11 / detail, but 50 a side at least, 500 at most.
    for scale in (1, 0.01, 1000):
        plot(scale)
    figure = plot(1, detail=0.11, title="Two students")
    assert points == [110**2, 50**2, 500**2, 100**2]
    assert "Two students" in figure.axes[0].get_title()
    with pytest.raises(nn.LayerError, match="detail"):
        plot(1, detail=0)


def test_a_derivative_is_plotted_instead_of_the_values(pyplot: ModuleType) -> None:
    figure = nn.plot.plot_activation_functions([nn.ReLU(), nn.TanH()], (-1, 1), backward=True)
    relu, tanh = figure.axes[0].lines
    np.testing.assert_array_equal(relu.get_ydata(), relu.get_xdata() > 0)
    np.testing.assert_allclose(tanh.get_ydata(), 1 - np.tanh(tanh.get_xdata()) ** 2)


def test_axes_may_be_put_through_the_origin(pyplot: ModuleType) -> None:
    axes = pyplot.figure().gca()
    nn.plot.spines_origin(axes)
    assert axes.spines["left"].get_position() == axes.spines["bottom"].get_position() == "zero"


def test_a_model_of_one_probability_is_drawn_with_both_classes(pyplot: ModuleType) -> None:
    def sigmoid(features: int) -> nn.Model:
        model = nn.Dense(features, 1, "sigmoid", linear_initializer=nn.initializers.Constant(9.0))
        return nn.Sequential([model])

    labels = (LINE[:, 0] > 0).astype(int)
    (axes,) = nn.plot.plot_model_dataset_1d_classification(LINE, labels, sigmoid(1)).axes
    no, yes = (line.get_ydata() for line in axes.lines)
    np.testing.assert_allclose(no + yes, 1)
    assert yes[-1] > 0.99
    (axes,) = nn.plot.plot_model_dataset_2d_classification(PLANE, labels, sigmoid(2)).axes
    assert set(np.unique(axes.collections[0].get_array())) == {0, 1}


def test_the_wrong_number_of_features_is_refused() -> None:
    with pytest.raises(nn.LayerError, match="of shape"):
        nn.plot.plot_model_dataset_2d_classification(LINE, LABELS, nn.Identity())


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"edunn-serving\[plot\]"):
        nn.plot.plot_history([1.0])
