"""What a worker keeps ready counts as what it takes, whatever it is made of."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from contract import spec

from edunn_serving.internal.v1.state_pb2 import SessionRecord
from edunn_serving.keys import SessionKey
from edunn_serving.v1.layer_pb2 import Layer, LayerSpec
from worker.ready import ReadyLayer, ReadySession, ReadySessions, build_layer

MANY = spec("many", "Sequential", layers=["ReLU"] * 2000)
NESTED = spec("nested", "Sequential", layers=[{"type": "Sequential", "config": {"layers": []}}] * 9)
DENSE = spec("dense", "Dense", input_size=100, output_size=100)


def built(layer: LayerSpec) -> ReadyLayer:
    described = Layer(name=layer.name, type=layer.type, config=layer.config)
    return build_layer(described, generator=np.random.default_rng(0))


@pytest.mark.parametrize("layer", [MANY, NESTED, DENSE], ids=lambda layer: layer.name)
def test_layer_counts_at_least_what_it_takes(layer: LayerSpec) -> None:
    built(layer)
    tracemalloc.start()
    ready = built(layer)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken < ready.size() < 10 * taken + 100_000


def test_record_counts_too() -> None:
    record = SessionRecord(layers=[Layer(name="many", type="Sequential", config=MANY.config)])
    bare = ReadySession("", SessionRecord()).size()
    # A value of a configuration is a message of its own in memory.
    assert ReadySession("", record).size() > bare + 2000 * 100


def test_sessions_of_many_layers_are_given_up_beyond_the_budget() -> None:
    sessions = ReadySessions(5_000_000)
    keys = [SessionKey("", str(number)) for number in range(4)]
    for key in keys:
        session = ReadySession("", SessionRecord())
        session.layers["many"] = built(MANY)
        sessions.keep(key, session)
    assert [sessions.get(key) is not None for key in keys] == [False, False, True, True]
