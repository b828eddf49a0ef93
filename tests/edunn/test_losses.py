"""The losses: labels, clipping, padding, one error per sample."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import edunn as nn
from edunn.arrays import Array

P = np.array([[0.2, 0.5, 0.3], [0.7, 0.1, 0.2]])


def test_squared_error_sums_over_the_features() -> None:
    E = nn.SquaredError().forward(np.zeros((2, 3)), np.array([[1.0, 2.0, 2.0], [0.0, 0.0, 3.0]]))
    np.testing.assert_array_equal(E, [[9], [9]])


@pytest.mark.parametrize(("true", "given"), [((3,), (3, 1)), ((3, 1), (1, 3)), ((2, 1), (3, 1))])
def test_squared_error_does_not_broadcast(true: tuple[int, ...], given: tuple[int, ...]) -> None:
    with pytest.raises(nn.LayerError) as caught:
        nn.SquaredError().forward(np.zeros(true), np.zeros(given))
    assert caught.value.argument == "y_true"


@pytest.mark.parametrize("shape", [(2,), (2, 1), (2, 1, 1)])
def test_cross_entropy_takes_labels_as_a_vector_or_a_column(shape: tuple[int, ...]) -> None:
    E = nn.CrossEntropyWithLabels().forward(np.array([1, 0]).reshape(shape), P)
    np.testing.assert_allclose(E, -np.log([[0.5], [0.7]]))


@pytest.mark.parametrize("label", [-1, 3, 100])
def test_a_label_out_of_range_is_refused(label: int) -> None:
    with pytest.raises(nn.LayerError) as caught:
        nn.CrossEntropyWithLabels().forward(np.array([0, label]), P)
    assert caught.value.argument == "y_true"
    assert caught.value.expected == "of labels from 0 to 2"
    assert str(label) in caught.value.got


@pytest.mark.parametrize(
    "labels", [np.array([0.0, 1.0]), np.array([[0, 1], [1, 0]]), np.array([0, 1, 2]), "ab"]
)
def test_labels_that_are_none_are_refused(labels: Any) -> None:
    with pytest.raises(nn.LayerError) as caught:
        nn.CrossEntropyWithLabels().forward(labels, P)
    assert caught.value.argument == "y_true"


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.int64])
def test_labels_may_be_any_integers(dtype: type[np.generic]) -> None:
    E = nn.CrossEntropyWithLabels().forward(np.array([1, 0], dtype=dtype), P)
    np.testing.assert_allclose(E, -np.log([[0.5], [0.7]]))


@pytest.mark.parametrize(
    ("dtype", "error"), [(np.float64, 708.396), (np.float32, 87.3365), (np.float16, 9.7040)]
)
def test_an_impossible_true_class_costs_a_documented_number(
    dtype: type[np.generic], error: float
) -> None:
    loss, p = nn.CrossEntropyWithLabels(), np.array([[0, 1]], dtype=dtype)
    np.testing.assert_allclose(loss.forward(np.array([0]), p), [[error]], rtol=1e-3)
    gradient, _ = loss.backward()
    assert np.isfinite(gradient[0, 0])
    assert gradient[0, 0] < -1e4


def test_binary_cross_entropy_of_a_sure_and_wrong_answer_is_100_as_in_pytorch() -> None:
    E = nn.BinaryCrossEntropy().forward(np.array([[1], [0]]), np.array([[0.0], [1.0]]))
    np.testing.assert_array_equal(E, 100)


def test_binary_cross_entropy_of_a_sure_and_right_answer_is_nothing_and_has_no_slope() -> None:
    loss = nn.BinaryCrossEntropy()
    truth: Any = [[0], [1]]
    np.testing.assert_array_equal(loss.forward(truth, np.array([[0.0], [1.0]])), 0)
    np.testing.assert_array_equal(loss.backward()[0], 0)


@pytest.mark.parametrize("truth", [np.array([1, 0]), np.array([[1.0], [0.0]]), [True, False]])
def test_binary_cross_entropy_takes_integers_floats_and_booleans(truth: Any) -> None:
    E = nn.BinaryCrossEntropy().forward(truth, np.array([[0.9], [0.2]]))
    np.testing.assert_allclose(E, -np.log([[0.9], [0.8]]))


@pytest.mark.parametrize("truth", [np.array([2, 0]), np.array([-1, 1]), np.array(["a", "b"])])
def test_binary_cross_entropy_refuses_a_truth_that_is_neither_yes_nor_no(truth: Array) -> None:
    with pytest.raises(nn.LayerError) as caught:
        nn.BinaryCrossEntropy().forward(truth, np.array([[0.9], [0.2]]))
    assert caught.value.argument == "y_true"


@pytest.mark.parametrize("y", [np.array([[1.5], [0.1]]), np.array([[-0.5], [0.1]])])
def test_what_is_no_probability_is_refused(y: Array) -> None:
    with pytest.raises(nn.LayerError, match="probabilities between 0 and 1") as caught:
        nn.BinaryCrossEntropy().forward(np.array([1, 0]), y)
    assert caught.value.argument == "y"


def test_scores_in_place_of_probabilities_are_refused() -> None:
    with pytest.raises(nn.LayerError, match="probabilities between 0 and 1"):
        nn.CrossEntropyWithLabels().forward(np.array([0]), np.array([[4.0, -2.0]]))


@pytest.mark.parametrize(
    ("kind", "truth", "y"),
    [
        (nn.SquaredError, np.ones((1, 2)), np.zeros((1, 2))),
        (nn.CrossEntropyWithLabels, np.array([1]), P[:1]),
        (nn.BinaryCrossEntropy, np.array([1]), np.array([[0.5]])),
    ],
)
def test_a_batch_of_one_is_taken(kind: type[Any], truth: Array, y: Array) -> None:
    loss = kind()
    assert loss.forward(truth, y).shape == (1, 1)
    assert loss.backward(np.ones((1, 1)))[0].shape == y.shape


def onehot(labels: list[Any], classes: int = 4) -> Array:
    return np.eye(classes)[labels]


def test_padding_counts_neither_in_the_error_nor_in_the_gradient() -> None:
    rng = np.random.default_rng(0)
    y, loss = rng.standard_normal((2, 3, 4)), nn.SequenceCrossEntropyWithLabels(pad_index=2)
    truth = onehot([[1, 2, 2], [0, 3, 2]])
    E = loss.forward(truth, y)
    gradient, _ = loss.backward()
    log_p = y - np.log(np.exp(y).sum(axis=2, keepdims=True))
    expected = -(log_p[0, 0, 1] + log_p[1, 0, 0] + log_p[1, 1, 3]) / 3
    np.testing.assert_allclose(E, expected, rtol=1e-13)
    np.testing.assert_array_equal(gradient[[0, 0, 1], [1, 2, 2]], 0)


def test_without_a_padding_class_every_step_counts() -> None:
    y, truth = np.zeros((1, 2, 4)), onehot([[0, 1]])
    E = nn.SequenceCrossEntropyWithLabels(pad_index=-1).forward(truth, y)
    np.testing.assert_allclose(E, np.log(4))
    assert nn.SequenceCrossEntropyWithLabels(pad_index=0).forward(truth, y) == E


def test_a_step_of_zeros_is_padding() -> None:
    truth, y = onehot([[1, 3]]), np.zeros((1, 2, 4))
    truth[0, 1] = 0
    y[0, 1, 3] = 50
    np.testing.assert_allclose(
        nn.SequenceCrossEntropyWithLabels(pad_index=2).forward(truth, y), np.log(4)
    )


def test_nothing_but_padding_is_no_error_and_no_gradient() -> None:
    loss = nn.SequenceCrossEntropyWithLabels()
    assert loss.forward(onehot([[0, 0]]), np.ones((1, 2, 4))) == 0
    np.testing.assert_array_equal(loss.backward()[0], 0)


def test_sequences_with_large_scores_are_finite() -> None:
    loss = nn.SequenceCrossEntropyWithLabels()
    E = loss.forward(onehot([[1]]), np.array([[[1000.0, -1000.0, 0.0, 999.0]]]))
    np.testing.assert_allclose(E, 2000 + np.log1p(np.exp(-1)))
    assert np.all(np.isfinite(loss.backward()[0]))


def test_a_sequence_gives_no_parameter_gradients_rather_than_none() -> None:
    loss = nn.SequenceCrossEntropyWithLabels()
    loss.forward(onehot([[1]]), np.zeros((1, 1, 4)))
    assert loss.backward()[1] == {}


@pytest.mark.parametrize(
    "truth",
    [
        np.full((1, 1, 4), 0.25),
        np.ones((1, 1, 4)),
        2 * onehot([[1]]),
        onehot([1]),
        onehot([[1]], 5),
    ],
)
def test_a_truth_that_is_not_one_hot_is_refused(truth: Array) -> None:
    with pytest.raises(nn.LayerError) as caught:
        nn.SequenceCrossEntropyWithLabels().forward(truth, np.zeros((1, 1, 4)))
    assert caught.value.argument == "y_true"


def test_mean_error_is_the_mean_and_its_gradient_is_shared() -> None:
    loss = nn.MeanError(nn.SquaredError())
    E = loss.forward(np.zeros((4, 1)), np.array([[1.0], [2.0], [3.0], [4.0]]))
    assert E.shape == ()
    assert E == 7.5
    np.testing.assert_allclose(loss.backward()[0].ravel(), [0.5, 1, 1.5, 2])


def test_mean_error_of_no_samples_is_refused() -> None:
    with pytest.raises(nn.LayerError, match="at least one sample"):
        nn.MeanError(nn.SquaredError()).forward(np.zeros((0, 2)), np.zeros((0, 2)))


def test_the_cache_of_a_mean_error_has_that_of_its_loss() -> None:
    loss = nn.MeanError(nn.SquaredError())
    loss.forward(np.zeros((2, 1)), np.ones((2, 1)))
    assert set(loss.get_cache()) == {"shape", "sample_error(difference)"}


@pytest.mark.parametrize("what", [nn.ReLU, "SquaredError", None])
def test_mean_error_of_no_loss_is_refused(what: Any) -> None:
    with pytest.raises(nn.ConfigError) as caught:
        nn.MeanError(what)
    assert caught.value.argument == "sample_error"


@pytest.mark.parametrize("loss", [nn.SquaredError(), nn.MeanError(nn.SquaredError())])
@pytest.mark.parametrize("δE", [2, 2.0, np.float32(2), np.array(2.0)])
def test_one_number_is_the_gradient_of_every_error(
    loss: nn.SquaredError | nn.MeanError, δE: Any
) -> None:
    loss.forward(np.zeros((2, 1)), np.ones((2, 1), dtype=np.float32))
    gradient, _ = loss.backward(δE)
    np.testing.assert_allclose(gradient, 2 * loss.backward()[0])
    assert gradient.dtype == np.float32


SIZES = st.integers(1, 4)


@pytest.mark.parametrize(
    ("check", "loss", "shapes"),
    [
        ("squared_error", nn.SquaredError(), st.lists(SIZES, min_size=1, max_size=3)),
        ("squared_error", nn.MeanError(nn.SquaredError()), st.tuples(SIZES, SIZES)),
        ("cross_entropy_labels", nn.CrossEntropyWithLabels(), st.tuples(SIZES, SIZES)),
        (
            "cross_entropy_labels",
            nn.MeanError(nn.CrossEntropyWithLabels()),
            st.tuples(SIZES, SIZES),
        ),
        ("binary_cross_entropy_labels", nn.BinaryCrossEntropy(), SIZES),
        (
            "sequence_cross_entropy",
            nn.SequenceCrossEntropyWithLabels(),
            st.tuples(SIZES, SIZES, SIZES),
        ),
        (
            "sequence_cross_entropy",
            nn.SequenceCrossEntropyWithLabels(pad_index=2),
            st.tuples(SIZES, SIZES, SIZES),
        ),
    ],
)
def test_gradients_agree_with_differences_on_any_shape(
    check: str, loss: nn.Loss, shapes: Any
) -> None:
    @settings(max_examples=25, deadline=None, derandomize=True)
    @given(shapes, st.integers(0, 2**32 - 1))
    def run(shape: Any, seed: int) -> None:
        size = tuple(shape) if isinstance(shape, list) else shape
        answer = getattr(nn.utils.check_gradient, check)(
            loss, size, tolerance=1e-6, rng=np.random.default_rng(seed)
        )
        assert answer, str(answer)

    run()


def test_a_mean_error_is_called_after_what_it_averages() -> None:
    loss = nn.SquaredError()
    assert nn.MeanError(loss).name == f"Mean{loss.name}"
    assert nn.MeanError(nn.SquaredError(name="SE")).name == "MeanSE"
    assert nn.MeanError(loss, name="error").name == "error"


@pytest.mark.parametrize("dtype", ["i1", "u1", "<i2", ">i4", ">i8", "u8", np.intp])
@pytest.mark.parametrize("classes", [3, 300])
def test_a_label_out_of_range_is_refused_in_every_integer_dtype(dtype: Any, classes: int) -> None:
    """Seen without its sign, -1 of one byte is 255, which is a class where there are 300."""
    loss, y = nn.CrossEntropyWithLabels(), np.full((2, classes), 1 / classes)
    info = np.iinfo(dtype)
    wrong = {-1, classes, info.min, info.max} - set(range(classes))
    for label in (each for each in wrong if info.min <= each <= info.max):
        with pytest.raises(nn.LayerError, match=f"{label}"):
            loss.forward(np.array([1, label], dtype), y)
    right = np.array([1, min(classes - 1, info.max)], dtype)
    assert loss.forward(right, y).shape == (2, 1)
    assert np.count_nonzero(loss.backward()[0]) == 2
