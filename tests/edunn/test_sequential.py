"""Sequential: names, phases, frozen layers, caches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import edunn as nn
from edunn.model import ParameterSet, Phase


def network() -> nn.Sequential:
    rng = np.random.default_rng(1)
    layers = [
        {"type": "Linear", "name": "first", "config": {"input_size": 4, "output_size": 3}},
        {"type": "Bias", "config": {"output_size": 3}},
        {"type": "ReLU"},
        {"type": "Dropout", "name": "drop", "config": {"p": 0.5}},
        {"type": "Linear", "config": {"input_size": 3, "output_size": 2}},
    ]
    net = nn.build("Sequential", {"layers": layers}, name="net", rng=rng)
    assert isinstance(net, nn.Sequential)
    return net


def test_parameters_are_named_by_their_layer() -> None:
    assert list(network().get_parameters()) == ["first(w)", "bias1(b)", "linear1(w)"]


def test_gradients_have_the_names_and_shapes_of_the_parameters() -> None:
    net = network()
    y = net.forward(np.ones((5, 4)))
    _, gradients = net.backward(np.ones_like(y))
    shapes = {name: value.shape for name, value in net.get_parameters().items()}
    assert {name: value.shape for name, value in gradients.items()} == shapes


def test_a_frozen_layer_gives_no_gradients() -> None:
    net = network()
    net["first"].frozen = True
    y = net.forward(np.ones((5, 4)))
    assert set(net.backward(np.ones_like(y))[1]) == {"bias1(b)", "linear1(w)"}


def test_set_phase_reaches_every_layer() -> None:
    net = network()
    net.set_phase(Phase.Test)
    assert all(layer.phase is Phase.Test for layer in net)


def test_a_layer_keeps_the_name_it_was_given() -> None:
    layer = nn.Linear(2, 2, name="My layer é")
    nn.Sequential([layer])
    assert layer.name == "My layer é"


def test_two_models_may_use_the_same_names() -> None:
    first = nn.Sequential([nn.Linear(2, 2, name="a"), nn.ReLU()])
    second = nn.Sequential([nn.Linear(2, 2, name="a"), nn.ReLU()])
    assert list(first.get_parameters()) == list(second.get_parameters()) == ["a(w)"]
    assert second[1].name == "relu1"


def test_layers_named_by_other_models_are_named_anew_where_they_clash() -> None:
    a, b = nn.Sequential([nn.ReLU()]), nn.Sequential([nn.ReLU()])
    both = nn.Sequential([*a, *b])
    assert [layer.name for layer in both] == ["relu1", "relu2"]


def test_one_given_name_twice_is_refused() -> None:
    with pytest.raises(nn.ConfigError) as caught:
        nn.Sequential([nn.ReLU(name="a"), nn.ReLU(name="a")])
    assert caught.value.argument == "layers[1].name"


def test_a_fresh_instance_with_the_cache_gives_the_same_backward_to_the_byte() -> None:
    x = np.random.default_rng(2).standard_normal((5, 4))
    first, second = network(), network()
    y = first.forward(x)
    second.set_cache(first.get_cache())
    mine, theirs = first.backward(y), second.backward(y)
    assert mine[0].tobytes() == theirs[0].tobytes()
    assert {k: v.tobytes() for k, v in mine[1].items()} == {
        k: v.tobytes() for k, v in theirs[1].items()
    }


def test_nested_names_nest_the_notation() -> None:
    outer = nn.Sequential([nn.Sequential([nn.Linear(2, 2, name="l")], name="inner")])
    outer.forward(np.ones((1, 2)))
    assert list(outer.get_parameters()) == ["inner(l(w))"]
    assert list(outer.get_cache()) == ["inner(l(x))"]


def test_one_seed_builds_the_same_parameters() -> None:
    first, second = network().get_parameters(), network().get_parameters()
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_backward_before_forward_is_refused() -> None:
    with pytest.raises(nn.NoForwardError):
        network().backward(np.ones((1, 2)))


def test_a_backward_after_a_forward_that_was_refused_is_refused() -> None:
    net = nn.Sequential([nn.ReLU(), nn.Flatten(), nn.Linear(4, 2)])
    net.forward(np.ones((1, 4)))
    with pytest.raises(nn.LayerError):
        net.forward(-np.ones((1, 4, 1, 2)))
    with pytest.raises(nn.NoForwardError):
        net.backward(np.ones((1, 2)))


def test_summary_counts_the_parameters_of_each_layer() -> None:
    lines = network().summary().splitlines()
    assert lines[1].split() == ["first", "Linear", "12"]
    assert lines[-1].split() == ["total", "21"]


def test_summary_does_not_count_what_is_frozen_at_any_depth() -> None:
    inner = nn.Sequential([nn.Dense(2, 2), nn.Linear(2, 2)], name="inner")
    net = nn.Sequential([nn.Linear(2, 3), nn.Linear(3, 2), inner])
    net["linear1"].frozen = inner["linear1"].frozen = True
    counts = [line.split()[-1] for line in net.summary().splitlines()[1:]]
    assert counts == ["frozen", "6", "6", "12"]
    net.frozen = True
    counts = [line.split()[-1] for line in net.summary().splitlines()[1:]]
    assert counts == ["frozen", "frozen", "frozen", "0"]


def test_an_empty_sequence_is_the_identity() -> None:
    net, x = nn.Sequential([]), np.ones((2, 3))
    y = net.forward(x)
    δEδx, δEδp = net.backward(y)
    np.testing.assert_array_equal(y, x)
    np.testing.assert_array_equal(δEδx, x)
    assert δEδp == {}
    assert not np.shares_memory(y, x)
    assert not np.shares_memory(δEδx, y)


def test_one_layer_twice_is_refused() -> None:
    layer = nn.ReLU()
    with pytest.raises(nn.ConfigError, match="again") as caught:
        nn.Sequential([layer, nn.TanH(), layer])
    assert caught.value.argument == "layers[2]"


def test_one_layer_twice_is_refused_also_where_one_of_them_is_further_in() -> None:
    for shared in (nn.ReLU(), nn.Sequential([nn.ReLU()])):
        with pytest.raises(nn.ConfigError, match="again") as caught:
            nn.Sequential([nn.TanH(), shared, nn.Sequential([nn.Sequential([shared])])])
        assert caught.value.argument == "layers[2]"


def test_automatic_names_keep_clear_of_given_ones() -> None:
    net = nn.Sequential([nn.ReLU(), nn.ReLU(name="relu1"), nn.ReLU()])
    assert [layer.name for layer in net] == ["relu2", "relu1", "relu3"]


def test_a_frozen_sequence_gives_no_gradients() -> None:
    net = network()
    net.frozen = True
    y = net.forward(np.ones((5, 4)))
    assert net.backward(np.ones_like(y))[1] == {}


def test_the_source_of_randomness_reaches_every_layer() -> None:
    inner = nn.Sequential([nn.Dropout()])
    net = nn.Sequential([inner])
    net.rng = np.random.default_rng(0)
    assert inner[0].rng is net.rng
    net.rng = None
    assert inner[0].rng is None


def test_a_cache_of_another_network_is_refused() -> None:
    net = nn.Sequential([nn.ReLU(name="a")])
    net.forward(np.ones((1, 2)))
    with pytest.raises(nn.LayerError, match="about its layers") as caught:
        nn.Sequential([nn.ReLU(name="b")]).set_cache(net.get_cache())
    assert caught.value.argument == "cache"


def test_parameters_are_set_by_the_names_they_are_got_by() -> None:
    first, second = network(), network()
    second.set_parameters({name: p + 1 for name, p in first.get_parameters().items()})
    for name, p in second.get_parameters().items():
        np.testing.assert_array_equal(p, first.get_parameters()[name] + 1)


def test_parameters_may_change_their_dtype_inside_too() -> None:
    net = network()
    net.set_parameters({"first(w)": np.ones((4, 3), dtype=np.float32)})
    assert net["first"].get_parameters()["w"].dtype == np.float32


def test_buffers_inside_are_named_and_set_like_parameters() -> None:
    norm = nn.BatchNorm(2, name="bn")
    net = nn.Sequential([norm])
    net.set_buffers({"bn(running_mean)": np.full(2, 3.0)})
    np.testing.assert_array_equal(norm.running_mean, 3)
    assert set(net.get_buffers()) == {"bn(running_mean)", "bn(running_var)"}


def test_the_list_of_layers_may_be_changed() -> None:
    model = nn.Sequential([nn.Linear(3, 2)])
    model.layers.append(nn.Bias(2))
    model.layers[0] = nn.Linear(3, 2, initializer="One", name="ones")
    y = model.forward(np.ones((1, 3)))
    np.testing.assert_array_equal(y, [[3.0, 3.0]])
    assert list(model.get_parameters()) == ["ones(w)", "bias1(b)"]
    assert model["bias1"] is model.layers[1]
    model.layers.append(model.layers[0])
    with pytest.raises(nn.ConfigError, match=r"layers\[2\]"):
        model.forward(np.ones((1, 3)))


def test_what_is_no_layer_cannot_be_put_into_the_list() -> None:
    model = nn.Sequential([])
    name: Any = "relu"
    model.layers.append(name)
    with pytest.raises(nn.ConfigError, match=r"layers\[0\]"):
        model.forward(np.ones((1, 3)))


def test_gradients_of_a_layer_are_merged_under_the_names_of_the_model() -> None:
    layer = nn.Linear(1, 1, name="fc")
    model = nn.Sequential([layer])
    merged: ParameterSet = {}
    model.merge_gradients(layer, {"w": np.ones((1, 1))}, merged)
    assert list(merged) == [model.generate_parameter_name(layer, "w")] == ["fc(w)"]
    layer.frozen = True
    model.merge_gradients(layer, {"v": np.ones((1, 1))}, merged)
    assert list(merged) == ["fc(w)"]
