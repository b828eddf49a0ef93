"""Layers as model files: taken from the service, read by the library, brought back."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from contract import refusal
from edunn_client import Client, EdunnError, InvalidArgumentError
from local_training import add_network, arrays_of, network

import edunn as nn
from edunn import model_file
from edunn.model_file import ModelFile
from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub

X = np.random.default_rng(4).random((5, 64))


def test_a_layer_becomes_a_file_and_the_file_a_layer(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    with client.session(seed=1) as session:
        net = add_network(session)
        net.forward(X)  # the running statistics are no longer the first ones
        arrays, output = arrays_of(net), net.forward(X, phase="test")
        net.save(path)
        # The library reads it by itself,
        file = model_file.decode(path.read_bytes())
        local = nn.build(file.layer["type"], file.layer["config"])
        local.set_parameters(file.parameters)
        local.set_buffers(file.buffers)
        local.set_phase(nn.Phase.Test)
        assert np.array_equal(local.forward(X), output)
        # and the service, as a new layer, in a new session, and in a layer that is there.
        copy = session.load(path, name="copy")
        assert_same_arrays(arrays_of(copy), arrays)
        net.set_parameters({"out(b)": np.ones(10)})
        assert client.load(path, session=session, name="net") is net
        assert_same_arrays(arrays_of(net), arrays)
    loaded = client.load(path)
    assert (loaded.name, loaded.type) == ("model", "Sequential")
    assert np.array_equal(loaded.forward(X, phase="test"), output)
    client.attach(loaded.session_id).delete()
    # The file is there whole, and nothing beside it.
    assert [each.name for each in tmp_path.iterdir()] == ["m.safetensors"]


def assert_same_arrays(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> None:
    assert a.keys() == b.keys()
    assert all(np.array_equal(array, b[name]) for name, array in a.items())


def test_a_file_that_does_not_fit_changes_nothing(client: Client, tmp_path: Path) -> None:
    with client.session(seed=1) as session:
        net = add_network(session)
        net.save(tmp_path / "m.safetensors")
        file = model_file.decode((tmp_path / "m.safetensors").read_bytes())
        before = arrays_of(net)
        wrong: dict[str, dict[str, np.ndarray | None]] = {
            "hidden(w)": {"hidden(w)": np.zeros((64, 33))},
            "out(b)": {"out(b)": None},
            "more": {"more": np.zeros(1)},
        }
        for first, change in wrong.items():
            arrays: dict[str, np.ndarray | None] = {**file.parameters, **change}
            kept = {name: array for name, array in arrays.items() if array is not None}
            data = model_file.encode(ModelFile(file.layer, kept, file.buffers))
            (tmp_path / "wrong.safetensors").write_bytes(data)
            for name in ("net", "new"):
                with pytest.raises(InvalidArgumentError, match=r"shape|missing|no parameter") as no:
                    session.load(tmp_path / "wrong.safetensors", name=name)
                assert no.value.violations[0].field == f"chunk[{first}]"
        assert_same_arrays(arrays_of(net), before)
        assert "new" not in {layer.name for layer in session.refresh().layers}


def test_a_layer_that_the_service_cannot_make_is_refused(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    deep: dict[str, Any] = {"type": "Dropout", "config": {"p": 0.5}}
    for _ in range(300):
        deep = {"type": "Sequential", "config": {"layers": [deep]}}
    layers: list[tuple[str, dict[str, Any]]] = [
        ("LAYER_TYPE_NOT_FOUND", {"type": "Dens", "config": {}}),
        ("INVALID_ARGUMENT", {"type": "Dropout", "config": {"p": 7}}),
        ("INVALID_ARGUMENT", {"type": "Dropout", "config": {"p": 10**400}}),
        ("INVALID_ARGUMENT", deep),
    ]
    with client.session(seed=1) as session:
        for reason, layer in layers:
            path.write_bytes(model_file.encode(ModelFile(layer, {})))
            with pytest.raises(EdunnError) as refused:
                session.load(path)
            assert refused.value.reason == reason
        path.write_bytes(model_file.encode(ModelFile({"type": "Sequential", "config": {
            "layers": network()}}, {})))  # fmt: skip
        with pytest.raises(InvalidArgumentError, match="missing"):
            session.load(path)


def test_a_header_that_lies_is_refused_as_soon_as_its_length_is_there(
    stub: LayerServiceStub, client: Client
) -> None:
    with client.session(seed=1) as session:
        start = api.ImportModelRequest(session_id=session.session_id, layer="new")
        for data in ((2**62).to_bytes(8, "little"), b"{}" * 20, b""):
            chunks = [api.ImportModelRequest(chunk=bytes([byte])) for byte in data]
            refused = refusal(partial(stub.ImportModel, iter([start, *chunks]), timeout=9))
            assert refused.code is grpc.StatusCode.INVALID_ARGUMENT
            assert refused.fields == ["chunk"]
        missing = api.ExportModelRequest(session_id=session.session_id, layer="none")
        refused = refusal(lambda: list(stub.ExportModel(missing, timeout=9)))
        assert refused.reason == "LAYER_NOT_FOUND"
        assert json.dumps([layer.name for layer in session.refresh().layers]) == "[]"
