"""The gradient check: what it must catch, what it must leave alone."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import edunn as nn
from edunn.arrays import Array
from edunn.model import ParameterSet
from edunn.utils.check_gradient import common_layer, show


class Broken(nn.Linear):
    """A linear layer whose backward is changed by a function."""

    def __init__(self, change: Callable[..., tuple[Array, ParameterSet]]) -> None:
        super().__init__(3, 2)
        self.change = change

    def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
        return self.change(*super().backward(δEδy))


def check(change: Callable[..., Any], **more: Any) -> Any:
    return common_layer(Broken(change), (4, 3), **more)


def test_a_right_layer_passes() -> None:
    answer = check(lambda x, p: (x, p))
    assert answer.passed
    assert [a.checked for a in answer.arrays] == [12, 6]


@pytest.mark.parametrize(
    ("change", "array"),
    [
        (lambda x, p: (1.5 * x, p), "x"),
        (lambda x, p: (x + 1e-5, p), "x"),
        (lambda x, p: (x, {"w": -p["w"]}), "w"),
        (lambda x, p: (x * np.nan, p), "x"),
        (lambda x, p: (x, {"w": p["w"] * np.nan}), "w"),
        (lambda x, p: (x, {}), "w"),
        (lambda x, p: (np.zeros(0), p), "x"),
        (lambda x, p: (x[:1], p), "x"),
        (lambda x, p: (x, {"w": p["w"].ravel()}), "w"),
        (lambda x, p: (x, {"w": np.zeros((3, 2), dtype=int)}), "w"),
        (lambda x, p: (x, p | {"v": p["w"]}), "v"),
        (lambda x, p: (None, p), "x"),
        (lambda x, p: (x, None), "x"),
        (lambda x, p: x, "x"),
        (lambda x, p: None, "x"),
    ],
)
def test_a_wrong_backward_fails_and_the_array_is_named(
    change: Callable[..., Any], array: str
) -> None:
    answer = check(change)
    assert not answer
    assert list(answer.problems) == [array]


def test_a_single_wrong_element_is_found() -> None:
    def change(δEδx: Array, δEδp: ParameterSet) -> tuple[Array, ParameterSet]:
        δEδx[2, 1] += 1e-3
        return δEδx, δEδp

    assert "[2, 1]" in check(change).problems["x"]


def test_no_samples_is_no_pass() -> None:
    answer = check(lambda x, p: (x, p), samples=0)
    assert not answer
    assert "nothing was checked" in str(answer)


def test_an_empty_input_is_no_pass() -> None:
    assert not common_layer(nn.ReLU(), (0, 3))


def test_dropout_is_checked_with_one_mask_held_still() -> None:
    for rng in (None, np.random.default_rng(0)):
        layer = nn.Dropout(0.5)
        layer.rng = rng
        assert common_layer(layer, (5, 6))


def test_a_dropout_inside_a_network_is_checked_too() -> None:
    layers = [nn.Linear(3, 4), nn.Dropout(0.3), nn.Sequential([nn.Dropout(0.3)])]
    net = nn.Sequential(layers)
    layers[1].rng = np.random.default_rng(1)
    assert common_layer(net, (5, 3))


def test_a_dropout_that_scales_its_backward_wrongly_is_found() -> None:
    class Wrong(nn.Dropout):
        def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
            return super().backward(δEδy)[0] * (1 - self.p), {}

    assert not common_layer(Wrong(0.5), (4, 4))


def test_a_backward_that_scales_its_argument_in_place_is_found() -> None:
    class Wrong(nn.TanH):
        def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
            δEδy *= 1.5
            return super().backward(δEδy)

    assert not common_layer(Wrong(), (3, 4))


def test_a_forward_that_writes_to_its_input_is_found() -> None:
    class InPlace(nn.ReLU):
        def forward(self, x: Array) -> Array:
            y = super().forward(x)
            x[...] = 0
            return y

    assert "writes to its argument" in common_layer(InPlace(), (3, 4)).problems["x"]


def test_a_forward_that_writes_to_its_input_later_is_found() -> None:
    class InPlace(nn.TanH):
        calls = 0

        def forward(self, x: Array) -> Array:
            y = super().forward(x)
            self.calls += 1
            if self.calls == 20:
                x[0] = 0
            return y

    assert "forward writes to its argument" in common_layer(InPlace(), (3, 4)).problems["x"]


def test_a_backward_that_writes_to_the_input_that_was_kept_is_found() -> None:
    class InPlace(nn.Model):
        def forward(self, x: Array) -> Array:
            self.set_cache(x)
            return x * x

        def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
            (x,) = self.get_cache()
            x *= 2
            return x * δEδy, {}

    assert "backward writes to its argument" in common_layer(InPlace(), (3, 4)).problems["x"]


def test_a_forward_may_return_its_input_itself() -> None:
    class Same(nn.Model):
        def forward(self, x: Array) -> Array:
            return x

        def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
            return self.scale * δEδy, {}

        scale = 1.0

    layer = Same()
    assert common_layer(layer, (3, 4))
    layer.scale = 1.001
    assert not common_layer(layer, (3, 4))


def test_a_layer_of_ones_own_that_draws_is_checked_with_the_same_numbers_at_every_forward() -> None:
    class Noise(nn.Model):
        def forward(self, x: Array) -> Array:
            noise = np.random.standard_normal(x.shape)
            self.set_cache(noise)
            return noise * x

        def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
            (noise,) = self.get_cache()
            return noise * δEδy, {}

    np.random.seed(1)
    assert common_layer(Noise(), (3, 4))
    after = np.random.rand()
    np.random.seed(1)
    assert after == np.random.rand()


# As a notebook has them in a cell of its own.
GENERATOR, OLDER = np.random.default_rng(5), np.random.RandomState(5)


class Drawn(nn.Model):
    """A layer of somebody's own with random numbers of its own."""

    def __init__(self, draw: Callable[[Drawn, tuple[int, ...]], object], wrong: float = 1) -> None:
        super().__init__()
        self.draw, self.wrong = draw, wrong
        self.mine, self.older = np.random.default_rng(3), random.Random(3)  # noqa: S311

    def forward(self, x: Array) -> Array:
        self.set_cache(np.asarray(self.draw(self, x.shape)))
        return np.asarray(self.get_cache()[0] * x)

    def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
        (noise,) = self.get_cache()
        return self.wrong * noise * δEδy, {}


@pytest.mark.parametrize(
    "draw",
    [
        lambda layer, shape: layer.mine.random(shape),
        lambda layer, shape: layer.older.random(),
        lambda layer, shape: GENERATOR.random(shape),
        lambda layer, shape: OLDER.rand(*shape),
        lambda layer, shape: random.random(),  # noqa: S311
    ],
    ids=["a generator", "a Python generator", "a variable", "an old one", "Python's own"],
)
def test_a_layer_may_draw_from_any_generator(draw: Any) -> None:
    assert common_layer(Drawn(draw), (3, 4), samples=3)
    assert not common_layer(Drawn(draw, wrong=1.01), (3, 4), samples=3)
    stacked = nn.Sequential([nn.Linear(4, 4), Drawn(draw)])
    assert common_layer(stacked, (3, 4))


def test_a_layer_whose_numbers_are_drawn_anew_at_every_forward_is_told_so() -> None:
    layer = Drawn(lambda layer, shape: np.random.default_rng().random(shape))
    assert "two forwards of one input differ" in str(common_layer(layer, (3, 4)))


def test_a_normal_number_that_numpy_has_kept_for_the_next_draw_is_kept_on() -> None:
    class Noise(nn.Model):
        def forward(self, x: Array) -> Array:
            self.set_cache(np.random.randn())
            return np.asarray(self.get_cache()[0] * x)

        def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
            (noise,) = self.get_cache()
            return noise * δEδy, {}

    after = []
    for checks in (0, 2):
        np.random.seed(1)
        # Numbers are drawn in pairs, and the second one is kept.
        np.random.randn()
        assert all(common_layer(Noise(), (3, 4)) for _ in range(checks))
        after.append(np.random.randn())
    assert after[0] == after[1]


def test_parameters_buffers_and_generators_are_left_as_they_were() -> None:
    net = nn.Sequential([nn.Linear(3, 4), nn.BatchNorm(4), nn.Dropout()])
    net.rng = np.random.default_rng(5)
    arrays = [*net.get_parameters().values(), *net.get_buffers().values()]
    before, state = [a.copy() for a in arrays], net.rng.bit_generator.state
    np.random.seed(1)
    assert common_layer(net, (6, 3))
    assert all(np.array_equal(a, b) for a, b in zip(arrays, before, strict=True))
    assert [id(a) for a in arrays] == [
        id(a) for a in (*net.get_parameters().values(), *net.get_buffers().values())
    ]
    assert net.rng.bit_generator.state == state
    after = np.random.rand()
    np.random.seed(1)
    assert after == np.random.rand()


def test_parameters_are_restored_when_the_forward_fails() -> None:
    class Fails(nn.Linear):
        calls = 0

        def forward(self, x: Array) -> Array:
            self.calls += 1
            if self.calls > 10:
                raise RuntimeError("too often")
            return super().forward(x)

    layer = Fails(3, 2)
    before = layer.get_parameters()["w"].copy()
    with pytest.raises(RuntimeError):
        common_layer(layer, (1, 3))
    np.testing.assert_array_equal(layer.get_parameters()["w"], before)


class Kinked(nn.ReLU):
    """A ReLU whose input has zeros among other numbers."""

    def forward(self, x: Array) -> Array:
        shifted = x.copy()
        shifted[0] -= SHIFT[0]
        return super().forward(shifted)


SHIFT = np.random.default_rng(0).standard_normal((2, 4))


def test_kinks_are_skipped_and_counted() -> None:
    # The check's own first input, so that half of the numbers lie exactly at zero.
    answer = common_layer(Kinked(), (2, 4))
    assert answer.passed
    (x,) = answer.arrays
    assert (x.kinks, x.checked) == (4, 4)


def test_where_most_lies_at_kinks_nothing_has_been_checked() -> None:
    class Always(nn.ReLU):
        def forward(self, x: Array) -> Array:
            return super().forward(x - SHIFT)

    assert not common_layer(Always(), (2, 4))


def test_a_wrong_slope_is_not_taken_for_a_kink() -> None:
    class Wrong(nn.TanH):
        def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
            return super().backward(δEδy)[0] * 1.001, {}

    assert not common_layer(Wrong(), (3, 3))


def test_frozen_layers_are_checked_without_their_parameters() -> None:
    net = nn.Sequential([nn.Linear(3, 4), nn.Linear(4, 2)])
    net[0].frozen = True
    answer = common_layer(net, (2, 3))
    assert answer
    assert [a.name for a in answer.arrays] == ["x", "linear2(w)"]


def test_two_different_forwards_of_one_input_fail() -> None:
    class Moody(nn.Identity):
        calls = 0

        def forward(self, x: Array) -> Array:
            self.calls += 1
            return super().forward(x) + self.calls

    assert "differ" in common_layer(Moody(), (2, 2)).problems["x"]


def test_parameters_in_single_precision_are_no_pass() -> None:
    layer = nn.Linear(3, 2)
    layer.set_parameters({"w": np.ones((3, 2), dtype=np.float32)})
    assert "float64" in common_layer(layer, (2, 3)).problems["w"]


def test_it_stops_at_the_first_wrong_input_unless_told_not_to() -> None:
    wrong = [check(lambda x, p: (-x, p), samples=3, break_on_error=b) for b in (True, False)]
    assert [len(answer.arrays) for answer in wrong] == [2, 6]


def test_one_line_is_printed_the_repr_is_short_and_the_answer_prints_as_a_report(
    capsys: pytest.CaptureFixture[str],
) -> None:
    right = check(lambda x, p: (x, p), samples=20)
    wrong = check(lambda x, p: (x, {}))
    printed = capsys.readouterr()
    assert printed.err == ""
    assert printed.out.splitlines() == [right.line, wrong.line]
    assert right.line.startswith("Broken: gradients are right: 360 derivatives of 20 random inputs")
    assert wrong.line == "Broken: gradients are WRONG: w: the gradient is missing"
    assert repr(right) == "GradientCheck(Broken: passed)"
    assert repr(wrong) == "GradientCheck(Broken: failed)"
    assert "DIFFER" in str(wrong)
    assert "w (input 1): WRONG: the gradient is missing" in str(wrong)


def test_a_report_is_printed_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    show(check(lambda x, p: (x, p)))
    assert "gradients" in capsys.readouterr().out


def test_the_check_is_importable_from_the_library() -> None:
    assert nn.utils.check_gradient.common_layer is common_layer


@pytest.mark.parametrize("layer", [nn.ReLU, None, "ReLU"])
def test_what_is_no_layer_is_told_so(layer: Any) -> None:
    with pytest.raises(nn.LayerError, match="l should be a model, but got "):
        common_layer(layer, (2, 3))
