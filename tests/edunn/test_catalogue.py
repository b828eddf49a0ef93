"""The catalogue: descriptions read from the classes, layers built from plain values."""

import numpy as np
import pytest

import edunn as nn


def violations(layer_type, config, **more):
    with pytest.raises(nn.ConfigError) as caught:
        nn.build(layer_type, config, **more)
    return dict(caught.value.violations)


@pytest.mark.parametrize("layer_type", nn.LAYER_TYPES)
def test_every_layer_is_described(layer_type):
    description = nn.describe(layer_type)
    assert description.type == layer_type
    assert description.summary.endswith(".")
    assert all(field.doc for field in description.fields)


def test_a_field_is_described_with_type_default_and_bounds():
    (p,) = nn.describe("Dropout").fields
    assert (p.name, p.type, p.required, p.default) == ("p", "float", False, 0.5)
    assert p.bounds == "0 <= p < 1"


def test_integers_may_arrive_as_floats():
    layer = nn.build("Linear", {"input_size": 4.0, "output_size": 2.0})
    assert layer.get_parameters()["w"].shape == (4, 2)


def test_all_faults_are_reported_at_once_by_their_paths():
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


def test_an_initializer_is_a_name_or_an_object():
    config = {"input_size": 2, "output_size": 2}
    ones = nn.build("Linear", config | {"initializer": "One"})
    fives = nn.build(
        "Linear", config | {"initializer": {"type": "Constant", "config": {"value": 5}}}
    )
    assert np.all(ones.get_parameters()["w"] == 1)
    assert np.all(fives.get_parameters()["w"] == 5)


def test_a_boolean_is_not_a_number():
    assert "p" in violations("Dropout", {"p": True})


def test_an_unknown_layer_type_names_the_near_ones():
    assert "Linear" in violations("Liner", {})["type"]
