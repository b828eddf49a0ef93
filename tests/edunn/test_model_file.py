"""Models as files: what is written is read again, and hostile files are refused unread."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load

import edunn as nn
from edunn import model_file
from edunn.model_file import ModelFile, ModelFileError

LAYER: dict[str, Any] = {"type": "Dense", "config": {"input_size": 2, "output_size": 3}}
ARRAYS = {"w": np.arange(6.0).reshape(2, 3), "b": np.array([1, 2, 3], np.float32)}


def packed(header: object, data: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def metadata(**changes: str) -> dict[str, str]:
    texts = {"format": "1", "layer": json.dumps(LAYER), "buffers": "[]"} | changes
    return {f"edunn.{key}": text for key, text in texts.items()}


def one_tensor(name: str = "w", **changes: object) -> dict[str, object]:
    entry: dict[str, object] = {"dtype": "F64", "shape": [2], "data_offsets": [0, 16]}
    return {"__metadata__": metadata(), name: entry | changes}


def test_a_file_gives_back_what_was_put_into_it() -> None:
    buffers = {"mean": np.array(2.5), "empty": np.zeros((0, 4), np.float16)}
    data = model_file.encode(ModelFile(LAYER, ARRAYS, buffers))
    back = model_file.decode(data)
    assert back.layer == LAYER
    assert back.parameters.keys() == ARRAYS.keys()
    assert back.buffers.keys() == buffers.keys()
    for name, array in {**ARRAYS, **buffers}.items():
        found = (back.parameters | back.buffers)[name]
        assert (found.dtype, found.shape) == (array.dtype, array.shape)
        assert found.tobytes() == array.tobytes()
    # Anything that knows the format reads it.
    assert load(data).keys() == {*ARRAYS, *buffers}


def test_arrays_in_any_order_of_memory_and_of_bytes_are_written_alike() -> None:
    w = np.arange(6.0).reshape(2, 3)
    swapped = np.asfortranarray(w).astype(">f8")
    found = model_file.decode(model_file.encode(ModelFile(LAYER, {"w": swapped}))).parameters["w"]
    assert found.dtype == np.dtype("<f8")
    assert found.tobytes() == w.tobytes()


HOSTILE: dict[str, bytes] = {
    "nothing": b"",
    "no header": b"\x00" * 8,
    "the length lies upward": packed({}, length=2**62),
    "the length lies past the end": packed({}, length=50),
    "the length lies downward": packed(one_tensor(), b"\0" * 16, length=30),
    "a header of 100 MB": packed(b"{}", length=100_000_000),
    "no JSON": packed(b"\xff{"),
    "no object": packed([]),
    "deeply nested": packed(b"[" * 100_000),
    "an endless number": packed(b'{"w": ' + b"9" * 100_000 + b"}"),
    "a name twice": packed(b'{"w": 1, "w": 2}'),
    "metadata that is no text": packed({"__metadata__": {"edunn.format": 1}}),
    "no model of ours": packed({"__metadata__": {"format": "pt"}}),
    "another version": packed({"__metadata__": metadata(format="2")}),
    "a layer that is no object": packed({"__metadata__": metadata(layer="[]")}),
    "a layer without a type": packed({"__metadata__": metadata(layer='{"config": {}}')}),
    "buffers that are no list": packed({"__metadata__": metadata(buffers="{}")}),
    "half a character in a layer": packed(
        {"__metadata__": metadata(layer='{"type": "\\ud800", "config": {}}')}
    ),
    "half a character in a buffer": packed({"__metadata__": metadata(buffers='["\\ud800"]')}),
    "half a character in a name": packed(one_tensor("\ud800"), b"\0" * 16),
    "a buffer that is missing": packed({"__metadata__": metadata(buffers='["m"]')}),
    "an unknown dtype": packed(one_tensor(dtype="F99"), b"\0" * 16),
    "a dtype that is no text": packed(one_tensor(dtype=["F64"]), b"\0" * 16),
    "integers": packed(one_tensor(dtype="I64"), b"\0" * 16),
    "a negative size": packed(one_tensor(shape=[-2]), b"\0" * 16),
    "a size that is no integer": packed(one_tensor(shape=[True, 2.0]), b"\0" * 16),
    "a shape beyond memory": packed(one_tensor(shape=[2**40, 2**40]), b"\0" * 16),
    "a thousand axes": packed(one_tensor(shape=[1] * 1000 + [2]), b"\0" * 16),
    "offsets beyond the file": packed(one_tensor(data_offsets=[0, 2**50]), b"\0" * 16),
    "offsets backward": packed(one_tensor(data_offsets=[16, 0]), b"\0" * 16),
    "three offsets": packed(one_tensor(data_offsets=[0, 8, 16]), b"\0" * 16),
    "a further key": packed(one_tensor(more=1), b"\0" * 16),
    "data that is missing": packed(one_tensor(), b"\0" * 8),
    "data that is too much": packed(one_tensor(), b"\0" * 24),
    "overlapping arrays": packed(
        one_tensor() | {"b": {"dtype": "F64", "shape": [1], "data_offsets": [8, 16]}}, b"\0" * 16
    ),
    "a hole": packed(one_tensor(data_offsets=[8, 24]), b"\0" * 24),
    **{
        f"the name {name!r}": packed(one_tensor(name), b"\0" * 16)
        for name in ("../w", "/etc/passwd", "a/b", "a\\b", "..", ".", "", "a\0b", "x" * 5000)
    },
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_files_are_refused_before_memory_is_taken(data: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(ModelFileError):
            model_file.decode(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10 * len(data) + 200_000


@pytest.mark.parametrize(
    ("change", "first"),
    [
        (lambda file: file.parameters.pop("b"), "b"),
        (lambda file: file.parameters.update(w=np.zeros((3, 2))), "w"),
        (lambda file: file.parameters.update(more=np.zeros(1)), "more"),
        (lambda file: file.buffers.update(b=file.parameters.pop("b")), "b"),
    ],
    ids=["one is missing", "another shape", "one too many", "a buffer in place of a parameter"],
)
def test_a_file_that_does_not_fit_a_layer_names_the_first_array(
    change: Callable[[ModelFile], object], first: str
) -> None:
    layer = nn.build("Dense", LAYER["config"])
    file = ModelFile(LAYER, dict(layer.get_parameters()))
    change(file)
    header = model_file.read_header(model_file.encode(file))
    with pytest.raises(ModelFileError, match=repr(first)) as refused:
        model_file.check_fit(header, layer)
    assert refused.value.tensor == first


def test_a_name_that_no_file_may_have_is_not_written_either() -> None:
    with pytest.raises(ModelFileError, match="'a/b'"):
        model_file.encode(ModelFile(LAYER, {"a/b": np.zeros(1)}))
