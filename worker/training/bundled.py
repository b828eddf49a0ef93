"""Describes the data sets that edunn brings.

Servers read the descriptions from a file, because they load no data sets:
`python -m worker.training.bundled > edunn_serving/bundled_datasets.json` writes it anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from google.protobuf.json_format import MessageToDict

from edunn.datasets.sources import CLASSIFICATION, REGRESSION
from edunn_serving.dataset_files import dataset_digest
from edunn_serving.v1.dataset_pb2 import ArraySpec, Dataset, LabelRange
from worker.tensors import type_of
from worker.training.samples import load_bundled


def bundled_datasets() -> Iterator[Dataset]:
    """Describe the data sets that edunn brings and that need no network."""
    for name, source in {**REGRESSION, **CLASSIFICATION}.items():
        if not (source.scikit_learn or source.made_up):
            continue
        x, y = load_bundled(name)
        described = Dataset(name=name, bundled=True, size_bytes=x.nbytes + y.nbytes)
        described.x.CopyFrom(ArraySpec(data_type=type_of(x.dtype), shape=x.shape))
        described.y.CopyFrom(ArraySpec(data_type=type_of(y.dtype), shape=y.shape))
        if y.dtype.kind == "i":
            described.labels.CopyFrom(LabelRange(smallest=int(y.min()), largest=int(y.max())))
        digest = dataset_digest(described.x, described.y)
        digest.update(x.tobytes())
        digest.update(y.tobytes())
        described.digest = digest.hexdigest()
        yield described


def as_json() -> str:
    """Return the descriptions as the file has them."""
    described = sorted(bundled_datasets(), key=lambda each: each.name)
    return json.dumps([MessageToDict(each) for each in described], indent=1) + "\n"


if __name__ == "__main__":
    print(as_json(), end="")
