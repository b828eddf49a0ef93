"""Layers, losses and optimizers against PyTorch itself, on drawn shapes, where it is installed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from examples import LAYERS, Config, gradient, shaped
from hypothesis import given, settings
from hypothesis import strategies as st
from vectors import assert_close

import edunn as nn
from edunn import model_file
from edunn.arrays import Array
from edunn.model import Phase

torch = pytest.importorskip("torch", reason="PyTorch is not installed: its vectors stand for it")
F = torch.nn.functional
# Said once by a PyTorch that is older than the NumPy beside it.
pytestmark = pytest.mark.filterwarnings("ignore:Failed to initialize NumPy")

ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "id": lambda x: x,
    "relu": torch.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softmax": lambda x: F.softmax(x, dim=1),
}
# A test of drawn values, and what drives it.
Test = Callable[..., None]
SEEDS = st.integers(0, 2**32 - 1)


def drawn(*strategies: st.SearchStrategy[Any]) -> Callable[[Test], Test]:
    return lambda check: settings(max_examples=40, deadline=None, derandomize=True)(
        given(*strategies)(check)
    )


def tensor(values: Any, **options: Any) -> Any:
    # By way of lists: some pairs of PyTorch and NumPy share no arrays.
    return torch.tensor(np.asarray(values).tolist(), dtype=torch.float64, **options)


def same(ours: Array, theirs: Any) -> None:
    theirs = np.array(theirs.detach().tolist()).reshape(tuple(theirs.shape))
    assert ours.shape == theirs.shape
    assert_close(ours, theirs)


def dense(layer: Any, x: Any, p: Any) -> Any:
    return ACTIVATIONS[layer.activation_name](x @ p["w"] + p["b"])


def recurrent(layer: Any, x: Any, p: Any) -> Any:
    h, outputs = x.new_zeros(len(x), layer.hidden_dim), []
    for t in range(x.shape[1]):
        h = torch.tanh(x[:, t] @ p["U"].T + h @ p["W"].T)
        outputs.append(h @ p["V"].T)
    return torch.stack(outputs, dim=1)


def normalized(layer: Any, x: Any, p: Any) -> Any:
    mean, var = tensor(layer.running_mean), tensor(layer.running_var)
    training = layer.phase is Phase.Training
    return F.batch_norm(x, mean, var, p["w"], p["b"], training, layer.momentum, layer.eps)


def dropped(layer: Any, x: Any, p: Any) -> Any:
    mask = layer.get_cache().get("mask")
    return x * 1 if mask is None else x * tensor(mask) / (1 - layer.p)


def sequence(layer: Any, x: Any, p: Any) -> Any:
    for name, child in layer.children.items():
        own = {key[len(name) + 1 : -1]: p[key] for key in p if key.startswith(f"{name}(")}
        x = REFERENCES[type(child).__name__](child, x, own)
    return x


#: What PyTorch computes for each layer type, of the layer, its input and its parameters.
REFERENCES: dict[str, Callable[[Any, Any, Any], Any]] = {
    "AddConstant": lambda layer, x, p: x + layer.value,
    "AvgPool2d": lambda layer, x, p: F.avg_pool2d(x, layer.kernel_size, layer.stride),
    "BatchNorm": normalized,
    "Bias": lambda layer, x, p: x + p["b"],
    "Conv2d": lambda layer, x, p: F.conv2d(
        x, p["w"], p.get("b"), stride=layer.stride, padding=layer.padding
    ),
    "Dense": dense,
    "Dropout": dropped,
    "Flatten": lambda layer, x, p: x.reshape(len(x), -1),
    "GELU": lambda layer, x, p: F.gelu(x),
    "Identity": lambda layer, x, p: x * 1,
    "Linear": lambda layer, x, p: x @ p["w"],
    "LinearRegression": dense,
    "LogisticRegression": dense,
    "MaxPool2d": lambda layer, x, p: F.max_pool2d(x, layer.kernel_size, layer.stride),
    "MultiplyConstant": lambda layer, x, p: x * layer.value,
    "RNN": recurrent,
    "ReLU": lambda layer, x, p: torch.relu(x),
    "Sequential": sequence,
    "Sigmoid": lambda layer, x, p: torch.sigmoid(x),
    "Softmax": lambda layer, x, p: F.softmax(x, dim=1),
    "TanH": lambda layer, x, p: torch.tanh(x),
}


def assert_same(layer: nn.Model, x: Array, rng: np.random.Generator) -> None:
    """Compare the outputs and all gradients of a layer, its parameters drawn anew."""
    parameters = {
        name: rng.standard_normal(value.shape) for name, value in layer.get_parameters().items()
    }
    layer.set_parameters(parameters)
    y = layer.forward(x)
    given_x = tensor(x, requires_grad=True)
    p = {name: tensor(value, requires_grad=True) for name, value in parameters.items()}
    reference = REFERENCES[type(layer).__name__](layer, given_x, p)
    same(y, reference)
    δEδy = gradient(y)
    δEδx, δEδp = layer.backward(δEδy)
    reference.backward(tensor(δEδy))
    same(δEδx, given_x.grad)
    assert δEδp.keys() == p.keys()
    for name, value in δEδp.items():
        same(value, p[name].grad)


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("kind", LAYERS)
def test_a_layer_agrees_on_any_shape(kind: str, phase: Phase) -> None:
    @drawn(shaped(kind), SEEDS, st.floats(-2, 2))
    def check(example: tuple[Config, tuple[int, ...]], seed: int, magnitude: float) -> None:
        (config, shape), rng = example, np.random.default_rng(seed)
        # PyTorch has no smoothing.
        layer = nn.build(kind, config if kind != "Softmax" else {}, rng=rng)
        layer.set_phase(phase)
        if kind == "BatchNorm":
            n = (config["num_features"],)
            layer.set_buffers(
                {"running_mean": rng.standard_normal(n), "running_var": rng.uniform(0.1, 3, n)}
            )
        assert_same(layer, rng.standard_normal(shape) * 10**magnitude, rng)

    check()


@drawn(SEEDS)
def test_whole_numbers_tie_in_a_maximum_as_they_do_in_pytorch(seed: int) -> None:
    rng = np.random.default_rng(seed)
    layer = nn.MaxPool2d(
        tuple(rng.integers(1, 5, 2).tolist()), tuple(rng.integers(1, 4, 2).tolist())
    )
    assert_same(layer, np.round(rng.standard_normal((2, 2, 6, 7))), rng)


@pytest.mark.parametrize("kind", ["ReLU", "Sigmoid", "TanH", "GELU"])
def test_extreme_numbers_agree(kind: str) -> None:
    magnitudes = [0.0, 1e-300, 1e-17, 1e-5, 1, 6, 37, 40, 88, 355, 710, 1000, 1e5, 1e308]
    x = np.array([magnitudes, np.negative(magnitudes)])
    assert_same(nn.build(kind, {}), x, np.random.default_rng(0))


@drawn(SEEDS, st.integers(1, 4), st.integers(1, 8), st.integers(0, 8))
def test_a_truncated_error_agrees_with_states_detached_that_many_steps_back(
    seed: int, samples: int, steps: int, reach: int
) -> None:
    rng = np.random.default_rng(seed)
    layer, x = nn.RNN(2, 3, 4, bptt_truncate=reach), rng.standard_normal((samples, steps, 2))
    δEδx, δEδp = layer.backward(δEδy := gradient(layer.forward(x)))
    given_x = tensor(x, requires_grad=True)
    p = {k: tensor(v, requires_grad=True) for k, v in layer.get_parameters().items()}
    states = [torch.zeros(samples, 4, dtype=torch.float64)]
    for t in range(steps):
        states.append(torch.tanh(given_x[:, t] @ p["U"].T + states[-1] @ p["W"].T).detach())
    error = torch.zeros((), dtype=torch.float64)
    for t in range(steps):
        first = max(0, t - reach)
        h = states[first]
        for s in range(first, t + 1):
            h = torch.tanh(given_x[:, s] @ p["U"].T + h @ p["W"].T)
        error = error + (h @ p["V"].T * tensor(δEδy[:, t])).sum()
    error.backward()
    same(δEδx, given_x.grad)
    for name, value in δEδp.items():
        same(value, p[name].grad)


def assert_same_loss(
    loss: nn.Loss,
    y_true: Array,
    y: Array,
    reference: Callable[[Any], Any],
    rng: np.random.Generator,
) -> None:
    E, given_y = loss.forward(y_true, y), tensor(y, requires_grad=True)
    expected = reference(given_y)
    same(E, expected)
    δE = rng.standard_normal(E.shape)
    expected.backward(tensor(δE))
    same(loss.backward(δE)[0], given_y.grad)


SIZES = st.tuples(st.integers(1, 5), st.integers(1, 6), st.integers(1, 6))


@drawn(SEEDS, SIZES)
def test_squared_error_agrees(seed: int, shape: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(seed)
    truth, y = rng.standard_normal(shape), rng.standard_normal(shape)

    def squares(given_y: Any) -> Any:
        return (given_y - tensor(truth)).square().flatten(1).sum(1)

    assert_same_loss(nn.SquaredError(), truth, y, lambda y: squares(y)[:, None], rng)
    assert_same_loss(nn.MeanError(nn.SquaredError()), truth, y, lambda y: squares(y).mean(), rng)


@drawn(SEEDS, SIZES)
def test_cross_entropy_agrees(seed: int, sizes: tuple[int, int, int]) -> None:
    (samples, classes, _), rng = sizes, np.random.default_rng(seed)
    labels = rng.integers(0, classes, samples)
    # Some of them so sure that the others are next to impossible.
    p = rng.dirichlet(np.full(classes, rng.uniform(0.05, 5)), samples) + 1e-290
    index = torch.tensor(labels.tolist())
    assert_same_loss(
        nn.CrossEntropyWithLabels(),
        labels,
        p,
        lambda y: F.nll_loss(y.log(), index, reduction="none")[:, None],
        rng,
    )


@drawn(SEEDS, st.integers(1, 6))
def test_binary_cross_entropy_agrees(seed: int, samples: int) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.choice([0.0, 1.0, rng.uniform()], (samples, 1))
    assert_same_loss(
        nn.BinaryCrossEntropy(),
        truth,
        rng.uniform(1e-6, 1 - 1e-6, (samples, 1)),
        lambda y: F.binary_cross_entropy(y, tensor(truth), reduction="none"),
        rng,
    )


@drawn(SEEDS, st.integers(1, 6))
def test_binary_cross_entropy_has_the_same_error_where_it_is_sure(seed: int, samples: int) -> None:
    """PyTorch's gradient fades below 1e-12. Ours does not, see docs/differences.md."""
    rng = np.random.default_rng(seed)
    truth = rng.choice([0.0, 1.0, rng.uniform()], (samples, 1))
    y = rng.choice([0.0, 1.0, 1e-300, 1e-14], (samples, 1))
    E = nn.BinaryCrossEntropy().forward(truth, y)
    same(E, F.binary_cross_entropy(tensor(y), tensor(truth), reduction="none"))


@drawn(SEEDS, SIZES, st.integers(-1, 5), st.floats(-2, 3))
def test_sequence_cross_entropy_agrees_with_any_padding(
    seed: int, sizes: tuple[int, int, int], pad_index: int, magnitude: float
) -> None:
    (samples, steps, classes), rng = sizes, np.random.default_rng(seed)
    ids = rng.integers(0, classes, (samples, steps))
    if 0 <= pad_index < classes and samples > 1:
        ids[0], ids[1, 0] = pad_index, (pad_index + 1) % classes
    if np.all(ids == pad_index):
        # PyTorch's mean of nothing is NaN, ours is zero.
        return
    index = torch.tensor(ids.ravel().tolist())
    assert_same_loss(
        nn.SequenceCrossEntropyWithLabels(pad_index),
        np.eye(classes)[ids],
        rng.standard_normal(sizes) * 10**magnitude,
        lambda y: F.cross_entropy(y.flatten(0, 1), index, ignore_index=pad_index),
        rng,
    )


class SignDescent(torch.optim.Optimizer):  # type: ignore[misc, name-defined]  # without PyTorch
    """PyTorch has none of its own."""

    def __init__(self, parameters: Any, lr: float, eps: float) -> None:
        super().__init__(parameters, {"lr": lr, "eps": eps})

    def step(self) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                p.data -= group["lr"] * p.grad / (p.grad.square() + group["eps"]).sqrt()


OPTIMIZERS: dict[str, Callable[..., Any]] = {
    "GradientDescent": lambda p, lr, **_: torch.optim.SGD(p, lr=lr),
    "MomentumGD": lambda p, lr, gamma: torch.optim.SGD(p, lr=lr, momentum=gamma),
    "NesterovMomentumGD": lambda p, lr, gamma: torch.optim.SGD(
        p, lr=lr, momentum=gamma, nesterov=True
    ),
    "RMSprop": lambda p, lr, beta, eps: torch.optim.RMSprop(p, lr=lr, alpha=beta, eps=eps),
    "Adam": lambda p, lr, betas, eps: torch.optim.Adam(p, lr=lr, betas=betas, eps=eps),
    "SignGD": lambda p, lr, eps: SignDescent(p, lr=lr, eps=eps),
}
CONFIGS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "GradientDescent": st.fixed_dictionaries({"lr": st.floats(1e-4, 1)}),
    "MomentumGD": st.fixed_dictionaries({"lr": st.floats(1e-4, 1), "gamma": st.floats(0.01, 0.99)}),
    "RMSprop": st.fixed_dictionaries(
        {"lr": st.floats(1e-4, 1), "beta": st.floats(0, 0.999), "eps": st.floats(1e-10, 1e-2)}
    ),
    "Adam": st.fixed_dictionaries(
        {
            "lr": st.floats(1e-4, 1),
            "betas": st.tuples(st.floats(0, 0.99), st.floats(0, 0.9999)),
            "eps": st.floats(1e-10, 1e-2),
        }
    ),
    "SignGD": st.fixed_dictionaries({"lr": st.floats(1e-4, 1), "eps": st.floats(1e-10, 1e-2)}),
}
CONFIGS["NesterovMomentumGD"] = CONFIGS["MomentumGD"]


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_an_optimizer_agrees_after_many_steps(kind: str) -> None:
    @drawn(CONFIGS[kind], SEEDS)
    def check(config: dict[str, Any], seed: int) -> None:
        rng = np.random.default_rng(seed)
        start = rng.standard_normal((3, 2))
        model, optimizer = nn.FakeModel(start.copy(), start), getattr(nn, kind)(1, 1, **config)
        p = tensor(start, requires_grad=True)
        reference = OPTIMIZERS[kind]([p], **config)
        for step in range(60):
            g = rng.standard_normal((3, 2)) * 10 ** rng.uniform(-4, 2)
            g[0, 0] = 0
            optimizer.optimize_batch(model, {"parameter": g}, step // 7, step % 7)
            p.grad = tensor(g)
            reference.step()
        same(model.get_parameters()["parameter"], p)

    check()


def test_the_loader_of_safetensors_reads_a_model_file() -> None:
    load = pytest.importorskip("safetensors.torch").load
    layer = nn.build("Dense", {"input_size": 3, "output_size": 2}, rng=np.random.default_rng(1))
    parameters = {**layer.get_parameters(), "b": np.array([1.5, -2.5], np.float32)}
    described = {"type": "Dense", "config": {"input_size": 3, "output_size": 2}}
    found = load(model_file.encode(model_file.ModelFile(described, parameters)))
    assert found.keys() == parameters.keys()
    for name, array in parameters.items():
        # By way of lists: some pairs of PyTorch and NumPy share no arrays.
        assert found[name].tolist() == array.tolist()
    assert (found["w"].dtype, found["b"].dtype) == (torch.float64, torch.float32)
