"""The catalogue: descriptions read from the classes, layers built from plain values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import edunn as nn
from edunn.fields import check_value, rules


def violations(layer_type: str, config: dict[str, Any], **more: Any) -> dict[str, str]:
    with pytest.raises(nn.ConfigError) as caught:
        nn.build(layer_type, config, **more)
    return dict(caught.value.violations)


@pytest.mark.parametrize("layer_type", nn.LAYER_TYPES)
def test_every_layer_is_described(layer_type: str) -> None:
    description = nn.describe(layer_type)
    assert description.type == layer_type
    assert description.summary.endswith(".")
    assert all(field.doc for field in description.fields)


def test_a_field_is_described_with_type_default_and_bounds() -> None:
    (p,) = nn.describe("Dropout").fields
    assert (p.name, p.type, p.required, p.default) == ("p", "float", False, 0.5)
    assert p.bounds == "0 <= p < 1"


def test_integers_may_arrive_as_floats() -> None:
    layer = nn.build("Linear", {"input_size": 4.0, "output_size": 2.0})
    assert layer.get_parameters()["w"].shape == (4, 2)


def test_all_faults_are_reported_at_once_by_their_paths() -> None:
    layers = [
        {"type": "Dropout", "config": {"p": 1.5, "P": 0.5}},
        {"type": "Dropoot"},
        {"type": "Linear", "config": {"input_size": 4.5}},
    ]
    found = violations("Sequential", {"layers": layers})
    assert set(found) == {
        "layers[0].config.p",
        "layers[0].config.P",
        "layers[1].type",
        "layers[2].config.input_size",
        "layers[2].config.output_size",
    }
    assert "did you mean Dropout" in found["layers[1].type"]


def test_an_initializer_is_a_name_or_an_object() -> None:
    config = {"input_size": 2, "output_size": 2}
    ones = nn.build("Linear", config | {"initializer": "One"})
    fives = nn.build("Linear", config | {"initializer": {"type": "Constant", "config": {"c": 5}}})
    assert np.all(ones.get_parameters()["w"] == 1)
    assert np.all(fives.get_parameters()["w"] == 5)


def test_a_field_may_be_called_by_its_former_name_but_not_by_both() -> None:
    five = {"type": "Constant", "config": {"value": 5}}
    sizes = {"input_dim": 1, "output_dim": 1, "hidden_dim": 1}
    assert nn.build("RNN", sizes | {"initializer": five}).get_parameters()["U"] == 5
    both = {"initializer": five, "kernel_initializer": five}
    assert set(violations("RNN", sizes | both)) == {"initializer"}


def test_a_boolean_is_not_a_number() -> None:
    assert "p" in violations("Dropout", {"p": True})


def test_an_unknown_layer_type_names_the_near_ones() -> None:
    assert "Linear" in violations("Liner", {})["type"]


@pytest.mark.parametrize("size", [2**31, 1e18, -(2**40)])
def test_a_size_that_no_machine_has_is_refused(size: float) -> None:
    assert "input_size" in violations("Linear", {"input_size": size, "output_size": 1})


def test_parameters_that_fit_in_no_memory_are_a_memory_error() -> None:
    for initializer in ("Zero", "XavierUniform", "RandomNormal"):
        config = {"input_size": 2**31 - 1, "output_size": 2**31 - 1, "initializer": initializer}
        with pytest.raises(MemoryError):
            nn.build("Linear", config)


LARGE = {"input_size": 100, "output_size": 100}


@pytest.mark.parametrize(
    ("layer_type", "config", "size"),
    [
        ("Linear", LARGE, 80_000),
        ("Dense", LARGE, 80_800),
        ("Conv2d", {"in_channels": 3, "out_channels": 5, "kernel_size": 2, "bias": True}, 520),
        ("RNN", {"input_dim": 2, "output_dim": 3, "hidden_dim": 4}, 288),
        ("BatchNorm", {"num_features": 7}, 4 * 7 * 8),
        ("Sequential", {"layers": [{"type": "Linear", "config": LARGE}] * 3}, 240_000),
        ("MeanError", {"sample_error": "SquaredError"}, 0),
    ],
)
def test_a_layer_may_be_as_large_as_allowed_and_no_larger(
    layer_type: str, config: dict[str, Any], size: int
) -> None:
    assert nn.build(layer_type, config, max_bytes=size)
    if size:
        with pytest.raises(nn.TooLargeError) as caught:
            nn.build(layer_type, config, max_bytes=size - 1)
        assert (caught.value.needed, caught.value.limit) == (size, size - 1)


def test_a_parameter_that_is_too_large_is_not_drawn() -> None:
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    with pytest.raises(nn.TooLargeError):
        nn.build("Linear", LARGE, rng=rng, max_bytes=79_999)
    assert rng.bit_generator.state == before


def test_nothing_is_drawn_for_a_blank_layer() -> None:
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    dense = {"type": "Dense", "config": {"input_size": 3, "output_size": 2}}
    layers = [dense, {"type": "Dropout"}]
    blank = nn.build("Sequential", {"layers": layers}, rng=rng, blank=True)
    drawn = nn.build("Sequential", {"layers": layers}, rng=np.random.default_rng(0))
    assert rng.bit_generator.state == before
    assert not any(parameter.any() for parameter in blank.get_parameters().values())
    blank.set_parameters(drawn.get_parameters())
    # The layer still draws from its generator as it computes.
    drawn.rng = np.random.default_rng(0)
    x = np.ones((4, 3))
    np.testing.assert_array_equal(blank.forward(x), drawn.forward(x))


def test_what_was_allowed_one_layer_does_not_bind_the_next() -> None:
    with pytest.raises(nn.TooLargeError):
        nn.build("Linear", LARGE, max_bytes=1)
    nn.Linear(100, 100)


def test_images_that_fit_in_no_memory_are_a_memory_error() -> None:
    layer = nn.Conv2d(1, 1, 2, padding=2**31 - 1)
    with pytest.raises(MemoryError):
        layer.forward(np.ones((1, 1, 2, 2)))


@pytest.mark.parametrize(
    ("layer_type", "config", "path"),
    [
        ("Dropout", {"q": 0.5}, "q"),
        ("Linear", {"input_size": 2}, "output_size"),
        ("Linear", {"input_size": 2, "output_size": None}, "output_size"),
        ("Sequential", {"layers": "Dropout"}, "layers"),
        ("Sequential", {"layers": [3]}, "layers[0]"),
        ("Sequential", {"layers": [{}]}, "layers[0].type"),
        ("Sequential", {"layers": [{"type": "ReLU", "nam": "a"}]}, "layers[0].nam"),
        ("Sequential", {"layers": [{"type": "ReLU", "name": 3}]}, "layers[0].name"),
        ("Sequential", {"layers": [{"type": "ReLU", "frozen": 1}]}, "layers[0].frozen"),
        ("Sequential", {"layers": [{"type": "ReLU", "config": 1}]}, "layers[0].config"),
        ("Sequential", {"layers": [{"type": "ReLU", "name": "a(b"}]}, "layers[0].name"),
        ("Sequential", {"layers": ["SquaredError"]}, "layers[0]"),
        ("MeanError", {"sample_error": "ReLU"}, "sample_error"),
        ("MeanError", {"sample_error": "Squared"}, "sample_error"),
        ("MeanError", {"sample_error": {"type": "Squared"}}, "sample_error.type"),
        ("Bias", {"output_size": 2, "initializer": "Xavier"}, "initializer"),
        ("Bias", {"output_size": 2, "initializer": {"type": "X"}}, "initializer.type"),
        ("Bias", {"output_size": 2, "initializer": 3}, "initializer"),
        (
            "Bias",
            {"output_size": 2, "initializer": {"type": "Constant", "config": {"value": "a"}}},
            "initializer.config.value",
        ),
    ],
)
def test_a_fault_is_named_by_its_path(layer_type: str, config: dict[str, Any], path: str) -> None:
    assert list(violations(layer_type, config)) == [path]


def test_a_fault_deep_inside_is_named_by_its_whole_path() -> None:
    inner = {"type": "Sequential", "config": {"layers": [{"type": "ReLU", "name": ""}]}}
    outer = {"layers": ["ReLU", inner]}
    assert list(violations("Sequential", outer)) == ["layers[1].config.layers[0].name"]


def test_a_frozen_layer_is_built_frozen() -> None:
    layers = [{"type": "Linear", "config": {"input_size": 2, "output_size": 2}, "frozen": True}]
    net = nn.build("Sequential", {"layers": layers})
    assert isinstance(net, nn.Sequential)
    assert net[0].frozen


def test_nothing_is_drawn_for_a_configuration_with_faults() -> None:
    rng = np.random.default_rng(0)
    layers = [{"type": "Linear", "config": {"input_size": 2, "output_size": 2}}, "Reluu"]
    violations("Sequential", {"layers": layers}, rng=rng)
    assert rng.random() == np.random.default_rng(0).random()


def test_describing_an_unknown_type_is_refused_with_the_near_ones() -> None:
    with pytest.raises(nn.ConfigError, match="did you mean Dropout") as caught:
        nn.describe("dropout")
    assert caught.value.argument == "type"


def test_every_default_is_one_that_the_field_takes() -> None:
    for layer_type in nn.LAYER_TYPES:
        for field in nn.describe(layer_type).fields:
            if not field.required and field.type != "initializer":
                rule = rules(nn.LAYER_TYPES[layer_type])[field.name]
                checked = check_value(rule, field.default, field.name)
                assert not isinstance(checked, nn.errors.Fault), (layer_type, field.name)
