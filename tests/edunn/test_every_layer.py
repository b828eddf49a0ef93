"""What holds of every layer and loss of the catalogue."""

from __future__ import annotations

import copy
import threading
from typing import Any

import numpy as np
import pytest
from examples import ALL, EXAMPLES, LAYERS, LOSSES, Config, gradient, inputs, make, shaped
from hypothesis import given, settings
from hypothesis import strategies as st

import edunn as nn
from edunn.arrays import Array
from edunn.model import ParameterSet, Phase

every_type = pytest.mark.parametrize("kind", ALL)
every_dtype = pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])


def run(
    kind: str, dtype: type[np.floating[Any]] = np.float64
) -> tuple[nn.Model, tuple[Array, ...], Array]:
    """Return a layer after a forward, its inputs and its output."""
    layer, given_inputs = make(kind), inputs(kind, dtype)
    return layer, given_inputs, layer.forward(*given_inputs)


def snapshot(
    result: tuple[Array, ParameterSet],
) -> tuple[bytes, dict[str, bytes]]:
    δEδx, δEδp = result
    return δEδx.tobytes(), {name: value.tobytes() for name, value in δEδp.items()}


def test_every_type_has_an_example() -> None:
    assert set(EXAMPLES) == set(nn.LAYER_TYPES)


@every_type
@every_dtype
def test_dtype_is_kept(kind: str, dtype: type[np.floating[Any]]) -> None:
    layer, given_inputs, y = run(kind, dtype)
    δEδx, _ = layer.backward(gradient(y))
    assert y.dtype == δEδx.dtype == np.dtype(dtype)
    assert δEδx.shape == given_inputs[-1].shape


@every_type
@pytest.mark.parametrize(
    ("dtype", "computed"),
    [(np.float16, np.float32), (np.float32, np.float32), (np.float64, np.float64)],
)
def test_parameter_gradients_have_the_dtype_of_the_computation(
    kind: str, dtype: type[np.floating[Any]], computed: type[Any]
) -> None:
    layer, _, y = run(kind, dtype)
    assert all(g.dtype == computed for g in layer.backward(gradient(y))[1].values())


@every_type
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-4), (np.float16, 2e-2)])
def test_narrow_dtypes_agree_with_float64(
    kind: str, dtype: type[np.floating[Any]], tolerance: float
) -> None:
    layer, _, y = run(kind, dtype)
    wide_layer, _, wide_y = run(kind)
    np.testing.assert_allclose(y, wide_y, rtol=tolerance, atol=tolerance)
    (δEδx, δEδp), (wide_δEδx, wide_δEδp) = (
        layer.backward(gradient(y)),
        wide_layer.backward(gradient(wide_y)),
    )
    np.testing.assert_allclose(δEδx, wide_δEδx, rtol=tolerance, atol=tolerance)
    for name, value in wide_δEδp.items():
        np.testing.assert_allclose(δEδp[name], value, rtol=tolerance, atol=tolerance)


@every_type
def test_the_output_is_not_the_callers_array(kind: str) -> None:
    layer, given_inputs, y = run(kind)
    assert not any(np.shares_memory(y, x) for x in given_inputs)
    δEδy = gradient(y)
    assert not np.shares_memory(layer.backward(δEδy)[0], δEδy)


@every_type
def test_what_the_caller_does_to_its_arrays_does_not_reach_the_backward(kind: str) -> None:
    layer, _, y = run(kind)
    δEδy = gradient(y)
    expected = snapshot(layer.backward(δEδy))
    layer, given_inputs, y = run(kind)
    for array in (*given_inputs, y):
        array[...] = 0
    assert snapshot(layer.backward(δEδy)) == expected


@every_type
def test_writing_to_a_gradient_does_not_change_the_next(kind: str) -> None:
    layer, _, y = run(kind)
    δEδy = gradient(y)
    first = layer.backward(δEδy)
    expected = snapshot(first)
    for array in (first[0], *first[1].values()):
        array[...] = 7
    assert snapshot(layer.backward(δEδy)) == expected


@every_type
def test_the_cache_cannot_be_written_to(kind: str) -> None:
    arrays = [v for v in run(kind)[0].get_cache().values() if isinstance(v, np.ndarray)]
    assert not any(array.flags.writeable for array in arrays)


@every_type
def test_a_cache_put_back_is_not_the_callers_array(kind: str) -> None:
    layer, _, y = run(kind)
    expected = snapshot(layer.backward(gradient(y)))
    cache = copy.deepcopy(layer.get_cache())
    for value in cache.values():
        if isinstance(value, np.ndarray):
            value.flags.writeable = True
    layer.set_cache(cache)
    for value in cache.values():
        if isinstance(value, np.ndarray):
            value[...] = 0
    assert snapshot(layer.backward(gradient(y))) == expected


@every_type
@pytest.mark.parametrize("phase", Phase)
@every_dtype
def test_a_fresh_layer_with_the_cache_gives_the_same_backward_to_the_byte(
    kind: str, phase: Phase, dtype: type[np.floating[Any]]
) -> None:
    layer, fresh = make(kind), make(kind)
    layer.set_phase(phase)
    y = layer.forward(*inputs(kind, dtype))
    # The fresh layer is in the training phase: the cache has to know better.
    fresh.set_cache(layer.get_cache())
    δEδy = gradient(y)
    assert snapshot(fresh.backward(δEδy)) == snapshot(layer.backward(δEδy))


@every_type
def test_a_cache_is_flat_and_plain(kind: str) -> None:
    for name, value in run(kind)[0].get_cache().items():
        assert isinstance(name, str)
        assert isinstance(value, np.ndarray | int | float | bool)
        if isinstance(value, np.ndarray):
            assert value.dtype.kind in "biuf"
            assert value.flags.c_contiguous


@every_type
def test_a_half_precision_cache_is_half_as_wide_as_a_single_one(kind: str) -> None:
    def bytes_of_floats(dtype: type[np.floating[Any]]) -> int:
        cache = run(kind, dtype)[0].get_cache().values()
        # What has one number per channel is too small to matter.
        return sum(v.nbytes for v in cache if getattr(v, "ndim", 0) > 1 and v.dtype.kind == "f")

    assert bytes_of_floats(np.float16) * 2 == bytes_of_floats(np.float32)


@every_type
def test_a_cache_of_something_else_is_refused(kind: str) -> None:
    with pytest.raises(nn.LayerError) as caught:
        make(kind).set_cache({"nonsense": 1})
    assert caught.value.argument == "cache"


@every_type
def test_read_only_inputs_are_taken(kind: str) -> None:
    layer, given_inputs = make(kind), inputs(kind)
    for x in given_inputs:
        x.flags.writeable = False
    y = layer.forward(*given_inputs)
    δEδy = gradient(y)
    δEδy.flags.writeable = False
    layer.backward(δEδy)


@every_type
def test_the_order_of_memory_does_not_matter(kind: str) -> None:
    layer, given_inputs, y = run(kind)
    other = make(kind)
    z = other.forward(*(np.array(x, order="F") for x in given_inputs))
    np.testing.assert_allclose(z, y, rtol=1e-12, atol=1e-14)
    δEδy = gradient(y)
    δEδx, _ = other.backward(np.array(δEδy, order="F"))
    np.testing.assert_allclose(δEδx, layer.backward(δEδy)[0], rtol=1e-12, atol=1e-14)


@every_type
@pytest.mark.parametrize("dtype", [np.complex128, object, "U1"])
def test_what_is_not_numbers_is_refused(kind: str, dtype: Any) -> None:
    layer, given_inputs = make(kind), inputs(kind)
    with pytest.raises(nn.LayerError) as caught:
        layer.forward(*given_inputs[:-1], np.ones(given_inputs[-1].shape).astype(dtype))
    assert caught.value.argument == layer.input_names[-1]


@every_type
def test_the_other_byte_order_is_taken(kind: str) -> None:
    _, given_inputs, y = run(kind)
    swapped = make(kind).forward(*(x.astype(x.dtype.newbyteorder(">")) for x in given_inputs))
    assert swapped.dtype == np.float64
    np.testing.assert_array_equal(swapped, y)


@every_type
def test_lists_of_floats_are_taken(kind: str) -> None:
    _, given_inputs, y = run(kind)
    np.testing.assert_array_equal(make(kind).forward(*(x.tolist() for x in given_inputs)), y)


@every_type
@pytest.mark.parametrize("x", [[[1.0], [2.0, 3.0]], None, "text", object()])
def test_what_is_no_array_is_refused(kind: str, x: Any) -> None:
    layer = make(kind)
    with pytest.raises(nn.LayerError) as caught:
        layer.forward(*inputs(kind)[:-1], x)
    assert caught.value.argument == layer.input_names[-1]


@every_type
def test_a_backward_before_a_forward_is_refused(kind: str) -> None:
    with pytest.raises(nn.NoForwardError) as caught:
        make(kind).backward(np.ones((2, 2)))
    assert caught.value.layer == kind


@every_type
def test_a_cache_before_a_forward_is_refused(kind: str) -> None:
    with pytest.raises(nn.NoForwardError):
        make(kind).get_cache()


@every_type
@pytest.mark.parametrize("phase", Phase)
def test_a_gradient_of_another_shape_is_refused(kind: str, phase: Phase) -> None:
    layer = make(kind)
    layer.set_phase(phase)
    y = layer.forward(*inputs(kind))
    longer = [(*y.shape[:i], y.shape[i] + 1, *y.shape[i + 1 :]) for i in range(y.ndim)]
    for shape in [(*y.shape, 2), (1, *y.shape), *longer]:
        with pytest.raises(nn.LayerError) as caught:
            layer.backward(np.ones(shape))
        assert caught.value.argument == "δEδy"


@every_type
def test_a_frozen_layer_gives_no_parameter_gradients(kind: str) -> None:
    layer, _, y = run(kind)
    free = layer.backward(gradient(y))
    layer.frozen = True
    δEδx, δEδp = layer.backward(gradient(y))
    assert δEδp == {}
    np.testing.assert_array_equal(δEδx, free[0])


@every_type
@pytest.mark.parametrize("phase", ["test", 1, None, True, "Training"])
def test_a_phase_that_is_none_is_refused(kind: str, phase: Any) -> None:
    layer = make(kind)
    with pytest.raises(nn.LayerError) as caught:
        layer.set_phase(phase)
    assert caught.value.argument == "phase"
    assert layer.phase is Phase.Training


@every_type
def test_a_name_is_kept_as_given(kind: str) -> None:
    assert nn.build(kind, EXAMPLES[kind][0], name="Mi capa (1)").name == "Mi capa (1)"


@every_type
def test_parameters_and_buffers_are_as_the_catalogue_says(kind: str) -> None:
    layer, description = make(kind), nn.describe(kind)
    if kind != "Sequential":
        assert list(layer.get_parameters()) == [p.name for p in description.parameters]
        assert list(layer.get_buffers()) == [b.name for b in description.buffers]


@every_type
def test_the_inputs_are_as_the_catalogue_says(kind: str) -> None:
    assert nn.describe(kind).inputs == (("y_true", "y") if kind in LOSSES else ("x",))


@every_type
def test_an_empty_batch_works_or_is_refused_in_words(kind: str) -> None:
    layer, given_inputs = make(kind), inputs(kind)
    try:
        y = layer.forward(*(x[:0] for x in given_inputs))
    except nn.LayerError as error:
        assert error.argument in layer.input_names
    else:
        δEδx, δEδp = layer.backward(gradient(y))
        assert δEδx.shape == given_inputs[-1][:0].shape
        assert all(np.all(np.isfinite(g)) for g in δEδp.values())


@every_type
def test_a_single_number_works_or_is_refused_in_words(kind: str) -> None:
    layer = make(kind)
    try:
        y = layer.forward(*(np.array(0.5) for _ in layer.input_names))
    except nn.LayerError as error:
        assert error.argument in layer.input_names
    else:
        assert isinstance(y, np.ndarray)
        assert not any(isinstance(value, np.generic) for value in layer.get_cache().values())
        assert isinstance(layer.backward(np.array(1.0))[0], np.ndarray)


@pytest.mark.parametrize("kind", LAYERS)
def test_a_batch_is_its_samples_one_by_one(kind: str) -> None:
    layer, (x,) = make(kind), inputs(kind)
    layer.set_phase(Phase.Test)
    alone = [layer.forward(x[i : i + 1]) for i in range(len(x))]
    np.testing.assert_allclose(layer.forward(x), np.concatenate(alone), rtol=1e-12, atol=1e-14)


@every_type
def test_one_seed_gives_one_layer(kind: str) -> None:
    first, second = (
        nn.build(kind, EXAMPLES[kind][0], rng=np.random.default_rng(3)) for _ in range(2)
    )
    y, z = first.forward(*inputs(kind)), second.forward(*inputs(kind))
    assert y.tobytes() == z.tobytes()


@every_type
def test_layers_do_not_disturb_each_other_in_threads(kind: str) -> None:
    expected = run(kind)[2].tobytes()
    results = []

    def work() -> None:
        for _ in range(20):
            layer, _, y = run(kind)
            layer.backward(gradient(y))
            results.append(y.tobytes() == expected)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 80


@pytest.mark.parametrize("kind", LAYERS)
def test_gradients_agree_with_differences(kind: str) -> None:
    # Softmax of one class and the like are constant: they are checked all the same.
    @settings(max_examples=15, deadline=None, derandomize=True)
    @given(shaped(kind), st.integers(0, 2**32 - 1))
    def check(drawn: tuple[Config, tuple[int, ...]], seed: int) -> None:
        config, x_shape = drawn
        rng = np.random.default_rng(seed)
        layer = nn.build(kind, config, rng=rng)
        answer = nn.utils.check_gradient.common_layer(layer, x_shape, tolerance=1e-6, rng=rng)
        # A tiny ReLU or MaxPool input may lie at kinks alone.
        at_kinks = set(answer.problems.values()) == {"most of it lies at kinks"}
        assert answer.passed or at_kinks, str(answer)

    check()


@pytest.mark.parametrize("kind", LAYERS)
def test_float32_agrees_with_float64_on_any_shape(kind: str) -> None:
    @settings(max_examples=25, deadline=None, derandomize=True)
    @given(shaped(kind), st.integers(0, 2**32 - 1))
    def check(drawn: tuple[Config, tuple[int, ...]], seed: int) -> None:
        config, x_shape = drawn
        results = []
        for dtype in (np.float32, np.float64):
            rng = np.random.default_rng(seed)
            layer = nn.build(kind, config, rng=rng)
            # Rounded alike, so that a tie between two values is a tie in both.
            x = rng.standard_normal(x_shape).astype(np.float32).astype(dtype)
            y = layer.forward(x)
            results.append((y, *layer.backward(gradient(y))))
        (y, δEδx, δEδp), (wide_y, wide_δEδx, wide_δEδp) = results
        np.testing.assert_allclose(y, wide_y, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(δEδx, wide_δEδx, rtol=1e-4, atol=1e-4)
        for name, value in wide_δEδp.items():
            np.testing.assert_allclose(δEδp[name], value, rtol=1e-4, atol=1e-4)

    check()
