"""Data sets by name, and their division."""

import sys

import numpy as np
import pytest

import edunn as nn
from edunn import datasets

SIZES = {
    "iris": (150, 4, 3),
    "wine": (178, 13, 3),
    "digits": (1797, 64, 10),
    "breast_cancer": (569, 30, 2),
}


@pytest.fixture
def sklearn():
    return pytest.importorskip("sklearn", reason="the data sets come with scikit-learn")


@pytest.mark.usefixtures("sklearn")
@pytest.mark.parametrize("name", SIZES)
def test_a_classification_has_its_samples_features_and_classes(name):
    x, y, classes = datasets.load_classification(name)
    assert (*x.shape, len(classes)) == SIZES[name]
    assert (x.dtype, y.dtype) == (np.float64, np.int64)
    assert sorted(set(y)) == list(range(len(classes)))


@pytest.mark.usefixtures("sklearn")
def test_labels_may_come_as_onehot_rows():
    _, labels, _ = datasets.load_classification("iris")
    _, rows, _ = datasets.load_classification("iris", onehot=True)
    np.testing.assert_array_equal(nn.utils.onehot2labels(rows), labels)


@pytest.mark.usefixtures("sklearn")
def test_a_regression_has_a_column_of_numbers():
    x, y = datasets.load_regression("diabetes")
    assert (x.shape, y.shape, y.dtype) == ((442, 10), (442, 1), np.float64)


@pytest.mark.usefixtures("sklearn")
def test_every_name_that_is_listed_can_be_loaded():
    for name in (*datasets.get_classification_names(), *datasets.get_regression_names()):
        data = datasets.load(name)
        assert len(data.x) == len(data.y)
        assert len(data.features) == data.x.shape[1]


def test_an_unknown_name_is_refused_with_the_near_ones():
    with pytest.raises(nn.LayerError, match="did you mean iris"):
        datasets.load("irs")


@pytest.mark.usefixtures("sklearn")
def test_a_data_set_of_the_other_kind_is_refused():
    with pytest.raises(nn.LayerError, match="a regression"):
        datasets.load_classification("diabetes")


def test_without_scikit_learn_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ImportError, match=r"edunn-serving\[datasets\]"):
        datasets.load("iris")


def test_a_split_has_every_sample_once_and_in_step():
    x = np.arange(10)
    parts = datasets.split(x, -x, test_share=0.3, rng=np.random.default_rng(0))
    assert sorted([*parts.x_train, *parts.x_test]) == list(range(10))
    assert len(parts.x_test) == 3
    np.testing.assert_array_equal(parts.x_train, -parts.y_train)
    np.testing.assert_array_equal(parts.x_test, -parts.y_test)


@pytest.mark.parametrize("share", [0.001, 0.999])
def test_each_part_of_a_split_has_a_sample(share):
    parts = datasets.split(np.arange(3), np.arange(3), test_share=share)
    assert len(parts.x_train) > 0
    assert len(parts.x_test) > 0


@pytest.mark.parametrize("share", [0, 1, -0.5, float("nan")])
def test_a_share_out_of_bounds_is_refused(share):
    with pytest.raises(nn.LayerError, match="test_share"):
        datasets.split(np.arange(3), np.arange(3), test_share=share)


def test_one_sample_cannot_be_split():
    with pytest.raises(nn.LayerError, match="at least two"):
        datasets.split(np.arange(1), np.arange(1))


def test_samples_may_come_as_lists():
    x, y = [[1.0], [2.0], [3.0]], [1, 2, 3]
    data = nn.datasets.split(x, y)
    np.testing.assert_array_equal(data.x_train[:, 0], data.y_train)
    shuffled, labels = nn.datasets.shuffle_dataset(x, y)
    np.testing.assert_array_equal(shuffled[:, 0], labels)


def test_shuffling_keeps_samples_together():
    x, y = datasets.shuffle_dataset(np.arange(20), np.arange(20), np.random.default_rng(0))
    np.testing.assert_array_equal(x, y)
    assert list(x) != list(range(20))
