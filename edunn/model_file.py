"""A model as one file in the safetensors format: its layer's description and its arrays.

Anything that reads safetensors reads the arrays, by the names of parameters and buffers. The
metadata of the file has three texts more:

``edunn.format``
    ``1``, the version of what stands here.
``edunn.layer``
    JSON: what `catalogue.build` makes the model of, ``{"type": ..., "config": {...}}``, with
    ``name`` and ``frozen`` where they are given.
``edunn.buffers``
    JSON: the list of the arrays that are buffers. All others are parameters.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, NoReturn

import numpy as np

from edunn.arrays import Array, describe
from edunn.model import Model, ParameterSet

FORMAT = "1"
#: Bytes of the largest header. It is parsed as a whole, which takes ten times the memory.
MAX_HEADER_BYTES = 4 * 1024 * 1024
#: Bytes before the header, which tell its length.
LENGTH_BYTES = 8
MAX_NAME = 1024
MAX_AXES = 32

_FORMAT_KEY, _LAYER_KEY, _BUFFERS_KEY = "edunn.format", "edunn.layer", "edunn.buffers"
_METADATA = "__metadata__"
_DTYPES: dict[str, np.dtype[Any]] = {
    "F16": np.dtype("<f2"),
    "F32": np.dtype("<f4"),
    "F64": np.dtype("<f8"),
}


class ModelFileError(ValueError):
    """A file is no model, or not one for the layer it is meant for.

    Attributes
    ----------
    tensor : str
        The first array at fault; empty if it is the file as a whole.
    """

    def __init__(self, message: str, tensor: str = "") -> None:
        super().__init__(message)
        self.tensor = tensor


@dataclass(frozen=True)
class ModelFile:
    """What a file holds.

    Attributes
    ----------
    layer : dict
        What `catalogue.build` makes the model of: ``type``, ``config``, and perhaps ``name`` and
        ``frozen``.
    parameters, buffers : dict of str to ndarray of floats
    """

    layer: dict[str, Any]
    parameters: ParameterSet
    buffers: ParameterSet = field(default_factory=dict)


class TensorHeader(NamedTuple):
    """Where an array is in a file, and what it is."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    begin: int
    end: int


@dataclass(frozen=True)
class Header:
    """The header of a file: everything but the elements of the arrays."""

    layer: dict[str, Any]
    buffers: frozenset[str]
    tensors: dict[str, TensorHeader]
    #: Bytes of the whole file.
    size: int


def encode(file: ModelFile) -> bytes:
    """Return a model as the bytes of its file.

    Raises
    ------
    ModelFileError
        If an array has a name that no file may have, is in both sets, or is not of floats.
    """
    both = file.parameters.keys() & file.buffers.keys()
    if both:
        _refuse(f"{min(both)!r} is a parameter and a buffer", min(both))
    arrays = {**file.parameters, **file.buffers}
    for name, array in arrays.items():
        _check_name(name)
        if array.dtype.newbyteorder("<") not in _DTYPES.values():
            _refuse(f"{name!r} should be an array of floats, but is {describe(array)}", name)
    metadata = {
        _FORMAT_KEY: FORMAT,
        _LAYER_KEY: json.dumps(file.layer),
        _BUFFERS_KEY: json.dumps(list(file.buffers)),
    }
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    # ascontiguousarray gives a number of no axes one axis.
    shaped = {name: contiguous[name].reshape(array.shape) for name, array in arrays.items()}
    data: bytes = _library().numpy.save(shaped, metadata)
    return data


def header_length(start: bytes) -> int:
    """Return the bytes of a file's beginning that end with its header.

    Parameters
    ----------
    start : bytes
        At least the first `LENGTH_BYTES` of the file.

    Raises
    ------
    ModelFileError
        If there is no header of a length that is allowed.
    """
    if len(start) < LENGTH_BYTES:
        _refuse(f"a safetensors file begins with {LENGTH_BYTES} bytes of length, not {len(start)}")
    length = int.from_bytes(start[:LENGTH_BYTES], "little")
    if not 2 <= length <= MAX_HEADER_BYTES:
        _refuse(
            f"the header should take 2 to {MAX_HEADER_BYTES} bytes, but is said to take {length}"
        )
    return LENGTH_BYTES + length


def read_header(start: bytes) -> Header:
    """Check and return the header of a file; the arrays themselves are not needed for it.

    Parameters
    ----------
    start : bytes
        The file's beginning, of at least `header_length`.

    Raises
    ------
    ModelFileError
        If it is malformed in any way, or no model's. Nothing larger than the header is made.
    """
    length = header_length(start)
    if len(start) < length:
        _refuse(f"the header should take {length - LENGTH_BYTES} bytes, but the file ends before")
    entries = _parsed(start[LENGTH_BYTES:length], "header")
    metadata = entries.pop(_METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        _refuse(f"{_METADATA} should be texts by name")
    tensors = {name: _tensor(name, entry) for name, entry in entries.items()}
    end = 0
    for name, tensor in sorted(tensors.items(), key=lambda item: item[1][2:]):
        if tensor.begin != end:
            _refuse(f"{name!r} should begin at byte {end} of the data, not at {tensor.begin}", name)
        end = tensor.end
    layer, buffers = _described(metadata)
    if not buffers <= tensors.keys():
        missing = min(buffers - tensors.keys())
        _refuse(f"the file says that {missing!r} is a buffer, but does not have it", missing)
    return Header(layer, buffers, tensors, length + end)


def decode(data: bytes) -> ModelFile:
    """Return the model of a file, with arrays of their own.

    Raises
    ------
    ModelFileError
        If it is malformed in any way, or no model's. It is checked before memory is taken.
    """
    header = read_header(data)
    if header.size != len(data):
        _refuse(f"the file should have {header.size} bytes by its header, but has {len(data)}")
    library = _library()
    try:
        arrays: dict[str, Array] = library.numpy.load(data)
    except library.SafetensorError as error:
        # It is stricter about JSON than Python is.
        raise ModelFileError(f"the file cannot be read: {error}") from None
    # In the order of the file: the library's own is any.
    parameters = {name: arrays[name] for name in header.tensors if name not in header.buffers}
    buffers = {name: arrays[name] for name in header.tensors if name in header.buffers}
    return ModelFile(header.layer, parameters, buffers)


def check_fit(header: Header, model: Model) -> None:
    """Refuse a file whose arrays are not those of a model.

    Raises
    ------
    ModelFileError
        Naming the first array that is missing, of another shape or kind, or too many.
    """
    parameters, buffers = model.get_parameters(), model.get_buffers()
    for name, array in {**parameters, **buffers}.items():
        tensor = header.tensors.get(name)
        if tensor is None:
            _refuse(f"{name!r} is missing in the file", name)
        if tensor.shape != array.shape:
            _refuse(f"{name!r} should be of shape {array.shape}, not {tensor.shape}", name)
        if (name in header.buffers) != (name in buffers):
            kind = "buffer" if name in buffers else "parameter"
            _refuse(f"{name!r} is a {kind} of the layer, but not of the file", name)
    for name in header.tensors:
        if name not in parameters and name not in buffers:
            _refuse(f"the layer has no parameter or buffer {name!r}", name)


def _described(metadata: Mapping[str, str]) -> tuple[dict[str, Any], frozenset[str]]:
    for key in (_FORMAT_KEY, _LAYER_KEY, _BUFFERS_KEY):
        if key not in metadata:
            _refuse(f"the file is no model of edunn: its metadata has no {key!r}")
    if metadata[_FORMAT_KEY] != FORMAT:
        _refuse(f"{_FORMAT_KEY} should be {FORMAT}, not {metadata[_FORMAT_KEY][:20]!r}")
    layer = _parsed(metadata[_LAYER_KEY].encode(), _LAYER_KEY)
    if not isinstance(layer.get("type"), str) or not isinstance(layer.get("config"), dict):
        _refuse(f"{_LAYER_KEY} should have a type, a text, and a config, an object")
    buffers = _json(metadata[_BUFFERS_KEY].encode(), _BUFFERS_KEY)
    if not isinstance(buffers, list) or not all(isinstance(name, str) for name in buffers):
        _refuse(f"{_BUFFERS_KEY} should be a list of names")
    return layer, frozenset(buffers)


def _tensor(name: str, entry: object) -> TensorHeader:
    _check_name(name)
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        _refuse(f"{name!r} should have dtype, shape and data_offsets", name)
    given = entry["dtype"]
    dtype = _DTYPES.get(given) if isinstance(given, str) else None
    if dtype is None:
        known = ", ".join(_DTYPES)
        _refuse(f"{name!r} should be of the dtype {known}, not {str(given)[:20]!r}", name)
    shape, offsets = entry["shape"], entry["data_offsets"]
    if not _are_sizes(shape) or len(shape) > MAX_AXES:
        _refuse(f"the shape of {name!r} should be a list of sizes, at most {MAX_AXES}", name)
    if not _are_sizes(offsets) or len(offsets) != 2:
        _refuse(f"the data_offsets of {name!r} should be two offsets", name)
    needed, there = math.prod(shape) * dtype.itemsize, offsets[1] - offsets[0]
    if needed != there:
        _refuse(f"{name!r} should take {needed} bytes by its shape, but takes {there}", name)
    return TensorHeader(dtype, tuple(shape), *offsets)


def _are_sizes(value: object) -> bool:
    return isinstance(value, list) and all(
        type(each) is int and 0 <= each < 2**63 for each in value
    )


def _check_name(name: str) -> None:
    """Refuse names that could be taken for a file's, by whoever unpacks the file."""
    if (
        not 0 < len(name) <= MAX_NAME
        or re.search(r"[/\\\x00-\x1f\x7f]", name)
        or name.strip(". ") == ""
        or name == _METADATA
    ):
        shown = name[:40]
        _refuse(f"{shown!r} cannot be the name of an array", name)


def _parsed(text: bytes, what: str) -> dict[str, Any]:
    value = _json(text, what)
    if not isinstance(value, dict):
        _refuse(f"the {what} should be a JSON object")
    return value


def _json(text: bytes, what: str) -> Any:
    try:
        value = json.loads(text, object_pairs_hook=_without_repetition)
        # JSON can spell halves of characters, which are no text for anything else.
        json.dumps(value, ensure_ascii=False).encode()
        return value
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"the {what} is no JSON: {error}") from None


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) != len(pairs):
        raise ValueError("a name comes twice")
    return entries


def _refuse(message: str, tensor: str = "") -> NoReturn:
    raise ModelFileError(message, tensor)


def _library() -> Any:
    # Imported here: the library of layers itself needs NumPy alone.
    try:
        import safetensors.numpy
    except ImportError as error:
        raise ImportError("Models as files need safetensors: pip install safetensors") from error
    return safetensors
