"""The names of the course's library are here too: a notebook finds all that it calls."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from course_names import (
    ATTRIBUTES,
    EVERY_LAYER,
    FAKE_ATTRIBUTES,
    INITIALIZER_ATTRIBUTES,
    LAYERS,
    LOSSES,
    NAMES,
    OPTIMIZER_ATTRIBUTES,
    VALUES,
    entries,
)
from examples import make

import edunn as nn
from edunn.arrays import Array
from edunn.model import ParameterSet

IN_MODELS = [(f"edunn.models.{m}", name, a) for m, name, a in entries(LAYERS + LOSSES)]
ALL = [*entries(NAMES), *IN_MODELS]


def find(module: str, name: str) -> Any:
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found


def arguments(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """Return the parameters of a function, or of a method without its self."""
    parameters = list(inspect.signature(function).parameters.values())
    return [p for p in parameters if p.name != "self"]


@pytest.mark.parametrize(
    ("module", "name", "expected"), ALL, ids=[f"{m.removeprefix('edunn.')}.{n}" for m, n, _ in ALL]
)
def test_arguments_have_the_courses_names_and_places(
    module: str, name: str, expected: list[str]
) -> None:
    given = arguments(find(module, name))
    positional = [p for p in given if p.kind is not p.KEYWORD_ONLY]
    names = [f"*{p.name}" if p.kind is p.VAR_POSITIONAL else p.name for p in positional]
    after_star = "*arrays" in expected
    if after_star:
        names = [*names, *(p.name for p in given if p.kind is p.KEYWORD_ONLY)]
    assert names[: len(expected)] == expected
    own = [p for p in given if p.name not in {e.lstrip("*") for e in expected}]
    if name != "Optimizer.optimize":
        # What the course does not know of may be left out.
        assert all(p.default is not p.empty for p in own)


@pytest.mark.parametrize(("module", "name"), [e[:2] for e in IN_MODELS if "." not in e[1]])
def test_layers_and_losses_are_in_the_library_and_in_its_models(module: str, name: str) -> None:
    assert find(module, name) is getattr(nn, name) is getattr(nn.models, name)
    assert inspect.ismodule(getattr(nn, module.rpartition(".")[2]))


@pytest.mark.parametrize(("name"), [e[1] for e in entries(LAYERS)])
def test_layers_take_x_and_the_gradient_of_y(name: str) -> None:
    kind = getattr(nn, name)
    assert [p.name for p in arguments(kind.forward)] == ["x"]
    assert [p.name for p in arguments(kind.backward)] == ["δEδy"]


@pytest.mark.parametrize("name", [e[1] for e in entries(LOSSES) if "." not in e[1]])
def test_losses_take_the_truth_first(name: str) -> None:
    assert [p.name for p in arguments(getattr(nn, name).forward)] == ["y_true", "y"]


def lacking(thing: object, names: str) -> list[str]:
    return [name for name in names.split() if not hasattr(thing, name)]


@pytest.mark.parametrize("kind", [e[1] for e in entries(LAYERS + LOSSES) if "." not in e[1]])
def test_layers_have_the_courses_attributes(kind: str) -> None:
    assert lacking(make(kind), f"{EVERY_LAYER} {ATTRIBUTES.get(kind, '')}") == []


def test_stand_ins_have_the_courses_attributes() -> None:
    fakes = nn.FakeModel(np.ones(2), np.ones(2)), nn.FakeError()
    for fake in fakes:
        names = FAKE_ATTRIBUTES[type(fake).__name__]
        assert lacking(fake, f"{EVERY_LAYER} {names}") == []


@pytest.mark.parametrize("module", VALUES)
def test_modules_have_the_courses_values(module: str) -> None:
    assert lacking(importlib.import_module(module), VALUES[module]) == []


@pytest.mark.parametrize("kind", OPTIMIZER_ATTRIBUTES)
def test_optimizers_have_the_courses_attributes(kind: str) -> None:
    optimizer = getattr(nn, kind)(2, 3)
    names = f"batch_size epochs shuffle {OPTIMIZER_ATTRIBUTES[kind]}"
    assert lacking(optimizer, names) == []


def test_initializers_have_the_courses_attributes() -> None:
    for kind, names in INITIALIZER_ATTRIBUTES.items():
        assert lacking(getattr(nn.initializers, kind)(0.5), names) == []


def test_an_optimizer_shows_the_state_of_the_model_that_took_the_last_step() -> None:
    g = np.array([1.0, -2.0])
    for kind, entry, expected in (
        (nn.MomentumGD, "v", 0.1 * (0.9 * g + g)),
        (nn.NesterovMomentumGD, "v", 0.1 * (0.9 * g + g)),
        (nn.RMSprop, "v", 0.01 * g**2 * 1.99),
        (nn.Adam, "m", 0.1 * g * 1.9),
        (nn.Adam, "v", 0.001 * g**2 * 1.999),
    ):
        optimizer = kind(1, 1)
        assert optimizer.first
        assert getattr(optimizer, entry) == {}
        models = [nn.FakeModel(np.zeros(2), g) for _ in range(2)]
        for model, steps in zip(models, (1, 2), strict=True):
            for _ in range(steps):
                optimizer.optimize_batch(model, {"parameter": g}, 0, 0)
        assert not optimizer.first
        np.testing.assert_allclose(getattr(optimizer, entry)["parameter"], expected)


def test_the_paths_of_data_sets_lie_in_their_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("EDUNN_DATASETS", str(tmp_path))
    datasets = nn.datasets
    assert datasets.basepath == datasets.classification.basepath == tmp_path
    assert datasets.classification.classification_basepath == tmp_path / "classification_data"
    assert datasets.regression.regression_basepath == tmp_path / "regression_data"
    with pytest.raises(AttributeError, match="no attribute 'somewhere'"):
        _ = datasets.somewhere


def test_single_names_and_values() -> None:
    assert nn.eps == 1e-12
    assert [phase.value for phase in nn.Phase] == ["Training", "Test"]
    assert nn.Phase("training") is nn.Phase.Training
    with pytest.raises(ValueError, match="exam"):
        nn.Phase("exam")
    assert nn.utils.default_tol == nn.utils.comparisons.default_tol == 1e-12
    net = make("Sequential")
    assert isinstance(net, nn.Sequential)
    assert isinstance(net.layers, list)
    adam = nn.Adam(1, 1, betas=(0.5, 0.25))
    assert (adam.beta_1, adam.beta_2) == (0.5, 0.25)
    assert nn.trainers.Adam is nn.optimizer.Adam is nn.Adam
    assert set(nn.models.dense.activation_dict) == {"id", "relu", "tanh", "sigmoid", "softmax"}


@pytest.mark.parametrize("name", ["GradientDescent", "RMSprop", "Adam", "MomentumGD", "SignGD"])
def test_the_learning_rate_is_the_courses(name: str) -> None:
    assert getattr(nn, name)(1, 1).lr == 0.1


def test_the_parts_of_a_convolution_make_up_its_backward() -> None:
    rng = np.random.default_rng(0)
    w, x = rng.standard_normal((4, 3, 3, 5)), rng.standard_normal((2, 3, 8, 9))
    for stride, padding in ((1, 0), (2, 1), (3, 3)):
        layer = nn.Conv2d(3, 4, (3, 5), stride, padding)
        layer.set_parameters({"w": w})
        y = layer.forward(x)
        strides, pads = (stride, stride), (padding, padding)
        np.testing.assert_allclose(nn.convolution.conv2d_forward(w, x, strides, pads), y)
        δEδy = rng.standard_normal(y.shape)
        δEδx, δEδp = layer.backward(δEδy)
        flipped, full = np.flip(w, axis=(2, 3)), (2 - padding, 4 - padding)
        ours = nn.convolution.conv2d_backward_x(flipped, δEδy, x, strides, full)
        np.testing.assert_allclose(ours, δEδx, atol=1e-12)
        ours = nn.convolution.conv2d_backward_w(δEδy, x, w, strides, pads)
        np.testing.assert_allclose(ours, δEδp["w"], atol=1e-12)


def test_images_are_dilated_and_padded() -> None:
    x = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
    spread = nn.convolution.dilate2d(x, (1, 3))
    assert spread[0, 0].tolist() == [[1, 0, 0, 2], [3, 0, 0, 4]]
    padded = nn.convolution.pad2d(x, (1, 0))
    assert padded[0, 0].tolist() == [[0, 0], [1, 2], [3, 4], [0, 0]]
    assert [n for n in range(4) if nn.convolution.is_odd(n)] == [1, 3]


def test_the_parts_of_pooling_agree_with_the_layers() -> None:
    rng = np.random.default_rng(0)
    x, steps, size = rng.standard_normal((2, 3, 7, 6)), (2, 1), (2, 3)
    for function, kind, backward in (
        (np.max, nn.MaxPool2d, nn.pooling.conv2d_backward_max),
        (np.mean, nn.AvgPool2d, nn.pooling.conv2d_backward_avg),
    ):
        layer = kind(size, steps)
        y = layer.forward(x)
        np.testing.assert_allclose(nn.pooling.conv2d_forward(x, function, steps, size), y)
        np.testing.assert_array_equal(backward(y, x, steps, size), layer.backward(y)[0])


def test_functions_that_layers_are_made_of() -> None:
    x = np.array([[-3.0, 0.0, 1e-9, 900.0]])
    np.testing.assert_allclose(nn.activations.erf(x[:, :3]), [[-0.9999779095, 0, 1.128379167e-9]])
    density = nn.activations.normal_pdf(x[0, :2] + 1, mean=1, std=2)
    np.testing.assert_allclose(density, [0.0647587978, 0.1994711402], rtol=1e-9)
    log_p = nn.cross_entropy_error.log_softmax(x)
    np.testing.assert_allclose(log_p, [[-903.0, -900.0, -900 + 1e-9, 0.0]])
    y = nn.Softmax().forward(x[:, :3])
    layer, δEδy = nn.Softmax(), np.array([[1.0, -2.0, 0.5]])
    layer.forward(x[:, :3])
    sample = layer.backward_sample(δEδy[0], y[0])
    np.testing.assert_allclose(layer.backward(δEδy)[0][0], sample, rtol=1e-12)
    assert nn.optimizer.all_equal([1, 1.0, True])
    assert not nn.optimizer.all_equal([1, 2])
    assert nn.optimizer.all_equal([])


def test_a_gradient_is_checked_step_by_step(capsys: pytest.CaptureFixture[str]) -> None:
    check = nn.utils.check_gradient
    layer, rng = nn.Dense(3, 2, "tanh"), np.random.default_rng(0)
    before = layer.get_parameters()["w"].copy()
    f, df, shapes = check.common_layer_to_function(layer)
    assert shapes == {"w": (3, 2), "b": (2,)}

    def draw() -> ParameterSet:
        sizes = {"x": (4, 3), **shapes}
        return {name: rng.standard_normal(size) for name, size in sizes.items()}

    def gradient() -> Array:
        return rng.standard_normal((4, 2))

    def wrong(inputs: ParameterSet, δEδy: Array) -> ParameterSet:
        return {name: 2 * value for name, value in df(inputs, δEδy=δEδy).items()}

    check.common_layer_random_sample(layer, f, df, draw, gradient, samples=2)
    assert "OK: " in capsys.readouterr().out
    check.common_layer_random_sample(layer, f, wrong, draw, gradient, samples=2)
    printed = capsys.readouterr().out
    assert "WRONG: " in printed
    assert "δEδw by differences" in printed
    np.testing.assert_array_equal(layer.get_parameters()["w"], before)
    g = np.array([1.0, 2.0, 0.0, np.nan])
    assert check.relative_error_count(g, np.array([1.0, 2.2, 0.0, 1.0]), 1e-3)[:2] == (2, 4)


def test_a_loss_is_a_function_too() -> None:
    f, df, shapes = nn.utils.model2function.error_layer_to_function(nn.SquaredError())
    inputs = {"y_true": np.zeros((2, 1)), "y": np.array([[1.0], [3.0]])}
    assert shapes == {}
    assert f(inputs).tolist() == [[1], [9]]
    assert df(inputs)["y"].tolist() == [[2], [6]]
