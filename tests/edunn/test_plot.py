"""Plots are drawn and saved, and matplotlib is otherwise left alone."""

import sys

import numpy as np
import pytest

import edunn as nn
from edunn.model import Phase

RNG = np.random.default_rng(0)
LABELS = np.array([0, 1, 2, 2, 1, 0])
LINE, PLANE = RNG.standard_normal((6, 1)), RNG.standard_normal((6, 2))


@pytest.fixture
def pyplot():
    matplotlib = pytest.importorskip("matplotlib", reason="plots need matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    yield pyplot
    pyplot.close("all")


def draw(name, path):
    plots = {
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
    return plots[name]()


NAMES = ["history", "line", "line classes", "plane classes", "confusion", "predictions"]


@pytest.mark.parametrize("name", [*NAMES, "activation", "activations"])
def test_a_plot_is_drawn_and_saved(pyplot, tmp_path, name):
    path = tmp_path / "plot.png"
    figure = draw(name, path)
    assert path.read_bytes().startswith(b"\x89PNG")
    assert any(axes.has_data() for axes in figure.axes)


def test_the_style_is_left_as_it_was(pyplot):
    before = dict(pyplot.rcParams)
    for name in NAMES:
        draw(name, None)
    assert dict(pyplot.rcParams) == before


def test_a_model_is_drawn_as_it_is_used_and_its_phase_is_put_back(pyplot):
    seen = []

    class Spy(nn.Identity):
        def forward(self, x):
            seen.append(self.phase)
            return super().forward(x)

    model = nn.Sequential([Spy()])
    nn.plot.plot_model_dataset_1d(LINE, LINE, model)
    assert seen == [Phase.Test]
    assert model.phase is Phase.Training


def test_a_model_of_one_probability_is_drawn_with_both_classes(pyplot):
    def sigmoid(features):
        model = nn.Dense(features, 1, "sigmoid", linear_initializer=nn.initializers.Constant(9.0))
        return nn.Sequential([model])

    labels = (LINE[:, 0] > 0).astype(int)
    (axes,) = nn.plot.plot_model_dataset_1d_classification(LINE, labels, sigmoid(1)).axes
    no, yes = (line.get_ydata() for line in axes.lines)
    np.testing.assert_allclose(no + yes, 1)
    assert yes[-1] > 0.99
    (axes,) = nn.plot.plot_model_dataset_2d_classification(PLANE, labels, sigmoid(2)).axes
    assert set(np.unique(axes.collections[0].get_array())) == {0, 1}


def test_the_wrong_number_of_features_is_refused():
    with pytest.raises(nn.LayerError, match="of shape"):
        nn.plot.plot_model_dataset_2d_classification(LINE, LABELS, nn.Identity())


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"edunn-serving\[plot\]"):
        nn.plot.plot_history([1.0])
