"""The typed configurations of the clients, and docs/layers.md: as the catalogue is now."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from edunn_client import Client, layers
from edunn_client._layer_config import InitializerConfig, LayerConfig
from suite import CLIENTS

import edunn as nn
from edunn.catalogue import LAYER_TYPES, describe
from edunn.initializers import INITIALIZER_TYPES

ROOT = CLIENTS.parent
PAGE = ROOT / "docs" / "layers.md"


def test_all_that_is_generated_is_fresh(tmp_path: Path) -> None:
    subprocess.run([sys.executable, CLIENTS / "generator", tmp_path], check=True)
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) >= 6
    for path in written:
        kept = ROOT / path.relative_to(tmp_path)
        assert path.read_text() == kept.read_text(), (
            f"{kept.relative_to(ROOT)} is stale: run .venv/bin/python clients/generator"
        )


def test_the_page_has_every_layer_with_its_arguments() -> None:
    page = PAGE.read_text()
    sections = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", page, re.MULTILINE | re.DOTALL))
    optimizers = {"Adam", "GradientDescent", "MomentumGD", "RMSprop"}
    assert sections.keys() >= LAYER_TYPES.keys() | INITIALIZER_TYPES.keys() | optimizers
    for name in LAYER_TYPES:
        described = describe(name)
        for field in described.fields:
            assert f"| `{field.name}` |" in sections[name], name
            assert field.bounds in sections[name], name
        for array in (*described.parameters, *described.buffers):
            assert f"`{array.name}` | `{array.shape}` |" in sections[name], name
        assert "Forward: " in sections[name] and "Backward: " in sections[name], name


# One of each, with every optional argument of a kind somewhere.
EXAMPLES: list[tuple[LayerConfig, dict[str, Any]]] = [
    (layers.Dropout(), {}),
    (layers.Dropout(p=0.0), {"p": 0.0}),
    (
        layers.Conv2d(1, 2, (3, 4), stride=2),
        {
            "in_channels": 1,
            "out_channels": 2,
            "kernel_size": [3, 4],
            "stride": 2,
        },
    ),
    (
        layers.RNN(2, 2, 3, bptt_truncate=4),
        {
            "input_dim": 2,
            "output_dim": 2,
            "hidden_dim": 3,
            "bptt_truncate": 4,
        },
    ),
    (
        layers.MeanError(layers.SquaredError()),
        {
            "sample_error": {"type": "SquaredError", "config": {}},
        },
    ),
    (
        layers.Sequential({"l1": layers.Linear(2, 1, initializer=layers.Constant(0.5))}),
        {
            "layers": [
                {
                    "name": "l1",
                    "type": "Linear",
                    "config": {
                        "input_size": 2,
                        "output_size": 1,
                        "initializer": {"type": "Constant", "config": {"c": 0.5}},
                    },
                }
            ],
        },
    ),
    (layers.Sequential([layers.ReLU()]), {"layers": [{"type": "ReLU", "config": {}}]}),
]


@pytest.mark.parametrize(("typed", "config"), EXAMPLES, ids=lambda value: str(value)[:40])
def test_a_typed_configuration_is_what_the_library_takes(
    typed: LayerConfig, config: dict[str, Any]
) -> None:
    assert typed.config() == config
    assert type(nn.catalogue.build(typed.type, typed.config())) is LAYER_TYPES[typed.type]


def test_python_has_every_layer_and_initializer() -> None:
    for names, base in (
        (LAYER_TYPES, LayerConfig),
        (INITIALIZER_TYPES, InitializerConfig),
    ):
        typed = {
            name
            for name, kind in vars(layers).items()
            if isinstance(kind, type) and issubclass(kind, base) and kind is not base
        }
        assert typed == names.keys()


def test_a_session_takes_typed_configurations(client: Client) -> None:
    with client.session(seed=1) as session:
        net = session.layer(
            "net",
            layers.Sequential(
                {
                    "l1": layers.Linear(2, 1, initializer=layers.Constant(0.5)),
                    "b1": layers.Bias(1, initializer="One"),
                }
            ),
        )
        assert np.array_equal(net.forward([[1.0, 2.0], [3.0, 4.0]]), [[2.5], [4.5]])
        with pytest.raises(TypeError, match="leave out p"):
            session.layer("drop", layers.Dropout(p=0.5), p=0.1)
