"""Differences, comparisons, labels and batches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import edunn as nn
from edunn import utils
from edunn.arrays import Array


def test_the_numerical_gradient_is_the_derivative_once_and_not_one_and_a_half_times() -> None:
    gradient = utils.numerical_gradient(lambda x: np.sum(x**2), np.array([1.0, -3.0]))
    np.testing.assert_allclose(gradient, [2, -6], rtol=1e-8)


def test_the_numerical_gradient_weighs_outputs() -> None:
    gradient = utils.numerical_gradient(lambda x: x**2, np.array([1.0, 2.0]), np.array([3.0, 5.0]))
    np.testing.assert_allclose(gradient, [6, 20], rtol=1e-8)


def test_the_numerical_gradient_leaves_its_argument_alone() -> None:
    x = np.array([[1.0, 2.0]])
    x.flags.writeable = False
    utils.numerical_gradient(np.sum, x)
    np.testing.assert_array_equal(x, [[1, 2]])


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-8), (np.float32, 0.05)])
def test_the_numerical_gradient_of_an_array_that_is_used_by_another_name(
    dtype: type[np.generic], tolerance: float
) -> None:
    layer, x = nn.Linear(3, 2), np.random.default_rng(0).standard_normal((4, 3))
    layer.set_parameters({"w": layer.get_parameters()["w"].astype(dtype)})
    w = layer.get_parameters()["w"]
    before, g = w.copy(), np.linspace(1, 2, 8).reshape(4, 2)
    gradient = utils.numerical_gradient(lambda _: layer.forward(x), w, g)
    layer.forward(x)
    np.testing.assert_allclose(gradient, layer.backward(g)[1]["w"], rtol=tolerance)
    np.testing.assert_array_equal(w, before)


@pytest.mark.parametrize(
    ("x", "sentence"),
    [
        (np.array([1, 2]), r"x should be an array of floats .* shape \(2,\) of int64\."),
        (np.broadcast_to(np.float64(1), 2), r"x should be .* of float64, read-only\."),
        ([1.0, 2.0], r"x should be .* a list\."),
    ],
)
def test_what_cannot_be_moved_may_not_be_used_by_another_name(x: Any, sentence: str) -> None:
    with pytest.raises(nn.LayerError, match=sentence):
        utils.numerical_gradient(lambda _: np.square(x), x)
    given = utils.numerical_gradient(np.square, x)
    np.testing.assert_allclose(given, 2.0 * np.asarray(x), rtol=1e-8)


def test_the_numerical_gradient_puts_an_array_back_where_the_function_fails() -> None:
    x = np.ones(2)
    with pytest.raises(ZeroDivisionError):
        utils.numerical_gradient(lambda x: 1 // 0, x)
    np.testing.assert_array_equal(x, 1)


def test_the_numerical_gradient_of_float32_is_that_of_its_numbers_in_double_precision() -> None:
    x = np.array([0.1, 300.0], np.float32)
    np.testing.assert_allclose(utils.numerical_gradient(lambda x: x**2, x), 2.0 * x, rtol=1e-7)


def test_the_numerical_gradient_takes_a_function_that_answers_in_one_array() -> None:
    y = np.zeros(2)
    gradient = utils.numerical_gradient(lambda x: np.multiply(x, 3, out=y), np.ones(2))
    np.testing.assert_allclose(gradient, 3)


def test_the_numerical_gradient_does_not_broadcast() -> None:
    with pytest.raises(nn.LayerError) as caught:
        utils.numerical_gradient(lambda x: x, np.ones(3), np.ones((3, 1)))
    assert caught.value.argument == "δEδy"


@pytest.mark.parametrize("shape", [(), (3,), (2, 0), (2, 3, 1)])
def test_the_numerical_gradient_has_the_shape_of_its_argument(shape: tuple[int, ...]) -> None:
    assert utils.numerical_gradient(np.sum, np.ones(shape)).shape == shape


def test_same_takes_what_is_close_and_refuses_what_is_not() -> None:
    assert utils.same(np.ones(3), np.ones(3) + 1e-14)
    assert not utils.same(np.ones(3), np.ones(3) + 1e-9)
    assert utils.same(1e9, 1e9 + 1e-5)


def test_same_refuses_another_shape_even_if_it_broadcasts() -> None:
    assert not utils.same(np.ones(3), np.ones((3, 1)))
    assert not utils.same(np.ones((1, 1)), 1.0)


@pytest.mark.parametrize(
    "values", [np.array([True, False]), np.array(["a", "b"]), np.array([1j, 2]), np.array([1, 2])]
)
def test_same_takes_masks_words_and_other_numbers(values: Array) -> None:
    assert utils.same(values, values.copy())
    assert not utils.same(values, values[::-1])


def test_same_takes_numbers_whose_difference_is_past_all_numbers() -> None:
    assert not utils.same(1e308, -1e308)


def test_nan_is_the_same_as_nothing() -> None:
    assert not utils.same(np.array([np.nan]), np.array([np.nan]))


def test_infinity_is_the_same_as_itself_alone() -> None:
    assert utils.same(np.inf, np.inf)
    assert not utils.same(np.inf, -np.inf)
    assert not utils.same(np.inf, 1.0)


def test_a_comparison_says_where_arrays_differ() -> None:
    answer = utils.same(np.array([1.0, 2.0]), np.array([1.0, 5.0]))
    assert "1 of 2" in str(answer)
    assert "[1]: expected 2.0, got 5.0" in str(answer)


def test_different_is_the_opposite_of_same() -> None:
    assert utils.different(np.ones(2), np.zeros(2))
    assert utils.different(np.ones(2), np.ones(3))
    assert not utils.different(np.ones(2), np.ones(2))


def test_a_check_of_a_number_says_the_number_and_what_it_should_be(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert utils.check_mean(np.array([1.0, 3.0]), 2.0)
    assert not utils.check_same_float(3.0, 2.5, "the slope")
    printed = capsys.readouterr().out.splitlines()
    assert printed == ["OK: mean is 2.0", "WRONG: the slope is 2.5, and should be 3.0"]


def test_shapes_are_left_out_of_a_check_where_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    ones, row = np.ones((2, 3)), np.ones(3)
    assert not utils.check_same(ones, row)
    assert utils.check_same(ones, row, check_shape=False)
    assert not utils.check_same(ones, np.ones(4), check_shape=False)
    # Another shape is a mistake, not the difference that is asked for.
    assert not utils.check_different(ones, row * 2)
    assert utils.check_different(ones, row * 2, check_shape=False)


def test_a_value_that_was_forgotten_is_told_of(capsys: pytest.CaptureFixture[str]) -> None:
    forgotten: Any = None
    assert not utils.check_same(np.ones(2), forgotten)
    assert "the calculated value is None" in capsys.readouterr().out


def test_the_check_functions_print_and_answer(capsys: pytest.CaptureFixture[str]) -> None:
    assert utils.check_same(np.ones(2), np.ones(2))
    assert not utils.check_different(np.ones(2), np.ones(2))
    assert not utils.check_same_shape(np.ones(2), np.ones(3))
    assert utils.check_same_float(1.0, 1.0, "one")
    assert utils.check_mean(np.array([1.0, 3.0]), 2.0)
    assert utils.check_std(np.array([1.0, 3.0]), 1.0)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["OK", "WRONG", "WRONG", "OK", "OK", "OK"]


def test_approximate_equals_is_a_bool() -> None:
    assert utils.approximate_equals(np.ones(2), np.ones(2)) is True


def test_labels_and_onehot_rows_are_each_others_inverse() -> None:
    labels = np.array([2, 0, 1, 2])
    onehot = utils.labels2onehot(labels, 4)
    assert onehot.shape == (4, 4)
    np.testing.assert_array_equal(onehot.sum(axis=1), 1)
    np.testing.assert_array_equal(utils.onehot2labels(onehot), labels)


@pytest.mark.parametrize("labels", [np.array([0, 3]), np.array([-1, 0]), np.array([0.0])])
def test_labels_out_of_range_are_refused(labels: Array) -> None:
    with pytest.raises(nn.LayerError):
        utils.labels2onehot(labels, 3)


@pytest.mark.parametrize("rows", [np.ones(3), np.ones((2, 0)), np.array(1)])
def test_rows_that_are_none_are_refused(rows: Array) -> None:
    with pytest.raises(nn.LayerError):
        utils.onehot2labels(rows)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.integers(1, 30), st.integers(1, 12), st.booleans(), st.integers(0, 99))
def test_batches_have_every_sample_once_and_in_step(
    samples: int, batch_size: int, shuffle: bool, seed: int
) -> None:
    x = np.arange(samples)
    rng = np.random.default_rng(seed)
    batches = list(utils.batch_arrays(batch_size, x, -x, shuffle=shuffle, rng=rng))
    assert sorted(np.concatenate([a for a, _ in batches])) == list(range(samples))
    assert all(np.array_equal(a, -b) for a, b in batches)
    assert all(len(a) == batch_size for a, _ in batches[:-1])


@pytest.mark.parametrize("batch_size", [0, -1, 1.5, None])
def test_a_batch_size_that_is_no_positive_integer_is_refused(batch_size: Any) -> None:
    with pytest.raises(nn.LayerError) as caught:
        next(utils.batch_arrays(batch_size, np.ones(3)))
    assert caught.value.argument == "batch_size"


def test_a_shuffle_without_a_generator_is_numpys_global_one() -> None:
    orders = []
    for _ in range(2):
        np.random.seed(4)
        orders.append(next(utils.batch_arrays(20, np.arange(20), shuffle=True))[0])
    np.testing.assert_array_equal(orders[0], orders[1])
    assert list(orders[0]) != list(range(20))
