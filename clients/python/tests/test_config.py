from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from edunn_client import layers
from edunn_client._config import decode_config, encode_config
from edunn_client._layer_config import LayerConfig


def test_nested_configuration_comes_back_with_its_integers() -> None:
    config: dict[str, Any] = {
        "p": 0.5,
        "layers": [
            {"type": "Linear", "name": "l1", "config": {"input_size": 4, "output_size": 2}},
            {"type": "ReLU"},
        ],
        "bias": True,
        "name": None,
        "kind": "he",
    }
    assert decode_config(encode_config(config)) == config


def test_numpy_values_and_tuples_are_taken() -> None:
    config = {"size": np.int64(3), "p": np.float32(0.5), "kernel": (2, 3), "w": np.eye(2)}
    assert decode_config(encode_config(config)) == {
        "size": 3,
        "p": 0.5,
        "kernel": [2, 3],
        "w": [[1, 0], [0, 1]],
    }


def test_not_a_number_reaches_the_service_which_refuses_it() -> None:
    assert np.isnan(encode_config({"p": float("nan")}).fields["p"].number_value)


def test_what_json_has_not_is_named() -> None:
    with pytest.raises(TypeError, match=r"layers\[0\]\.f cannot be a function"):
        encode_config({"layers": [{"f": lambda x: x}]})


def test_an_integer_that_a_double_would_round_is_refused() -> None:
    with pytest.raises(ValueError, match="size = 9007199254740993"):
        encode_config({"size": 2**53 + 1})


@pytest.mark.parametrize("depth", [11, 2000])
def test_typed_layers_too_deep_within_each_other_are_refused(depth: int) -> None:
    nested: LayerConfig = layers.ReLU()
    for _ in range(depth):
        nested = layers.Sequential([nested])
    with pytest.raises(ValueError, match="at most 10 deep within each other"):
        encode_config(nested.config())
