"""The descriptions of the data sets that edunn brings."""

from __future__ import annotations

from edunn_serving.bundled_datasets import FILE
from worker.training.bundled import as_json


def test_the_file_describes_the_data_sets_as_they_are() -> None:
    assert FILE.read_text() == as_json()
