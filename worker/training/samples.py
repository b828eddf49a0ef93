"""The samples of data sets in a worker's memory, and of the data sets that edunn brings."""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

import numpy as np

from edunn import datasets
from edunn.model_file import header_length
from edunn_serving.artifacts import ArtifactMissingError, ArtifactStore
from edunn_serving.errors import Reason, ServiceError, quoted
from edunn_serving.internal.v1.training_pb2 import DatasetRecord
from edunn_serving.v1.dataset_pb2 import ArraySpec
from worker.tensors import DTYPE_OF_TYPE


class Samples(NamedTuple):
    """Inputs and their truth."""

    x: np.ndarray
    y: np.ndarray

    @property
    def nbytes(self) -> int:
        return self.x.nbytes + self.y.nbytes


class SampleCache:
    """Reads data sets, and keeps those used last. Their content never changes under a digest."""

    def __init__(self, store: ArtifactStore, budget: int) -> None:
        self._store = store
        self._budget = budget
        self._kept: OrderedDict[str, Samples] = OrderedDict()

    def get(self, record: DatasetRecord) -> Samples:
        """Return a data set's samples.

        Raises
        ------
        ServiceError
            DATASET_NOT_FOUND: it has been deleted. UNAVAILABLE: the store is away.
        """
        digest = record.dataset.digest
        samples = self._kept.get(digest)
        if samples is None:
            samples = self._read(record)
            self._kept[digest] = samples
        self._kept.move_to_end(digest)
        while len(self._kept) > 1 and sum(s.nbytes for s in self._kept.values()) > self._budget:
            self._kept.popitem(last=False)
        return samples

    def _read(self, record: DatasetRecord) -> Samples:
        if not record.path:
            return load_bundled(record.dataset.name)
        try:
            data = self._store.get(record.path)
        except ArtifactMissingError:
            raise dataset_gone(record.dataset.name) from None
        start = header_length(data)
        x, y = record.dataset.x, record.dataset.y
        x_bytes = _array_bytes(x)
        return Samples(_array(data, x, start), _array(data, y, start + x_bytes))


def load_bundled(name: str) -> Samples:
    """Return a data set that edunn brings."""
    found = datasets.load(name)
    return Samples(np.ascontiguousarray(found.x), np.ascontiguousarray(found.y))


def dataset_gone(name: str) -> ServiceError:
    """Return the error of a data set that does not exist."""
    return ServiceError(
        Reason.DATASET_NOT_FOUND,
        f"there is no data set {quoted(name)}: ListDatasets has those that there are",
        metadata={"dataset": name},
    )


def _array(data: bytes, spec: ArraySpec, start: int) -> np.ndarray:
    dtype = DTYPE_OF_TYPE[spec.data_type]
    count = int(np.prod(spec.shape, dtype=np.int64))
    return np.frombuffer(data, dtype, count, start).reshape(tuple(spec.shape))


def _array_bytes(spec: ArraySpec) -> int:
    return int(np.prod(spec.shape, dtype=np.int64)) * DTYPE_OF_TYPE[spec.data_type].itemsize
