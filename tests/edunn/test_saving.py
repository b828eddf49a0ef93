"""Models as files: what is saved is loaded, anywhere, and a file need not be trusted."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from examples import ALL, gradient, inputs, make

import edunn as nn
from edunn.model_file import MAX_HEADER_BYTES, ModelFileError
from edunn.saving import described


def bytes_of(arrays: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
    return {name: (a.dtype, a.shape, a.tobytes()) for name, a in arrays.items()}


@pytest.mark.parametrize("kind", ALL)
def test_a_model_is_loaded_as_it_was_saved(kind: str, tmp_path: Path) -> None:
    model, given = make(kind), inputs(kind)
    # A forward moves buffers.
    model.forward(*given)
    nn.save(model, tmp_path / "m.safetensors")
    loaded = nn.load(tmp_path / "m.safetensors")
    assert type(loaded) is type(model)
    assert described(loaded) == described(model)
    assert bytes_of(loaded.get_parameters()) == bytes_of(model.get_parameters())
    assert bytes_of(loaded.get_buffers()) == bytes_of(model.get_buffers())
    for each in (model, loaded):
        each.rng = np.random.default_rng(0)
    y, again = model.forward(*given), loaded.forward(*given)
    assert y.tobytes() == again.tobytes()
    assert model.backward(gradient(y))[0].tobytes() == loaded.backward(gradient(y))[0].tobytes()


def network() -> nn.Sequential:
    frozen = nn.Linear(3, 3, name="fixed")
    frozen.frozen = True
    inner = nn.Sequential([nn.Linear(3, 2), nn.ReLU()])
    net = nn.Sequential([nn.BatchNorm(3), frozen, inner, nn.Softmax()], name="net")
    net.set_parameters({"fixed(w)": np.eye(3, dtype=np.float32)})
    return net


def test_names_frozen_layers_and_dtypes_last(tmp_path: Path) -> None:
    nn.save(network(), tmp_path / "m")
    loaded = nn.load(str(tmp_path / "m"))
    assert isinstance(loaded, nn.Sequential)
    assert loaded.name == "net"
    assert list(loaded.children) == ["batchnorm1", "fixed", "sequential1", "softmax1"]
    assert loaded["fixed"].frozen
    assert not loaded["batchnorm1"].frozen
    assert loaded.get_parameters()["fixed(w)"].dtype == np.float32


def test_anything_that_reads_safetensors_reads_the_arrays_by_name(tmp_path: Path) -> None:
    net = network()
    nn.save(net, tmp_path / "m")
    arrays = safetensors.numpy.load_file(tmp_path / "m")
    assert bytes_of(arrays) == bytes_of({**net.get_parameters(), **net.get_buffers()})


def test_a_file_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m.safetensors"
    nn.save(nn.Bias(2), path)
    before = path.read_bytes()

    def full(self: Path, target: Path) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="no space left"):
        nn.save(nn.Bias(3), path)
    assert [(p, p.read_bytes()) for p in tmp_path.iterdir()] == [(path, before)]


class Mine(nn.Identity):
    pass


def several() -> nn.Model:
    constants: Any = [1.0, 2.0]
    return nn.AddConstant(constants)


@pytest.mark.parametrize(
    ("make_model", "sentence"),
    [
        (Mine, "Mine: model should be made of layers of the catalogue, but got a Mine of one's"),
        (lambda: nn.Sequential([nn.ReLU(), Mine()]), "mine1: model should be made of layers"),
        (several, "AddConstant: value should be a number"),
    ],
)
def test_what_no_file_can_hold_is_refused(
    make_model: Callable[[], nn.Model], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(nn.LayerError, match=sentence):
        nn.save(make_model(), tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def file_of(layer: object, tensors: dict[str, Any] | None = None, buffers: str = "[]") -> bytes:
    described = layer if isinstance(layer, str) else json.dumps(layer)
    texts = {"edunn.format": "1", "edunn.layer": described, "edunn.buffers": buffers}
    data = safetensors.numpy.save(tensors or {}, texts)
    assert isinstance(data, bytes)
    return data


def nested(depth: int) -> str:
    around = '{"type": "Sequential", "config": {"layers": ['
    return around * depth + "]}}" * depth


BIAS = {"type": "Bias", "config": {"output_size": 2}}
HUGE = {"type": "Linear", "config": {"input_size": 2**30, "output_size": 2**30}}
HOSTILE = {
    "empty": b"",
    "header of 100 MB": (10**8).to_bytes(8, "little") + b"{}",
    "header longer than the file": (MAX_HEADER_BYTES).to_bytes(8, "little") + b"{}",
    "cut": file_of(BIAS, {"b": np.zeros(2)})[:-1],
    "more behind it": file_of(BIAS, {"b": np.zeros(2)}) + b"x",
    "no model": safetensors.numpy.save({"b": np.zeros(2)}),
    "layer too large for its arrays": file_of(HUGE, {"w": np.zeros(2)}),
    "array missing": file_of(BIAS),
    "array too many": file_of(BIAS, {"b": np.zeros(2), "c": np.zeros(2)}),
    "array of another shape": file_of(BIAS, {"b": np.zeros(3)}),
    "parameter as a buffer": file_of(BIAS, {"b": np.zeros(2)}, '["b"]'),
    "unknown type": file_of({"type": "os.system", "config": {}}),
    "unknown field": file_of({"type": "Bias", "config": {"output_size": 2, "p": 1}}),
    "unknown key": file_of({**BIAS, "python": "import os"}, {"b": np.zeros(2)}),
    "name of no text": file_of({**BIAS, "name": 3}, {"b": np.zeros(2)}),
    "deep": file_of(nested(50)),
    "too deep to build": file_of(nested(200)),
    "too deep to read": file_of(nested(5000)),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_is_refused_before_memory_is_taken(case: str, tmp_path: Path) -> None:
    path = tmp_path / "m"
    path.write_bytes(HOSTILE[case])
    tracemalloc.start()
    try:
        if case == "deep":
            nn.load(path)
        else:
            with pytest.raises(ModelFileError):
                nn.load(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 16 * 2**20
