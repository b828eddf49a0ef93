"""Dropout: what it drops, what it draws, what it keeps for its backward."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import edunn as nn
from edunn.model import Phase


def seeded(p: float = 0.5, seed: int = 7) -> nn.Model:
    layer = nn.Dropout(p=p)
    layer.rng = np.random.default_rng(seed)
    return layer


def test_a_seeded_notebook_gives_the_published_output_and_gradient() -> None:
    np.random.seed(123)
    x = np.random.rand(2, 10)
    layer = nn.Dropout(p=0.5)
    y = layer.forward(x)
    δEδy = np.random.rand(2, 10)
    δEδx, δEδp = layer.backward(δEδy)

    kept = [1.39293837, 0.57227867, 0.45370291, 1.10262954, 1.43893794]
    np.testing.assert_allclose(y[0], [*kept, 0, 0, 0, 0, 0.78423504], rtol=1e-7)
    np.testing.assert_allclose(y[1], [0] * 7 + [0.35090351, 1.06310275, 1.06365517], rtol=1e-7)
    kept = [1.2479059, 0.23123679, 0.63457096, 0.82965242, 1.73261832]
    np.testing.assert_allclose(δEδx[0], [*kept, 0, 0, 0, 0, 1.22578905], rtol=1e-7)
    np.testing.assert_allclose(δEδx[1], [0] * 7 + [1.36260153, 1.75091368, 1.02084467], rtol=1e-7)
    assert δEδp == {}


def test_p_is_the_probability_of_dropping_not_of_keeping() -> None:
    y = seeded(p=0.2).forward(np.ones((100, 100)))
    assert 0.18 < np.mean(y == 0) < 0.22


def test_what_is_kept_is_scaled_by_one_over_one_minus_p() -> None:
    y = seeded(p=0.2).forward(np.ones((10, 10)))
    np.testing.assert_allclose(y[y != 0], 1.25, rtol=1e-15)


def test_p_zero_keeps_everything() -> None:
    x = np.random.default_rng(0).standard_normal((5, 6))
    np.testing.assert_array_equal(seeded(p=0.0).forward(x), x)


def test_backward_reuses_the_mask_of_the_forward() -> None:
    layer = seeded()
    y = layer.forward(np.ones((8, 8)))
    np.testing.assert_array_equal(layer.backward(np.ones((8, 8)))[0], y)


def test_the_test_phase_is_the_identity_forward_and_backward() -> None:
    layer = seeded()
    layer.forward(np.ones((4, 4)))
    layer.set_phase(Phase.Test)
    x = np.arange(16.0).reshape(4, 4)
    np.testing.assert_array_equal(layer.forward(x), x)
    np.testing.assert_array_equal(layer.backward(x + 1)[0], x + 1)


def test_a_test_forward_draws_no_random_numbers() -> None:
    layer = nn.Dropout(p=0.5)
    layer.set_phase(Phase.Test)
    np.random.seed(5)
    layer.forward(np.ones((3, 3)))
    after = np.random.rand()
    np.random.seed(5)
    assert after == np.random.rand()


def test_a_training_forward_draws_one_number_per_element() -> None:
    layer, generator = seeded(seed=3), np.random.default_rng(3)
    layer.forward(np.ones((3, 5), dtype=np.float32))
    generator.random(15)
    assert layer.rng is not None
    assert layer.rng.random() == generator.random()


def test_the_mask_of_a_seed_does_not_depend_on_the_dtype() -> None:
    masks = []
    for dtype in (np.float16, np.float32, np.float64):
        layer = seeded()
        layer.forward(np.ones((6, 7), dtype=dtype))
        masks.append(layer.get_cache()["mask"])
    np.testing.assert_array_equal(masks[0], masks[1])
    np.testing.assert_array_equal(masks[1], masks[2])


def test_the_training_cache_is_the_boolean_mask_alone() -> None:
    layer = seeded()
    layer.forward(np.ones((2, 3)))
    cache = layer.get_cache()
    assert list(cache) == ["mask"]
    assert cache["mask"].dtype == np.bool_


def test_the_test_cache_holds_the_shape_alone() -> None:
    layer = seeded()
    layer.set_phase(Phase.Test)
    layer.forward(np.ones((2, 3)))
    cache = layer.get_cache()
    assert cache.keys() == {"test", "shape"}
    np.testing.assert_array_equal(cache["shape"], [2, 3])


def test_a_dropped_infinity_is_nan_as_in_pytorch() -> None:
    layer = seeded()
    layer.forward(np.ones((1, 4)))
    layer.set_cache({"mask": np.array([[False, True, False, True]])})
    δEδx, _ = layer.backward(np.array([[np.inf, np.inf, -1.0, 1.0]]))
    np.testing.assert_array_equal(δEδx, [[np.nan, np.inf, -0.0, 2.0]])
    assert np.signbit(δEδx[0, 2])


@pytest.mark.parametrize("p", [1, 1.5, -0.1, float("nan"), float("inf"), "0.5", True, None])
def test_p_outside_zero_to_one_is_refused(p: Any) -> None:
    with pytest.raises(nn.ConfigError) as caught:
        nn.Dropout(p=p)
    assert caught.value.argument == "p"
    assert "0 <= p < 1" in caught.value.expected


def test_p_may_be_changed_within_its_bounds() -> None:
    layer = nn.Dropout(p=0.9)
    layer.p = 0
    np.testing.assert_array_equal(layer.forward(np.ones((1, 4))), np.ones((1, 4)))
    layer.p = 0.75
    assert set(np.unique(layer.forward(np.ones((1, 200))))) == {0, 4}
    with pytest.raises(nn.ConfigError, match="0 <= p < 1"):
        layer.p = 1
    assert layer.p == 0.75
