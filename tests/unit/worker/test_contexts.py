"""A layer's cache survives its way through Redis, whatever is in it."""

from __future__ import annotations

import numpy as np
import pytest

from edunn_serving.internal.v1.state_pb2 import BackwardCharge, Context
from edunn_serving.v1.layer_pb2 import PHASE_TRAINING
from worker.contexts import (
    decode_cache,
    encode_charge,
    encode_context,
    is_evicted,
)

CACHES = [
    {},
    {"x": np.arange(6.0).reshape(2, 3)},
    {"x": np.array(1.5, np.float32), "empty": np.zeros((0, 4))},
    {"mask": np.array([[True, False, True]] * 3), "one": np.array([True])},
    {"index": np.array([[0, 2], [1, 1]], np.int8), "p": 0.5, "n": 3, "yes": True},
    {"not in order": np.arange(6.0).reshape(2, 3).T, "strided": np.arange(10.0)[::3]},
    {
        "large": np.arange(100_000).reshape(2, -1).T % 7 == 0,
        "wide": np.arange(50_000.0)[::-1].reshape(10, -1),
        "narrow": np.arange(50_000, dtype=np.float16),
        "none": np.zeros((0, 100_000)),
    },
    {"nan": np.array([np.nan, np.inf, -0.0])},
]


@pytest.mark.parametrize("cache", CACHES)
def test_cache_is_read_as_it_was_stored(cache: dict[str, object]) -> None:
    data = encode_context(
        cache,  # type: ignore[arg-type]
        parameters_version=3,
        buffers_version=0,
        phase=PHASE_TRAINING,
        request_digest=b"digest",
        output_shape=(2, 3),
        backward=encode_charge(BackwardCharge(work=5)),
    )
    context = Context.FromString(data)
    assert (context.header.parameters_version, tuple(context.output_shape)) == (3, (2, 3))
    assert context.backward.work == 5
    read = decode_cache(context)
    assert read.keys() == cache.keys()
    for name, value in cache.items():
        np.testing.assert_array_equal(read[name], value)
        assert np.asarray(read[name]).dtype == np.asarray(value).dtype


def test_mask_takes_a_bit_a_number() -> None:
    mask = np.ones((64, 64), bool)
    fields = {
        "parameters_version": 1,
        "buffers_version": 0,
        "output_shape": (64, 64),
        "backward": b"",
    }
    sizes = [
        len(encode_context(each, phase=PHASE_TRAINING, request_digest=b"", **fields))  # type: ignore[arg-type]
        for each in ({"mask": mask}, {"mask": mask.view(np.int8)})
    ]
    assert sizes[0] < sizes[1] / 7


def test_context_begins_with_its_header_which_tells_that_it_was_evicted() -> None:
    """The scripts cut it off there: behind a tag and its length in one byte."""
    data = encode_context(
        {"x": np.ones(1000)},
        parameters_version=2**63,
        buffers_version=2**63,
        phase=PHASE_TRAINING,
        request_digest=b"d" * 16,
        output_shape=(2, 3),
        backward=encode_charge(BackwardCharge(work=1)),
    )
    assert data[0] == 1 << 3 | 2
    assert data[1] < 128
    evicted = Context.FromString(data[: 2 + data[1]])
    assert is_evicted(evicted)
    assert not is_evicted(Context.FromString(data))
    assert evicted.header.request_digest == b"d" * 16
