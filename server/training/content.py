"""The elements of a data set as they come: taken in chunks, checked, hashed and written."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import IO

import numpy as np

from edunn_serving.artifacts import write_all
from edunn_serving.dataset_files import array_bytes, dataset_digest, file_header
from edunn_serving.errors import ServiceError, invalid_argument
from edunn_serving.grades.digests import MOST_NUMBERS
from edunn_serving.v1 import tensor_pb2
from edunn_serving.v1.dataset_pb2 import ArraySpec, Dataset
from edunn_serving.v1.training_service_pb2 import DatasetHeader, UploadDatasetRequest
from edunn_serving.wire_format import fields
from server.training.samples import CheckSamples, Samples

DTYPES = {
    tensor_pb2.DATA_TYPE_BOOL: np.dtype(np.bool_),
    tensor_pb2.DATA_TYPE_INT32: np.dtype("<i4"),
    tensor_pb2.DATA_TYPE_INT64: np.dtype("<i8"),
    tensor_pb2.DATA_TYPE_FLOAT16: np.dtype("<f2"),
    tensor_pb2.DATA_TYPE_FLOAT32: np.dtype("<f4"),
    tensor_pb2.DATA_TYPE_FLOAT64: np.dtype("<f8"),
}


class Content:
    """The elements of a data set on their way: hashed, checked and written as they come."""

    def __init__(self, header: DatasetHeader, check_samples: CheckSamples) -> None:
        self.file_header = file_header(header.x, header.y)
        self._header = header
        self._digest = dataset_digest(header.x, header.y)
        self._arrays = [
            _Elements("x", header.x, check_samples),
            _Elements("y", header.y, check_samples),
        ]

    def hash(self, request: bytes) -> None:
        """Take the next chunk, an UploadDatasetRequest, into the digest."""
        with suppress(ServiceError):
            # It is refused where it is written.
            self._digest.update(_chunk_of(request)[1])

    def write(self, file: IO[bytes], request: bytes) -> None:
        """Check and write the next chunk, an UploadDatasetRequest, without a copy of its elements.

        Raises
        ------
        ServiceError
            INVALID_ARGUMENT: it is not what the header has announced. STORE_FULL, UNAVAILABLE.
        """
        part, chunk = _chunk_of(request)
        if part not in ("x", "y"):
            raise invalid_argument(part or "part", "expected the next elements of x or y")
        x, y = self._arrays
        if part == "x" and y.received:
            raise invalid_argument("x", "expected no more elements of x after those of y")
        if part == "y" and x.missing:
            raise invalid_argument("y", f"expected {x.missing} more bytes of x before")
        (x if part == "x" else y).take(chunk)
        write_all(file, chunk)

    def check_complete(self) -> None:
        for each in self._arrays:
            if each.missing:
                raise invalid_argument(
                    each.name, f"expected {each.missing} more bytes, the upload has ended before"
                )

    def finish(self) -> str:
        """Return the digest, once all is there."""
        digest = self._digest.hexdigest()
        if self._header.digest not in ("", digest):
            raise invalid_argument(
                "header.digest", f"expected {digest}, which the elements have, got another one"
            )
        return digest

    def describe(self, dataset: Dataset) -> None:
        """Note the range of the labels, if there are any."""
        y = self._arrays[1]
        if y.smallest is not None and y.largest is not None:
            dataset.labels.smallest, dataset.labels.largest = y.smallest, y.largest


class _Elements:
    """The elements of one array, of which the chunks may divide one."""

    def __init__(self, name: str, spec: ArraySpec, check_samples: CheckSamples) -> None:
        self.name = name
        self._samples = Samples(math.prod(spec.shape[1:]), MOST_NUMBERS, check_samples)
        self._dtype = DTYPES[spec.data_type]
        self._size = array_bytes(spec)
        self.received = 0
        self._rest = b""
        self.smallest: int | None = None
        self.largest: int | None = None

    @property
    def missing(self) -> int:
        return self._size - self.received

    def take(self, chunk: memoryview) -> None:
        if len(chunk) > self.missing:
            raise invalid_argument(
                self.name, f"expected {self._size} bytes by the header, got more"
            )
        at = self.received // self._dtype.itemsize
        self.received += len(chunk)
        whole = memoryview(b"".join([self._rest, chunk])) if self._rest else chunk
        length = len(whole) - len(whole) % self._dtype.itemsize
        self._check(whole, length, at)
        self._rest = bytes(whole[length:])

    def _check(self, data: memoryview, length: int, at: int) -> None:
        count = length // self._dtype.itemsize
        if not count:
            return
        if self._dtype.kind == "b":
            if np.frombuffer(data, np.uint8, count).max() > 1:
                raise invalid_argument(self.name, "expected bytes 0 and 1 for DATA_TYPE_BOOL")
            return
        values = np.frombuffer(data, self._dtype, count)
        if self._dtype.kind == "f":
            finite = np.isfinite(values)
            if not finite.all():
                wrong = int(np.argmin(finite))
                raise invalid_argument(
                    self.name,
                    f"expected finite numbers, got {values[wrong]} as element {at + wrong}",
                )
            self._samples.take(values)
            return
        smallest, largest = int(values.min()), int(values.max())
        self.smallest = smallest if self.smallest is None else min(self.smallest, smallest)
        self.largest = largest if self.largest is None else max(self.largest, largest)


def _chunk_of(request: bytes) -> tuple[str, memoryview]:
    """Return the last field of a chunk's message and its bytes."""
    part, chunk = "", memoryview(b"")
    try:
        for number, begin, end in fields(request):
            known = UploadDatasetRequest.DESCRIPTOR.fields_by_number.get(number)
            if known is not None:
                part, chunk = known.name, memoryview(request)[begin:end]
    except (ValueError, IndexError) as error:
        raise invalid_argument("request", f"not an UploadDatasetRequest: {error}") from error
    return part, chunk
