"""Data sets by name, from the first place that has them, and their division."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from openml_server import openml_server, point_scikit_learn_at

import edunn as nn
from edunn import datasets
from edunn.arrays import Array
from edunn.datasets.sources import REGRESSION

BUNDLED = {
    "iris": (150, 4, 3),
    "wine": (178, 13, 3),
    "digits": (1797, 64, 10),
    "breast_cancer": (569, 30, 2),
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Look for data sets in an empty folder, not in the user's own."""
    monkeypatch.setenv("EDUNN_DATASETS", str(tmp_path / "datasets"))
    (tmp_path / "datasets").mkdir()
    return tmp_path / "datasets"


@pytest.fixture
def sklearn() -> ModuleType:
    module: ModuleType = pytest.importorskip(
        "sklearn", reason="the data sets come with scikit-learn"
    )
    return module


def table(path: Path, columns: int, rows: int = 3) -> Array:
    """Write a table whose numbers count from 0, its last column from 0 too; return the rows."""
    values = np.arange(rows * columns, dtype=float).reshape(rows, columns)
    values[:, -1] = np.arange(rows)
    path.parent.mkdir(exist_ok=True)
    header = ",".join(f"c{i}" for i in range(columns))
    np.savetxt(path, values, "%g", ",", header=header, comments="")
    return values


def test_the_names_are_those_of_the_courses_library_and_a_few_more() -> None:
    classifications = {"mnist", "iris", "study1d", "study2d", "study2d_easy"}
    regressions = {"study1d", "study2d", "boston", "wine_red", "wine_white", "insurance"}
    assert set(datasets.get_classification_names()) == {*classifications, *BUNDLED}
    assert set(datasets.get_regression_names()) == {*regressions, "real_state", "diabetes"}
    assert datasets.get_sequence_generation_names() == ["reddit_comments"]


@pytest.mark.usefixtures("sklearn")
@pytest.mark.parametrize("name", BUNDLED)
def test_a_classification_has_its_samples_features_and_classes(name: str) -> None:
    x, y, classes = datasets.load_classification(name)
    assert (*x.shape, len(classes)) == BUNDLED[name]
    assert (x.dtype, y.dtype) == (np.dtype(np.float64), np.dtype(np.int64))
    assert sorted(set(y)) == list(range(len(classes)))
    assert len(datasets.load(name).features) == x.shape[1]


def test_classes_are_called_as_scikit_learn_calls_them(sklearn: ModuleType) -> None:
    from sklearn.datasets import load_breast_cancer, load_iris, load_wine

    for load in (load_breast_cancer, load_iris, load_wine):
        classes = datasets.load(load.__name__.removeprefix("load_")).classes
        assert list(classes) == list(load().target_names)


@pytest.mark.usefixtures("sklearn")
def test_labels_may_come_as_onehot_rows() -> None:
    _, labels, _ = datasets.load_classification("iris")
    _, rows, _ = datasets.load_classification("iris", onehot=True)
    np.testing.assert_array_equal(nn.utils.onehot2labels(rows), labels)


@pytest.mark.usefixtures("sklearn")
def test_a_regression_has_a_column_of_numbers() -> None:
    x, y = datasets.load_regression("diabetes")
    assert (x.shape, y.shape, y.dtype) == ((442, 10), (442, 1), np.dtype(np.float64))


@pytest.mark.parametrize(("name", "shape"), [("study1d", (39, 1)), ("study2d", (19, 2))])
def test_made_up_classifications_have_the_courses_shapes_and_both_classes(
    name: str, shape: tuple[int, ...]
) -> None:
    x, y, classes = datasets.load_classification(name)
    assert (x.shape, y.shape, classes) == (shape, shape[:1], ["Failed", "Passed"])
    assert (x.dtype, y.dtype, set(y)) == (np.dtype(np.float64), np.dtype(np.int64), {0, 1})
    np.testing.assert_array_equal(datasets.load_classification(name)[0], x)


@pytest.mark.parametrize(("name", "targets"), [("study1d", 1), ("study2d", 2)])
def test_made_up_regressions_have_the_courses_shapes(name: str, targets: int) -> None:
    x, y = datasets.load_regression(name)
    assert (x.shape, y.shape, y.dtype) == ((19, 1), (19, targets), np.dtype(np.float64))
    assert np.corrcoef(x[:, 0], y[:, -1])[0, 1] > 0.5


def test_the_easy_students_are_told_apart_by_a_line() -> None:
    x, y, _ = datasets.load_classification("study2d_easy")
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    model = nn.LogisticRegression(2, 2)
    loss = nn.MeanError(nn.CrossEntropyWithLabels())
    nn.GradientDescent(19, 300, lr=1.0).optimize(model, x, y, loss, verbose=False)
    assert nn.metrics.accuracy(y, nn.utils.onehot2labels(model.forward(x))) == 1


def test_a_file_comes_before_every_other_place(folder: Path) -> None:
    for name in ("iris", "study2d"):
        rows = table(folder / f"{name}.csv", len(datasets.load(name).features) + 1)
        x, y, _ = datasets.load_classification(name)
        np.testing.assert_array_equal(np.column_stack([x, y]), rows)
        assert y.dtype == np.dtype(np.int64)
        assert datasets.load(name).features == tuple(f"c{i}" for i in range(x.shape[1]))


def test_a_file_may_have_features_of_its_own(folder: Path) -> None:
    rows = table(folder / "boston.csv", 4)
    x, y = datasets.load_regression("boston")
    np.testing.assert_array_equal(np.hstack([x, y]), rows)
    assert y.shape == (3, 1)
    (folder / "iris.csv").write_text("Flowers of my garden\n1,2,0\n3,4,1\n")
    assert datasets.load("iris").features == ("column 1", "column 2")
    table(folder / "study2d.csv", 2)
    with pytest.raises(ValueError, match="2 targets"):
        datasets.load_regression("study2d")


def test_the_folder_may_be_that_of_the_courses_library(folder: Path) -> None:
    houses = table(folder / "regression_data" / "boston_housing.csv", 14)
    table(folder / "classification_data" / "study2d.csv", 3, rows=2)
    table(folder / "regression_data" / "study2d.csv", 3, rows=4)
    x, y = datasets.load_regression("boston")
    np.testing.assert_array_equal(np.hstack([x, y]), houses)
    assert datasets.load_classification("study2d")[0].shape == (2, 2)
    assert [array.shape for array in datasets.load_regression("study2d")] == [(4, 1), (4, 2)]


def test_each_data_set_has_its_function() -> None:
    x, y, classes = datasets.classification.study2d()
    assert (x.shape, y.shape, classes) == ((19, 2), (19,), ["Failed", "Passed"])
    assert list(datasets.regression.loaders) == datasets.get_regression_names()
    np.testing.assert_array_equal(
        datasets.load("study1d", datasets.regression.loaders, "x")[0],
        datasets.regression.study1d()[0],
    )
    with pytest.raises(nn.LayerError, match="a data set for counting"):
        datasets.load("study3d", {"one": list}, "counting")


def test_a_table_of_ones_own_is_read_by_its_path(folder: Path, tmp_path: Path) -> None:
    rows = table(tmp_path / "mine.csv", 4)
    x, y, classes = datasets.classification.load_classification_dataset(tmp_path / "mine.csv", "ab")
    np.testing.assert_array_equal(np.column_stack([x, y]), rows)
    assert (y.dtype, classes) == (np.dtype(np.int64), ["a", "b"])
    table(folder / "two.csv", 4)
    x, targets = datasets.regression.load_regression_dataset("two.csv", output_values=2)
    assert (x.shape, targets.shape) == ((3, 2), (3, 2))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a,b,c\n",
        "a,b,c\n1,2,x\n",
        "a,b,c\n1,2,3\n1,2\n",
        # Without a header the first sample would be lost.
        "4,5,6\n1,2,3\n",
        "a,b,c\n1,2,0.5\n",
        "a,b,c\n1,2,nan\n",
        "a,b,año\n1,2,1\n".encode("latin-1"),
        "a,b,c\n1,2,1\n".encode("utf-16"),
    ],
)
def test_a_file_that_is_no_table_is_named(folder: Path, text: str | bytes) -> None:
    (folder / "study2d.csv").write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ValueError, match="study2d"):
        datasets.load_classification("study2d")


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffa,b,c\r\n1,2,1\r\n3,4,0\r\n",
        '"a","b","c"\n"1","2","1"\n"3","4","0"\n',
        "0,1,2\n1,2,1\n3,4,0\n",
        "a, b, c\n\n1, 2, 1.0\n3, 4, 0.0\n\n",
    ],
    ids=["as spreadsheets save it", "quoted", "columns by number", "spaced"],
)
def test_a_table_may_be_written_as_other_programs_write_it(folder: Path, text: str) -> None:
    (folder / "study2d.csv").write_bytes(text.encode())
    x, y, _ = datasets.load_classification("study2d")
    assert (x.tolist(), y.tolist()) == ([[1, 2], [3, 4]], [1, 0])


@pytest.mark.usefixtures("sklearn")
class TestDownload:
    COLUMNS = (*((f"f{i}", ()) for i in range(12)), ("rad", ("1", "5", "24")), ("price", ()))
    ROWS = ([*range(12), "24", 21.6], [*range(12), "5", 34.7])

    def test_what_is_downloaded_is_kept_as_a_file(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with openml_server(monkeypatch, "boston", self.COLUMNS, self.ROWS) as asked:
            x, y = datasets.load_regression("boston")
        assert any("boston" in path for path in asked)
        np.testing.assert_array_equal(x, [[*range(12), 24.0], [*range(12), 5.0]])
        np.testing.assert_array_equal(y, [[21.6], [34.7]])
        assert "2/2 boston: 2 rows" in capsys.readouterr().err
        assert [path.name for path in folder.iterdir()] == ["boston.csv"]
        # The server is gone: the file is read.
        again = datasets.load_regression("boston")
        np.testing.assert_array_equal(np.hstack(again), np.hstack([x, y]))

    def test_grades_that_openml_counts_from_one_are_the_courses_again(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        columns = (*((f"f{i}", ()) for i in range(11)), ("Class", ("1", "2", "3")))
        rows = [[*range(11), grade] for grade in (1, 3, 2)]
        with openml_server(monkeypatch, "wine-quality-white", columns, rows):
            assert datasets.load_regression("wine_white")[1].tolist() == [[3], [5], [4]]

    def test_digits_are_as_many_as_in_the_course(self, monkeypatch: pytest.MonkeyPatch) -> None:
        columns = (*((f"pixel{i}", ()) for i in range(784)), ("class", tuple("0123456789")))
        rows = [[*([7] * 784), i % 10] for i in range(1210)]
        with openml_server(monkeypatch, "mnist_784", columns, rows):
            x, y, classes = datasets.load_classification("mnist")
        assert (x.shape, x.dtype, y.dtype) == (
            (1200, 784),
            np.dtype(np.float64),
            np.dtype(np.int64),
        )
        assert classes == list("0123456789")
        assert y[:12].tolist() == [*range(10), 0, 1]

    def test_another_data_set_under_the_name_is_not_kept(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with (
            openml_server(monkeypatch, "boston", self.COLUMNS[1:], [row[1:] for row in self.ROWS]),
            pytest.raises(FileNotFoundError, match="13 columns"),
        ):
            datasets.load_regression("boston")
        assert list(folder.iterdir()) == []

    def test_without_a_network_the_error_says_where_to_put_which_file(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        point_scikit_learn_at(monkeypatch, "http://127.0.0.1:1")
        with pytest.raises(FileNotFoundError) as caught:
            datasets.load_regression("boston")
        assert str(folder / "boston.csv") in str(caught.value)
        assert "13 features and the target in the last column" in str(caught.value)
        assert "EDUNN_DATASETS" in str(caught.value)


@pytest.mark.parametrize("name", ["insurance", "real_state"])
def test_what_nobody_offers_is_to_be_put_into_the_folder(folder: Path, name: str) -> None:
    with pytest.raises(FileNotFoundError, match=f"{name}.csv") as caught:
        datasets.load_regression(name)
    assert "a header row, then rows of numbers: " in str(caught.value)
    features = {"insurance": 9, "real_state": 7}[name]
    assert len(REGRESSION[name].columns) == features + 1
    table(folder / f"{name}.csv", features + 1)
    assert datasets.load_regression(name)[0].shape == (3, features)


def test_a_file_that_is_asked_for_by_its_name_is_to_be_put_into_the_folder_too(
    folder: Path,
) -> None:
    for missing, read in (
        ("houses.csv", datasets.regression.houses),
        ("mine.csv", lambda: datasets.regression.load_regression_dataset("mine.csv")),
        ("mine.csv", lambda: datasets.classification.load_classification_dataset("mine.csv", [])),
    ):
        with pytest.raises(FileNotFoundError, match="There is no data set at") as caught:
            read()
        assert str(folder / missing) in str(caught.value)


def test_without_a_folder_named_it_is_in_the_users_cache(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("EDUNN_DATASETS")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert datasets.folder() == tmp_path / "edunn"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert datasets.folder() == Path.home() / ".cache" / "edunn"


class TestText:
    TEXT = "The cat sat! The cat ran?\nNo. The dog sat.\n"

    def test_sentences_are_words_and_the_words_that_follow(self, folder: Path) -> None:
        (folder / "reddit_comments.txt").write_text(self.TEXT)
        x, y, word_to_index, index_to_word = datasets.load_sequence_generation("reddit_comments")
        assert [index_to_word[sentence].tolist() for sentence in x] == [
            ["<SOS>", "the", "cat", "sat"],
            ["<SOS>", "the", "cat", "ran"],
            ["<SOS>", "the", "dog", "sat"],
        ]
        assert index_to_word[y[1]].tolist() == ["the", "cat", "ran", "<EOS>"]
        assert (x.dtype, x.shape, type(x[0])) == (np.dtype(object), (3,), list)
        assert index_to_word[:2].tolist() == ["<UNK>", "<PAD>"]
        assert all(word_to_index[word] == i for i, word in enumerate(index_to_word))

    def test_rare_words_are_unknown(self, folder: Path) -> None:
        (folder / "text.txt").write_text(self.TEXT)
        read = datasets.sequence_generation.load_sequence_dataset
        x, _, _, index_to_word = read("text.txt", vocabulary_size=7)
        assert index_to_word.tolist() == ["<UNK>", "<PAD>", "<EOS>", "<SOS>", "the", "cat", "sat"]
        assert index_to_word[x[1]].tolist() == ["<SOS>", "the", "cat", "<UNK>"]

    def test_a_text_that_is_not_there_is_to_be_put_into_the_folder(self, folder: Path) -> None:
        with pytest.raises(FileNotFoundError, match=r"reddit_comments\.txt"):
            datasets.sequence_generation.reddit_comments()

    def test_a_text_without_sentences_is_named(self, folder: Path) -> None:
        for text in (b"No.\n", "El año que viene.\n".encode("latin-1")):
            (folder / "reddit_comments.txt").write_bytes(text)
            with pytest.raises(ValueError, match="reddit_comments"):
                datasets.load_sequence_generation("reddit_comments")


def test_an_unknown_name_is_refused_with_the_near_ones() -> None:
    with pytest.raises(nn.LayerError, match="did you mean iris"):
        datasets.load("irs")


def test_a_data_set_of_the_other_kind_is_refused() -> None:
    with pytest.raises(nn.LayerError, match="a regression"):
        datasets.load_classification("diabetes")


def test_without_scikit_learn_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ImportError, match=r"edunn-serving\[datasets\]"):
        datasets.load("iris")


def test_a_split_has_every_sample_once_and_in_step() -> None:
    x = np.arange(10)
    parts = datasets.split(x, -x, test_share=0.3, rng=np.random.default_rng(0))
    assert sorted([*parts.x_train, *parts.x_test]) == list(range(10))
    assert len(parts.x_test) == 3
    np.testing.assert_array_equal(parts.x_train, -parts.y_train)
    np.testing.assert_array_equal(parts.x_test, -parts.y_test)


@pytest.mark.parametrize("share", [0.001, 0.999])
def test_each_part_of_a_split_has_a_sample(share: float) -> None:
    parts = datasets.split(np.arange(3), np.arange(3), test_share=share)
    assert len(parts.x_train) > 0
    assert len(parts.x_test) > 0


@pytest.mark.parametrize("share", [0, 1, -0.5, float("nan")])
def test_a_share_out_of_bounds_is_refused(share: float) -> None:
    with pytest.raises(nn.LayerError, match="test_share"):
        datasets.split(np.arange(3), np.arange(3), test_share=share)


def test_one_sample_cannot_be_split() -> None:
    with pytest.raises(nn.LayerError, match="at least two"):
        datasets.split(np.arange(1), np.arange(1))


def test_samples_may_come_as_lists() -> None:
    x: Any = [[1.0], [2.0], [3.0]]
    y: Any = [1, 2, 3]
    data = nn.datasets.split(x, y)
    np.testing.assert_array_equal(data.x_train[:, 0], data.y_train)
    shuffled, labels = nn.datasets.shuffle_dataset(x, y)
    np.testing.assert_array_equal(shuffled[:, 0], labels)


def test_shuffling_keeps_samples_together() -> None:
    x, y = datasets.shuffle_dataset(np.arange(20), np.arange(20), np.random.default_rng(0))
    np.testing.assert_array_equal(x, y)
    assert list(x) != list(range(20))
