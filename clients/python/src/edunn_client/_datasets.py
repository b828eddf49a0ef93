"""Data sets on their way to the service."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from edunn_client._calls import Call
from edunn_client._stubs import dataset_pb2
from edunn_client._stubs import training_service_pb2 as pb
from edunn_client._tensors import Array, data_type_of, sendable
from edunn_client._training_info import DatasetInfo, decode_dataset
from edunn_client._transfers import Upload, chunks


class NewDataset:
    """A data set on its way to the service.

    Parameters
    ----------
    name : str
    x, y : array_like
    replace : bool
        Whether another data set of this name is replaced.
    """

    def __init__(self, name: str, x: ArrayLike, y: ArrayLike, replace: bool) -> None:
        self._arrays = {"x": _contiguous(x), "y": _contiguous(y)}
        self._header = pb.DatasetHeader(
            name=name, x=_spec(self._arrays["x"]), y=_spec(self._arrays["y"]), replace=replace
        )

    def upload(self, stored: Iterable[DatasetInfo]) -> Upload[DatasetInfo]:
        """Return what sends it. Of bytes that the service has, it asks for no elements."""
        # To compute the digest takes half as long as to send the elements, so it is done only where
        # one of those that are stored may have them.
        if any(_is_like(each, self._arrays) for each in stored):
            self._header.digest = _digest(self._arrays)
        return Upload("UploadDataset", self._parts, lambda reply: decode_dataset(reply.dataset))

    def _parts(self) -> Iterator[Any]:
        yield pb.UploadDatasetRequest(header=self._header)
        for field, array in self._arrays.items():
            number = pb.UploadDatasetRequest.DESCRIPTOR.fields_by_name[field].number
            for chunk in chunks(array.reshape(-1).view(np.uint8).data):
                yield _encoded(number, chunk)


def _is_like(info: DatasetInfo, arrays: Mapping[str, Array]) -> bool:
    specs = {"x": info.x, "y": info.y}
    return all(
        (specs[name].dtype, specs[name].shape) == (array.dtype.name, array.shape)
        for name, array in arrays.items()
    )


def _encoded(field: int, chunk: memoryview) -> bytes:
    """Return a message with one field of bytes, with a single copy: protobuf would make three."""
    length, size = bytearray(), len(chunk)
    while size > 0x7F:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    length.append(size)
    return b"".join([bytes([field << 3 | 2]), length, chunk])


def list_datasets() -> Call[tuple[DatasetInfo, ...]]:
    def decode(reply: pb.ListDatasetsResponse) -> tuple[DatasetInfo, ...]:
        return tuple(map(decode_dataset, reply.datasets))

    return Call("ListDatasets", pb.ListDatasetsRequest(), decode, True)


def delete_dataset(name: str) -> Call[None]:
    request = pb.DeleteDatasetRequest(name=name)
    # After a repetition the name is not found, which would be an error.
    return Call("DeleteDataset", request, lambda _: None, repeatable=False)


def _contiguous(value: ArrayLike) -> Array:
    """Return an array's elements in the order of the wire."""
    array = sendable(value)
    # `ascontiguousarray` would make an array of no axes one of one axis.
    return np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")


def _spec(array: Array) -> dataset_pb2.ArraySpec:
    return dataset_pb2.ArraySpec(data_type=data_type_of(array), shape=array.shape)


def _digest(arrays: dict[str, Array]) -> str:
    """Return the digest that the contract describes."""
    digest = hashlib.sha256()
    for name, array in arrays.items():
        shape = ",".join(map(str, array.shape))
        digest.update(f"{name} {data_type_of(array)} {shape}\n".encode())
    for array in arrays.values():
        digest.update(array.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()
